//! Random transactions of every type that the ledger takes, from accounts that can pay for them.

use alloy_consensus::{TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use primitives::{Recovered, Tx};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    people::Signer,
    program::{Surroundings, init_code},
};

/// An account that sends or authorizes, and the nonce that it has by now.
pub(crate) struct Actor {
    pub(crate) signer: Signer,
    pub(crate) nonce: u64,
}

/// The accounts that act in a case.
pub(crate) struct Actors {
    pub(crate) chain_id: u64,
    /// They send transactions.
    pub(crate) senders: Vec<Actor>,
    /// They only delegate themselves.
    pub(crate) authorities: Vec<Actor>,
    /// What is called.
    pub(crate) contracts: Vec<Address>,
}

/// Fields that every type has.
struct Common {
    nonce: u64,
    gas_limit: u64,
    to: TxKind,
    value: U256,
    input: Bytes,
    access_list: AccessList,
    price: u128,
    tip: u128,
}

/// One more transaction.
pub(crate) fn transaction(rng: &mut StdRng, actors: &mut Actors, around: &Surroundings) -> Recovered<Tx> {
    let sender = rng.random_range(0..actors.senders.len());
    let common = common(rng, actors, around, sender);
    let chain_id = actors.chain_id;
    let Common { nonce, gas_limit, to, value, input, access_list, price, tip } = common;
    let signer = actors.senders[sender].signer;
    actors.senders[sender].nonce += 1;
    let called = to.to().copied();
    match (rng.random_range(0..8), called) {
        (0..=1, _) => {
            let chain_id = rng.random_ratio(4, 5).then_some(chain_id);
            signer.sign(TxLegacy { chain_id, nonce, gas_price: price, gas_limit, to, value, input })
        }
        (2, _) => {
            signer.sign(TxEip2930 { chain_id, nonce, gas_price: price, gas_limit, to, value, access_list, input })
        }
        (3..=4, Some(to)) => {
            let authorization_list = (0..rng.random_range(1..4)).map(|_| authorization(rng, actors, sender)).collect();
            signer.sign(TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: price,
                max_priority_fee_per_gas: tip,
                to,
                value,
                access_list,
                authorization_list,
                input,
            })
        }
        _ => signer.sign(TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: price,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list,
            input,
        }),
    }
}

/// A transaction that no block may hold, and why.
pub(crate) fn invalid(rng: &mut StdRng, actors: &Actors) -> Recovered<Tx> {
    let Actor { signer, nonce } = *actors.senders.choose(rng).expect("not empty");
    let to = TxKind::Call(Address::repeat_byte(0x77));
    let good = TxEip1559 { chain_id: actors.chain_id, nonce, gas_limit: 50_000, to, ..TxEip1559::default() };
    signer.sign(match rng.random_range(0..8) {
        0 => TxEip1559 { nonce: nonce + 1, ..good },
        1 => TxEip1559 { gas_limit: 20_999, ..good },
        2 => TxEip1559 { gas_limit: 16_777_217, ..good },
        3 => TxEip1559 { max_fee_per_gas: 1, max_priority_fee_per_gas: 2, ..good },
        4 => TxEip1559 { value: U256::MAX, ..good },
        // The reference does not look at the chain id of the other types.
        5 => {
            let chain_id = Some(actors.chain_id + 1);
            return signer.sign(TxLegacy { chain_id, nonce, gas_limit: 50_000, to, ..TxLegacy::default() });
        }
        6 => TxEip1559 { input: vec![1; 800].into(), ..good },
        _ => TxEip1559 { to: TxKind::Create, input: vec![0; 49_153].into(), gas_limit: 5_000_000, ..good },
    })
}

fn common(rng: &mut StdRng, actors: &Actors, around: &Surroundings, sender: usize) -> Common {
    let creates = rng.random_ratio(1, 6);
    let price = rng.random_range(0..50_u128);
    Common {
        nonce: actors.senders[sender].nonce,
        gas_limit: if rng.random_ratio(1, 15) { 60_000 } else { rng.random_range(2_000_000..6_000_000) },
        to: if creates { TxKind::Create } else { TxKind::Call(target(rng, actors, around)) },
        value: U256::from(rng.random_range(0..100_u64)),
        input: if creates { init_code(rng, around) } else { call_data(rng) },
        access_list: access_list(rng, around),
        price,
        tip: rng.random_range(0..=price),
    }
}

fn target(rng: &mut StdRng, actors: &Actors, around: &Surroundings) -> Address {
    let choice = if rng.random_ratio(5, 6) { &actors.contracts } else { &around.addresses };
    *choice.choose(rng).expect("not empty")
}

fn call_data(rng: &mut StdRng) -> Bytes {
    let length = rng.random_range(0..130);
    (0..length).map(|_| if rng.random_bool(0.4) { 0 } else { rng.random::<u8>() }).collect()
}

fn access_list(rng: &mut StdRng, around: &Surroundings) -> AccessList {
    let item = |rng: &mut StdRng| AccessListItem {
        address: *around.addresses.choose(rng).expect("not empty"),
        storage_keys: (0..rng.random_range(0..3)).map(|_| B256::from(U256::from(rng.random_range(0..6_u64)))).collect(),
    };
    AccessList((0..rng.random_range(0..3)).map(|_| item(rng)).collect())
}

/// A delegation, mostly a valid one; some are for another chain, with another nonce, or by nobody.
fn authorization(rng: &mut StdRng, actors: &mut Actors, sender: usize) -> SignedAuthorization {
    let by_sender = rng.random_ratio(1, 8);
    let address =
        if rng.random_ratio(1, 5) { Address::ZERO } else { *actors.contracts.choose(rng).expect("not empty") };
    let chain_id = if rng.random_bool(0.5) { U256::ZERO } else { U256::from(actors.chain_id) };
    let which = rng.random_range(0..actors.authorities.len());
    let actor = if by_sender { &mut actors.senders[sender] } else { &mut actors.authorities[which] };
    let mut authorization = Authorization { chain_id, address, nonce: actor.nonce };
    match rng.random_range(0..10) {
        0 => authorization.chain_id = U256::from(99),
        1 => authorization.nonce += 1,
        2 => return SignedAuthorization::new_unchecked(authorization, 1, U256::MAX, U256::ONE),
        _ => actor.nonce += 1,
    }
    let signature = actor.signer.sign_hash(authorization.signature_hash());
    authorization.into_signed(signature)
}
