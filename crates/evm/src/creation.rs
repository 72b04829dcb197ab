//! EIP-7610: a contract is not created at an address that has storage, just as at one that has code or a nonce.
//! revm cannot tell, because its databases do not say whether an account has storage; so the state says it here, and this
//! wrapper around revm's EVM refuses such creations. They need an account that has storage but neither code nor nonce, which
//! only a genesis can make.

use alloy_evm::{eth::EthEvmContext, precompiles::PrecompilesMap};
use primitives::{Address, U256};
use revm::{
    DatabaseRef,
    context::{Evm as RevmEvm, FrameStack},
    context_interface::{ContextTr, JournalTr, context::ContextError, journaled_state::account::JournaledAccountTr},
    handler::{
        EthFrame, EvmTr, FrameInitOrResult, FrameResult, FrameTr, evm::FrameInitResult, instructions::EthInstructions,
    },
    inspector::NoOpInspector,
    interpreter::{
        CreateInputs,
        interpreter::EthInterpreter,
        interpreter_action::{FrameInit, FrameInput},
    },
};

use crate::diff::Origins;

/// The state over which a block is executed.
pub trait BlockState: DatabaseRef {
    /// Whether an account has at least one slot that is not zero.
    fn has_storage(&self, address: Address) -> Result<bool, Self::Error>;
}

impl<S: BlockState> BlockState for &S {
    fn has_storage(&self, address: Address) -> Result<bool, Self::Error> {
        (*self).has_storage(address)
    }
}

type Context<S> = EthEvmContext<Origins<S>>;
type Instructions<S> = EthInstructions<EthInterpreter, Context<S>>;

/// revm's EVM, without a watcher, over a state that is being changed.
pub(crate) type Inner<S> = RevmEvm<Context<S>, NoOpInspector, Instructions<S>, PrecompilesMap, EthFrame>;

/// revm's EVM with EIP-7610.
pub(crate) struct BlockEvm<S: BlockState>(pub(crate) Inner<S>);

type Failure<S> = ContextError<<S as DatabaseRef>::Error>;

impl<S: BlockState> BlockEvm<S> {
    /// The account that this creation would make, if it would get that far and finds storage there.
    fn occupied(&mut self, creation: &CreateInputs, depth: usize) -> Result<Option<Address>, Failure<S>> {
        let caller = self.0.ctx.journal_mut().load_account(creation.caller()).map_err(ContextError::Db)?;
        let (nonce, balance): (u64, U256) = (caller.info.nonce, caller.info.balance);
        let address = creation.created_address(nonce);
        let journal = &self.0.ctx.journaled_state;
        let begun_here = journal.inner.state.get(&address).is_some_and(revm::state::Account::is_created);
        if begun_here || !journal.database.has_storage(address).map_err(ContextError::Db)? {
            return Ok(None);
        }
        let refused_anyway = depth > CALL_DEPTH_MAX || balance < creation.value() || nonce == u64::MAX;
        Ok((!refused_anyway).then_some(address))
    }

    /// Lends the account a nonce while revm looks whether its address is taken.
    fn set_nonce(&mut self, address: Address, nonce: u64) -> Result<u64, Failure<S>> {
        let mut account = self.0.ctx.journal_mut().load_account_mut(address).map_err(ContextError::Db)?;
        let before = account.data.nonce();
        account.data.unsafe_set_nonce(nonce);
        Ok(before)
    }
}

/// Frames may be nested this deep (Yellow Paper, section 8).
const CALL_DEPTH_MAX: usize = 1024;

impl<S: BlockState> EvmTr for BlockEvm<S> {
    type Context = Context<S>;
    type Instructions = Instructions<S>;
    type Precompiles = PrecompilesMap;
    type Frame = EthFrame;

    fn all(&self) -> (&Self::Context, &Self::Instructions, &Self::Precompiles, &FrameStack<Self::Frame>) {
        self.0.all()
    }

    fn all_mut(
        &mut self,
    ) -> (&mut Self::Context, &mut Self::Instructions, &mut Self::Precompiles, &mut FrameStack<Self::Frame>) {
        self.0.all_mut()
    }

    fn frame_init(&mut self, init: FrameInit) -> Result<FrameInitResult<'_, Self::Frame>, Failure<S>> {
        let FrameInput::Create(creation) = &init.frame_input else { return self.0.frame_init(init) };
        let Some(address) = self.occupied(creation, init.depth)? else { return self.0.frame_init(init) };
        let nonce = self.set_nonce(address, 1)?;
        let refused = match self.0.frame_init(init)? {
            revm::handler::ItemOrResult::Result(refused) => refused,
            revm::handler::ItemOrResult::Item(_) => {
                return Err(ContextError::Custom(format!("a contract was created over {address}, which has a nonce")));
            }
        };
        self.set_nonce(address, nonce)?;
        Ok(revm::handler::ItemOrResult::Result(refused))
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<Self::Frame>, Failure<S>> {
        self.0.frame_run()
    }

    fn frame_return_result(
        &mut self,
        result: <Self::Frame as FrameTr>::FrameResult,
    ) -> Result<Option<FrameResult>, Failure<S>> {
        self.0.frame_return_result(result)
    }
}
