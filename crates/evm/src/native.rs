//! Native contracts inside the EVM: a lookup by address prefix beside the precompiles, and the [`Host`] over revm's journal.
//! Set up in the one place where EVMs are built (`env`), so blocks, calls, estimates, access lists, simulations and traces agree.
//!
//! ```text
//! CALL -> PrecompilesMap: no precompile, reserved prefix -> registry::run over JournalHost -> answer, revert or halt
//! ```
//! Prices are those of the fork's opcodes (EIP-2929, 2200, 3529), taken before what they pay for; revm's frame undoes what a call
//! that does not succeed has changed. Only a state that cannot be read is an error of the host.

use std::sync::{Arc, LazyLock};

use alloy_evm::{
    EvmInternals,
    precompiles::{DynPrecompile, PrecompileInput, PrecompilesMap},
};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, keccak256};
use contracts::{
    Call, CodeKind, Host, Res, Stop,
    host::NATIVE_CODE,
    registry::{self, is_reserved},
    signature,
};
use primitives::{Founding, NodeId, Rules};
use revm::{
    Database,
    bytecode::Bytecode,
    context_interface::{
        cfg::GasParams,
        journaled_state::{JournalLoadError, account::JournaledAccountTr},
    },
    precompile::{
        PrecompileError, PrecompileHalt, PrecompileId, PrecompileOutput, PrecompileResult, secp256k1::ec_recover_run,
    },
    primitives::KECCAK_EMPTY,
};

#[cfg(test)]
mod tests;

/// What native contracts know of the chain's rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Blocks in an epoch; 0 = there are no epochs.
    pub epoch_blocks: u64,
    /// The key of committee 0's only member.
    pub sole_member: Option<NodeId>,
    /// What genesis says of its members.
    pub founding: Arc<Founding>,
}

impl Terms {
    /// Those of a chain.
    pub fn of(rules: &Rules) -> Self {
        let founding = Arc::clone(&rules.founding);
        Self { epoch_blocks: rules.epoch_blocks, sole_member: rules.sole_member(), founding }
    }
}

/// Terms and prices of one EVM.
#[derive(Clone, Debug)]
pub(crate) struct Natives {
    terms: Terms,
    prices: GasParams,
}

impl Natives {
    pub(crate) const fn new(terms: Terms, prices: GasParams) -> Self {
        Self { terms, prices }
    }

    /// Lets the precompiles answer at reserved addresses. Elsewhere this costs the comparison of a prefix.
    pub(crate) fn plug_into(self, precompiles: &mut PrecompilesMap) {
        precompiles.set_precompile_lookup(move |address: &Address| is_reserved(*address).then(|| self.precompile()));
    }

    fn precompile(&self) -> DynPrecompile {
        let natives = self.clone();
        DynPrecompile::new_stateful(PrecompileId::Custom("native".into()), move |input| natives.run(input))
    }

    fn run(&self, input: PrecompileInput<'_>) -> PrecompileResult {
        let call = Call {
            target: input.target_address,
            code: input.bytecode_address,
            caller: input.caller,
            value: input.value,
            is_static: input.is_static,
            data: input.data,
        };
        let mut host = JournalHost {
            internals: input.internals,
            natives: self,
            gas: Gas { left: input.gas, refunded: 0 },
            loaded: Some(call.code),
            is_static: call.is_static,
        };
        let answer = registry::run(&mut host, &call);
        let used = input.gas.saturating_sub(host.gas.left);
        output(answer, used, host.gas.refunded, input.reservoir)
    }
}

fn output(answer: Res<Option<Bytes>>, used: u64, refunded: i64, reservoir: u64) -> PrecompileResult {
    Ok(match answer {
        Ok(bytes) => PrecompileOutput {
            gas_refunded: refunded,
            ..PrecompileOutput::new(used, bytes.unwrap_or_default(), reservoir)
        },
        Err(Stop::Revert(error)) => PrecompileOutput::revert(used, error, reservoir),
        Err(Stop::OutOfGas) => PrecompileOutput::halt(PrecompileHalt::OutOfGas, reservoir),
        Err(Stop::StaticWrite) => {
            PrecompileOutput::halt(PrecompileHalt::other_static("write in a static call"), reservoir)
        }
        Err(Stop::Database(message)) => return Err(PrecompileError::Fatal(message)),
    })
}

#[derive(Clone, Copy, Debug)]
struct Gas {
    left: u64,
    refunded: i64,
}

/// The world around a native contract, in revm's journal.
pub(crate) struct JournalHost<'a> {
    internals: EvmInternals<'a>,
    natives: &'a Natives,
    gas: Gas,
    /// The contract that is called: the EVM has loaded it, and the call has paid for that.
    loaded: Option<Address>,
    is_static: bool,
}

impl<'a> JournalHost<'a> {
    /// The protocol's own hand: nobody calls, nobody pays.
    pub(crate) const fn unpaid(internals: EvmInternals<'a>, natives: &'a Natives) -> Self {
        let gas = Gas { left: u64::MAX, refunded: 0 };
        Self { internals, natives, gas, loaded: None, is_static: false }
    }

    fn load(&mut self, account: Address) -> Res<Box<dyn JournaledAccountTr + '_>> {
        Ok(self.internals.load_account_mut(account).map_err(database)?.data)
    }

    /// Loads an account for the price of touching another one (EIP-2929): nothing once it is warm.
    fn warm(&mut self, account: Address) -> Res<()> {
        if self.loaded == Some(account) {
            return Ok(());
        }
        let price = self.natives.prices.cold_account_additional_cost();
        let skip = self.gas.left < price;
        let is_cold = self.internals.load_account_mut_skip_cold_load(account, skip).map_err(not_loaded)?.is_cold;
        if is_cold { self.charge(price) } else { Ok(()) }
    }

    fn check_write(&self) -> Res<()> {
        if self.is_static { Err(Stop::StaticWrite) } else { Ok(()) }
    }
}

impl Host for JournalHost<'_> {
    fn charge(&mut self, gas: u64) -> Res<()> {
        self.gas.left = self.gas.left.checked_sub(gas).ok_or(Stop::OutOfGas)?;
        Ok(())
    }

    fn sload(&mut self, account: Address, slot: U256) -> Res<U256> {
        self.charge(self.natives.prices.warm_storage_read_cost())?;
        self.warm(account)?;
        let price = self.natives.prices.cold_storage_additional_cost();
        let skip = self.gas.left < price;
        let (value, is_cold) = {
            let mut account = self.load(account)?;
            let slot = account.sload(slot, skip).map_err(not_loaded)?;
            (slot.data.present_value(), slot.is_cold)
        };
        if is_cold {
            self.charge(price)?;
        }
        Ok(value)
    }

    fn sstore(&mut self, account: Address, slot: U256, value: U256) -> Res<()> {
        self.check_write()?;
        // EIP-2200: not with what a transfer of ether leaves to its receiver.
        if self.gas.left <= self.natives.prices.call_stipend() {
            return Err(Stop::OutOfGas);
        }
        self.charge(self.natives.prices.sstore_static_gas())?;
        self.warm(account)?;
        let skip = self.gas.left < self.natives.prices.cold_storage_cost();
        let (change, is_cold) = {
            let mut account = self.load(account)?;
            let stored = account.sstore(slot, value, skip).map_err(not_loaded)?;
            (stored.data, stored.is_cold)
        };
        self.charge(self.natives.prices.sstore_dynamic_gas(true, &change, is_cold))?;
        self.gas.refunded = self.gas.refunded.saturating_add(self.natives.prices.sstore_refund(true, &change));
        Ok(())
    }

    fn emit(&mut self, account: Address, log: LogData) -> Res<()> {
        self.check_write()?;
        let topics = u8::try_from(log.topics().len()).unwrap_or(u8::MAX);
        let bytes = u64::try_from(log.data.len()).unwrap_or(u64::MAX);
        self.charge(LOG_GAS.saturating_add(self.natives.prices.log_cost(topics, bytes)))?;
        self.internals.log(Log { address: account, data: log });
        Ok(())
    }

    fn keccak256(&mut self, bytes: &[u8]) -> Res<B256> {
        self.charge(KECCAK_GAS.saturating_add(self.natives.prices.keccak256_cost(bytes.len())))?;
        Ok(keccak256(bytes))
    }

    fn recover(&mut self, digest: B256, v: u8, r: B256, s: B256) -> Res<Option<Address>> {
        self.charge(RECOVER_GAS)?;
        let v = B256::with_last_byte(v);
        let recovered = ec_recover_run(&[digest, v, r, s].concat(), RECOVER_GAS);
        // The gas is enough, and what is no signature is answered with nothing.
        let word = recovered.map(|output| output.bytes).unwrap_or_default();
        Ok(B256::try_from(word.as_ref()).ok().map(Address::from_word))
    }

    fn verify_ed25519(&mut self, key: B256, message: &[u8], signature: &[u8; 64]) -> Res<bool> {
        let words = u64::try_from(message.len().div_ceil(32)).unwrap_or(u64::MAX);
        self.charge(ED25519_GAS.saturating_add(words.saturating_mul(SHA512_WORD_GAS)))?;
        Ok(signature::ed25519_is_valid(key, message, signature))
    }

    fn verify_p256(&mut self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> Res<bool> {
        let words = u64::try_from(message.len().div_ceil(32)).unwrap_or(u64::MAX);
        self.charge(P256_GAS.saturating_add(SHA256_GAS).saturating_add(words.saturating_mul(SHA256_WORD_GAS)))?;
        Ok(signature::p256_is_valid(key, message, signature))
    }

    fn sha256(&mut self, bytes: &[u8]) -> Res<B256> {
        let words = u64::try_from(bytes.len().div_ceil(32)).unwrap_or(u64::MAX);
        self.charge(SHA256_GAS.saturating_add(words.saturating_mul(SHA256_WORD_GAS)))?;
        Ok(signature::sha256(bytes))
    }

    fn block_hash(&mut self, number: u64) -> Res<Option<B256>> {
        self.charge(BLOCK_HASH_GAS)?;
        let age = self.number().saturating_sub(number);
        if !(1..=BLOCK_HASH_HISTORY).contains(&age) {
            return Ok(None);
        }
        self.internals.db_mut().block_hash(number).map(Some).map_err(database)
    }

    fn code_kind(&mut self, account: Address) -> Res<CodeKind> {
        if self.loaded != Some(account) {
            self.charge(self.natives.prices.warm_storage_read_cost())?;
            self.warm(account)?;
        }
        let mut account = self.load(account)?;
        let hash = *account.code_hash();
        if hash == KECCAK_EMPTY || hash.is_zero() {
            return Ok(CodeKind::None);
        }
        if hash == NATIVE.0 {
            return Ok(CodeKind::Native);
        }
        let code = account.load_code().map_err(not_loaded)?;
        Ok(if code.is_eip7702() { CodeKind::Delegation } else { CodeKind::Bytecode })
    }

    fn create_native(&mut self, account: Address) -> Res<()> {
        self.check_write()?;
        let prices = &self.natives.prices;
        self.charge(prices.create_cost().saturating_add(prices.code_deposit_cost(NATIVE_CODE.len())))?;
        self.warm(account)?;
        let mut account = self.load(account)?;
        account.set_code(NATIVE.0, NATIVE.1.clone());
        // As every contract since EIP-161.
        account.set_nonce(1);
        Ok(())
    }

    fn number(&self) -> u64 {
        self.internals.block_number().saturating_to()
    }

    fn now(&self) -> u64 {
        self.internals.block_timestamp().saturating_to()
    }

    fn chain_id(&self) -> u64 {
        self.internals.chain_id()
    }

    fn epoch(&self) -> u64 {
        self.number().checked_div(self.natives.terms.epoch_blocks).unwrap_or_default()
    }

    fn founding(&self) -> Arc<Founding> {
        Arc::clone(&self.natives.terms.founding)
    }

    fn sole_member(&self) -> Option<B256> {
        self.natives.terms.sole_member
    }
}

/// Prices that revm keeps in its instruction table: LOG0 and KECCAK256 (Yellow Paper, appendix G).
const LOG_GAS: u64 = 375;
const KECCAK_GAS: u64 = 30;
/// The precompile ECRECOVER.
const RECOVER_GAS: u64 = 3_000;
/// No fork has a price for ed25519. It takes two thirds of a recovery's time; SHA-512 is priced as the precompile SHA-256.
const ED25519_GAS: u64 = 2_000;
const SHA512_WORD_GAS: u64 = 12;
/// The precompiles P256VERIFY (EIP-7951) and SHA-256.
const P256_GAS: u64 = 6_900;
const SHA256_GAS: u64 = 60;
const SHA256_WORD_GAS: u64 = 12;
/// The opcode BLOCKHASH and how far it sees.
const BLOCK_HASH_GAS: u64 = 20;
const BLOCK_HASH_HISTORY: u64 = 256;

/// Hash and bytecode of a native contract's code.
static NATIVE: LazyLock<(B256, Bytecode)> =
    LazyLock::new(|| (keccak256(NATIVE_CODE), Bytecode::new_legacy(Bytes::from_static(&NATIVE_CODE))));

fn database(error: impl std::fmt::Display) -> Stop {
    Stop::Database(error.to_string())
}

fn not_loaded<E: std::fmt::Display>(error: JournalLoadError<E>) -> Stop {
    match error {
        JournalLoadError::ColdLoadSkipped => Stop::OutOfGas,
        JournalLoadError::DBError(error) => database(error),
    }
}
