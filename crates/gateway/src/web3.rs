//! `web3_`: the program's name, and a hash for clients that have none.

use alloy_primitives::{Bytes, keccak256};

use crate::{
    methods::{Call, Reply, Rpc},
    rpc::now,
};

/// `web3_clientVersion`, in the form name/version/platform/language that other clients use.
pub(crate) fn client_version(_: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    let platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    now(&format!("counterfoil/v{}/{platform}/rust", env!("CARGO_PKG_VERSION")))
}

/// `web3_sha3`: keccak-256, its name notwithstanding.
pub(crate) fn sha3(_: &Rpc, call: Call<'_>) -> Reply {
    let (data,) = call.params.parse::<(Bytes,)>()?;
    now(&keccak256(data))
}
