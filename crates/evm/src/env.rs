//! From a header and the chain's rules to what revm wants to know: configuration, block environment and an EVM over a database.
//! Called by `execute_block` for real blocks and by the read-only side (calls, estimates, traces), so that both agree on every rule.
//! The rules are DESIGN section 5 and the EIPs of the fork; limits that depend on the fork are revm's.

use alloy_eips::eip7840::BlobParams;
use alloy_evm::{
    Database, EthEvm, Evm as _, EvmEnv, FromRecoveredTx,
    eth::{EthEvmBuilder, EthEvmContext},
    precompiles::PrecompilesMap,
};
use primitives::{Fork, Header, Recovered, Rules, Tx, U256};
use revm::{
    Inspector,
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
    inspector::NoOpInspector,
    primitives::hardfork::SpecId,
};

use crate::native::{Natives, Terms};

/// An EVM over database `DB` with inspector `I`; its precompiles can be extended.
pub type Evm<DB, I = NoOpInspector> = EthEvm<DB, I, PrecompilesMap>;

/// revm's name of a fork.
pub const fn spec_id(fork: Fork) -> SpecId {
    match fork {
        Fork::Cancun => SpecId::CANCUN,
        Fork::Prague => SpecId::PRAGUE,
        Fork::Osaka => SpecId::OSAKA,
    }
}

/// Configuration: fork, chain id, the transaction gas cap of EIP-7825 from Osaka on, blob limits of the fork.
pub fn cfg_env(rules: &Rules) -> CfgEnv {
    let blobs = blob_params(rules.fork);
    let mut cfg = CfgEnv::new_with_spec(spec_id(rules.fork)).with_chain_id(rules.chain_id);
    cfg.set_max_blobs_per_tx(blobs.max_blobs_per_tx);
    cfg.blob_base_fee_update_fraction = u64::try_from(blobs.update_fraction).ok();
    cfg
}

/// What the opcodes see of the block that `header` begins.
pub fn block_env(rules: &Rules, header: &Header) -> BlockEnv {
    let excess_blob_gas = header.excess_blob_gas.unwrap_or_default();
    BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty: U256::ZERO,
        prevrandao: Some(header.mix_hash),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
            excess_blob_gas,
            blob_gasprice: blob_params(rules.fork).calc_blob_fee(excess_blob_gas),
        }),
        slot_num: 0,
    }
}

/// Configuration and block environment together.
pub fn evm_env(rules: &Rules, header: &Header) -> EvmEnv {
    EvmEnv::new(cfg_env(rules), block_env(rules, header))
}

/// An EVM that nobody watches.
pub fn evm<DB: Database>(db: DB, env: EvmEnv, terms: Terms) -> Evm<DB> {
    evm_with(EthEvmBuilder::new(db, env.clone()), &env, terms)
}

/// An EVM whose steps go to `inspector`.
pub fn evm_with_inspector<DB: Database, I: Inspector<EthEvmContext<DB>>>(
    db: DB,
    env: EvmEnv,
    terms: Terms,
    inspector: I,
) -> Evm<DB, I> {
    evm_with(EthEvmBuilder::new(db, env.clone()).activate_inspector(inspector), &env, terms)
}

fn evm_with<DB: Database, I: Inspector<EthEvmContext<DB>>>(
    builder: EthEvmBuilder<DB, I>,
    env: &EvmEnv,
    terms: Terms,
) -> Evm<DB, I> {
    let mut evm = builder.build();
    natives(terms, env).plug_into(evm.components_mut().2);
    evm
}

/// The native contracts of an EVM with this environment.
pub(crate) fn natives(terms: Terms, env: &EvmEnv) -> Natives {
    Natives::new(terms, env.cfg_env.gas_params.clone())
}

/// The transaction as revm takes it. Authorities of an EIP-7702 list are recovered here, by C libsecp256k1.
pub fn tx_env(tx: &Recovered<Tx>) -> TxEnv {
    TxEnv::from_recovered_tx(tx.inner(), tx.signer())
}

/// Blob limits and prices of the fork. The ledger takes no blobs, but `BLOBBASEFEE` answers from them.
fn blob_params(fork: Fork) -> BlobParams {
    match fork {
        Fork::Cancun => BlobParams::cancun(),
        Fork::Prague => BlobParams::prague(),
        Fork::Osaka => BlobParams::osaka(),
    }
}
