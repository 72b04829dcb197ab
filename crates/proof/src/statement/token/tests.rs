//! The word of `token` counts at its address and nowhere else.

use alloy_primitives::{B256, U256, address};

use super::super::events;
use super::*;

const TOKEN: Address = address!("c0f0110000000000000000000300000000000000");

fn kinds(address: Address, event: &impl SolEvent) -> Vec<(&'static str, &'static str)> {
    let claims = events::claims(&Log { address, data: event.encode_log_data() });
    claims.iter().map(|claim| (claim.system, claim.kind)).collect()
}

#[test]
fn a_balance_is_owned_if_the_preimages_say_whose_it_is() {
    let anna = Address::repeat_byte(2);
    let (slot, shown) = ownership(U256::from(7), anna);
    let slots = [(slot, U256::from(3))];
    let owned_at = |contract, shown: &[Bytes]| {
        let preimages = Preimages::of(shown, &[slot.into()]).expect("they lead to the slot");
        let claims = owned(contract, &slots, &preimages);
        claims.iter().flat_map(|claim| claim.fields.iter().map(|field| field.value.clone())).collect::<Vec<_>>()
    };
    assert_eq!(owned_at(TOKEN, &shown), [anna.to_string(), "7".into(), "3".into()]);
    assert!(owned_at(anna, &shown).is_empty(), "another contract's slot is none of this room's");
    assert!(owned_at(TOKEN, &[]).is_empty(), "a slot alone does not say whose it is");
}

#[test]
fn a_slot_of_another_mapping_is_no_balance() {
    let word = |number: u64| B256::from(U256::from(number));
    let of_id = [word(7), word(3)].concat();
    let of_owner = [Address::repeat_byte(2).into_word(), keccak256(&of_id)].concat();
    let slot: U256 = keccak256(&of_owner).into();
    let mut shown = vec![Bytes::from(of_id), Bytes::from(of_owner)];
    shown.sort_by_key(|preimage| keccak256(preimage));
    let preimages = Preimages::of(&shown, &[slot.into()]).expect("they lead to the slot");
    assert!(owned(TOKEN, &[(slot, U256::from(3))], &preimages).is_empty());
}

#[test]
fn tokens_are_minted_transferred_and_redeemed() {
    let (hash, id, one) = (B256::repeat_byte(1), U256::from(7), U256::from(1));
    let [anna, ben] = [Address::repeat_byte(2), Address::repeat_byte(3)];
    let minted = Minted {
        item: hash,
        id,
        to: anna,
        instance: 1,
        firstUnit: 1,
        units: 1,
        amount: one,
        attributesHash: hash,
        link: hash,
    };
    let redeemed = Redeemed {
        redemption: hash,
        id,
        redeemer: ben,
        item: hash,
        instance: 1,
        amount: one,
        units: 1,
        deliveryHash: hash,
        proofHash: hash,
        attributesHash: hash,
        link: hash,
    };
    let moved = |from, to| events::TransferSingle { operator: anna, from, to, id, value: one };
    assert_eq!(kinds(TOKEN, &minted), [("token", "minted")]);
    assert_eq!(kinds(TOKEN, &redeemed), [("token", "redeemed")]);
    assert_eq!(kinds(TOKEN, &moved(anna, ben)), [("token", "transferred")]);
    assert_eq!(kinds(TOKEN, &moved(Address::ZERO, ben)), [("token", "supply changed")]);
    assert_eq!(kinds(anna, &minted), []);
    assert_eq!(kinds(anna, &moved(anna, ben)), [("ledger", "value moved")]);
}
