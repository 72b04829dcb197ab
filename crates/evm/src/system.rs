//! What the protocol itself does around the transactions of a block: at the first block of an epoch it brings a scheduled
//! version into force (DESIGN section 5), at the first block of a recovery it takes out the members that are gone; then come the calls to system contracts: parent hash (EIP-2935) and beacon root
//! (EIP-4788) before them, withdrawal (EIP-7002) and consolidation (EIP-7251) requests after them. After the last block of an
//! epoch, `admission` fixes the committee of the next one.
//! None of these contracts is in the default genesis, but their deployments are ordinary transactions that anyone may send.
//! So each is called from the block after its code appears; until then there is nothing to call (DESIGN section 5).

use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS,
    eip4788::BEACON_ROOTS_ADDRESS,
    eip7002::{WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, WITHDRAWAL_REQUEST_TYPE},
    eip7251::{CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_TYPE},
    eip7685::Requests,
};
use alloy_primitives::{Address, B256, Bytes};
use primitives::{Fork, Header, Rules};

use crate::{
    creation::BlockState,
    execution::{Execution, TransactError},
};

/// Why the calls after the transactions make the block impossible.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SystemError {
    #[error(transparent)]
    Transact(#[from] TransactError),
    #[error("system contract {contract} failed")]
    Failed { contract: Address },
}

/// What comes before the first transaction. The called contracts' failures change nothing and are no error (both EIPs).
pub(crate) fn before_transactions<D: BlockState>(
    execution: &mut Execution<D>,
    rules: &Rules,
    header: &Header,
) -> Result<(), TransactError> {
    if rules.begins_epoch(header.number) {
        execution.begin_epoch(rules.version_by_genesis(rules.epoch_of(header.number)))?;
    }
    if let Some(recovery) = rules.recovery_of(header.number).filter(|recovery| recovery.first() == header.number) {
        execution.recover(&recovery.removed)?;
    }
    let beacon_root = header.parent_beacon_block_root.unwrap_or_default();
    store_hash(execution, BEACON_ROOTS_ADDRESS, beacon_root)?;
    if rules.fork >= Fork::Prague {
        store_hash(execution, HISTORY_STORAGE_ADDRESS, header.parent_hash)?;
    }
    Ok(())
}

/// What comes after the last transaction: the requests that system contracts answer, none where there is no contract, and the
/// end of the epoch.
pub(crate) fn after_transactions<D: BlockState>(
    execution: &mut Execution<D>,
    rules: &Rules,
    header: &Header,
) -> Result<Requests, SystemError> {
    let mut requests = Requests::default();
    if rules.fork >= Fork::Prague {
        for (ty, contract) in REQUEST_CONTRACTS {
            let data = dequeue(execution, contract)?;
            if !data.is_empty() {
                requests.push_request_with_type(ty, data);
            }
        }
    }
    if rules.begins_epoch(header.number.saturating_add(1)) {
        execution.end_epoch()?;
    }
    Ok(requests)
}

/// `extraData` of the block: the parent's, and after the last block of an epoch the hash of the committee that was just fixed.
/// Until `admission` opens, committee 0 decides in every epoch.
pub(crate) fn extra_data<D: BlockState>(
    execution: &mut Execution<D>,
    rules: &Rules,
    frame: &Header,
) -> Result<Bytes, SystemError> {
    if !rules.begins_epoch(frame.number.saturating_add(1)) {
        return Ok(frame.extra_data.clone());
    }
    let next = execution.next_committee()?;
    Ok(next.as_ref().unwrap_or(&rules.committee).hash().into())
}

const REQUEST_CONTRACTS: [(u8, Address); 2] = [
    (WITHDRAWAL_REQUEST_TYPE, WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
    (CONSOLIDATION_REQUEST_TYPE, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
];

fn store_hash<D: BlockState>(execution: &mut Execution<D>, contract: Address, hash: B256) -> Result<(), TransactError> {
    if execution.has_code(contract)? {
        execution.system_call(contract, hash.into())?;
    }
    Ok(())
}

fn dequeue<D: BlockState>(execution: &mut Execution<D>, contract: Address) -> Result<Bytes, SystemError> {
    if !execution.has_code(contract)? {
        return Ok(Bytes::new());
    }
    let result = execution.system_call(contract, Bytes::new())?;
    if !result.is_success() {
        return Err(SystemError::Failed { contract });
    }
    Ok(result.into_output().unwrap_or_default())
}
