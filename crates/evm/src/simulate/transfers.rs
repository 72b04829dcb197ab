//! Transfers of ether as logs, in the place among the real logs where they happened: an ERC-20 `Transfer` event that no contract
//! emits, from the address that ERC-7528 sets aside for ether. Only for `traceTransfers`; receipts never contain them.

use alloy_primitives::{Address, B256, Log, LogData, U256, address, b256};
use revm::{
    Inspector,
    context::{ContextTr, JournalTr},
    context_interface::journaled_state::account::JournaledAccountTr,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome},
};

/// ERC-7528's address of ether.
const ETHER: Address = address!("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
/// keccak of `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// Collects logs and transfers; those of a frame that fails are dropped with it.
#[derive(Debug, Default)]
pub(super) struct TransferLogs {
    /// One list for each open frame.
    frames: Vec<Vec<Log>>,
    /// What the outermost frame left behind.
    finished: Vec<Log>,
}

impl TransferLogs {
    /// The logs of the transaction just executed.
    pub(super) fn take(&mut self) -> Vec<Log> {
        self.frames.clear();
        std::mem::take(&mut self.finished)
    }

    fn record(&mut self, log: Log) {
        if let Some(frame) = self.frames.last_mut() {
            frame.push(log);
        }
    }

    fn transfer(&mut self, from: Address, to: Address, value: U256) {
        if value.is_zero() {
            return;
        }
        let topics = vec![TRANSFER, from.into_word(), to.into_word()];
        let data = value.to_be_bytes::<32>().into();
        self.record(Log { address: ETHER, data: LogData::new_unchecked(topics, data) });
    }

    fn close(&mut self, succeeded: bool) {
        let logs = self.frames.pop().filter(|_| succeeded).unwrap_or_default();
        self.frames.last_mut().unwrap_or(&mut self.finished).extend(logs);
    }
}

impl<CTX: ContextTr> Inspector<CTX> for TransferLogs {
    fn call(&mut self, _context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.frames.push(Vec::new());
        if inputs.scheme.is_call() {
            self.transfer(inputs.transfer_from(), inputs.transfer_to(), inputs.transfer_value().unwrap_or_default());
        }
        None
    }

    fn call_end(&mut self, _context: &mut CTX, _inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.close(outcome.result.result.is_ok());
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.frames.push(Vec::new());
        // The creator's nonce is still the one that the new address is made from.
        let nonce = context.journal_mut().load_account_mut(inputs.caller()).ok()?.data.nonce();
        self.transfer(inputs.caller(), inputs.created_address(nonce), inputs.value());
        None
    }

    fn create_end(&mut self, _context: &mut CTX, _inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.close(outcome.result.result.is_ok());
    }

    fn log(&mut self, _context: &mut CTX, log: Log) {
        self.record(log);
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.transfer(contract, target, value);
    }
}
