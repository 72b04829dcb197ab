//! The word of `cash` counts at the addresses of currencies and nowhere else.

use alloy_primitives::{B256, U256, address};

use super::super::events;
use super::*;

const EUR: Address = address!("c0f0110000000000000000000200000000455552");
const ELSEWHERE: Address = Address::repeat_byte(0x22);

fn log(address: Address, event: &impl SolEvent) -> Log {
    Log { address, data: event.encode_log_data() }
}

fn kinds(log: &Log) -> Vec<(&'static str, &'static str)> {
    events::claims(log).iter().map(|claim| (claim.system, claim.kind)).collect()
}

fn some_held() -> Held {
    Held {
        id: B256::repeat_byte(1),
        from: Address::repeat_byte(2),
        to: Address::repeat_byte(3),
        operator: Address::repeat_byte(4),
        amount: U256::from(1250),
        expiry: 1_800_000_000,
        referenceId: B256::repeat_byte(5),
    }
}

#[test]
fn a_hold_names_its_currency_and_terms() {
    let claims = events::claims(&log(EUR, &some_held()));
    let [claim] = claims.as_slice() else { panic!("one claim") };
    assert_eq!((claim.system, claim.kind), ("cash", "held"));
    let shown: Vec<_> = claim.fields.iter().map(|field| (field.name, field.value.as_str())).collect();
    assert_eq!(shown[1], ("currency", "EUR"));
    assert!(shown.contains(&("amount", "1250")) && shown.contains(&("expiry", "1800000000")), "{shown:?}");
}

#[test]
fn each_step_has_its_kind() {
    let (id, from, to) = (B256::repeat_byte(1), Address::repeat_byte(2), Address::repeat_byte(3));
    let (one, reference) = (U256::from(1), B256::repeat_byte(9));
    let adjusted =
        Adjusted { id, from, to, referenceId: reference, previousAmount: one, amount: one, holdReferenceId: reference };
    let captured = Captured {
        id,
        from,
        to,
        referenceId: reference,
        amount: one,
        captured: one,
        released: U256::ZERO,
        isFinal: true,
        holdReferenceId: reference,
    };
    let released = Released { id, from, to, by: to, amount: one, captured: one, holdReferenceId: reference };
    assert_eq!(kinds(&log(EUR, &adjusted)), [("cash", "adjusted")]);
    assert_eq!(kinds(&log(EUR, &captured)), [("cash", "captured")]);
    assert_eq!(kinds(&log(EUR, &released)), [("cash", "released")]);
    assert_eq!(kinds(&log(EUR, &events::Transfer { from, to, value: one })), [("cash", "value moved")]);
}

#[test]
fn another_contract_cannot_speak_for_cash() {
    assert_eq!(kinds(&log(ELSEWHERE, &some_held())), []);
    let token_room = address!("c0f0110000000000000000000300000000000000");
    assert_eq!(kinds(&log(token_room, &some_held())), []);
}

#[test]
fn an_event_with_a_byte_too_many_is_none() {
    let mut longer = log(EUR, &some_held());
    longer.data.data = [&longer.data.data[..], &[0]].concat().into();
    assert_eq!(kinds(&longer), []);
}
