//! Calldata that is not of the ABI, and calls that the EVM allows but a contract does not.

use super::*;

fn refusal(data: &[u8]) -> Option<Stop> {
    World::new().memory.call(ANNA, ADDRESS, data).err()
}

fn invalid() -> Option<Stop> {
    Some(Stop::Revert(INative::InvalidCalldata {}.abi_encode().into()))
}

#[test]
fn no_function_has_an_unknown_selector() {
    for data in [&[][..], &[1, 2, 3], &[0xff; 4], &[0xff; 36]] {
        let selector = data.first_chunk::<4>().copied().unwrap_or_default().into();
        let expected = Stop::Revert(INative::UnknownSelector { selector }.abi_encode().into());
        assert_eq!(refusal(data), Some(expected), "{data:?}");
    }
}

#[test]
fn calldata_too_short_too_long_or_dirty_is_refused() {
    let sound = balanceOfCall { account: ANNA, id: U256::from(1) }.abi_encode();
    assert_eq!(refusal(&sound), None);
    assert_eq!(refusal(&sound[..sound.len() - 1]), invalid());
    assert_eq!(refusal(&[&sound[..], &[0]].concat()), invalid());
    assert_eq!(refusal(&[&sound[..], &[0; 32]].concat()), invalid());
    let mut dirty = sound;
    dirty[4] = 1;
    assert_eq!(refusal(&dirty), invalid(), "an address has 20 bytes");
    let mut dirty = setApprovalForAllCall { operator: ANNA, approved: true }.abi_encode();
    dirty[4 + 63] = 2;
    assert_eq!(refusal(&dirty), invalid(), "a bool is 0 or 1");
}

/// The kind is the second word of `createItem`.
#[test]
fn kinds_that_there_are_not_are_refused() {
    let sound = createItemCall { identifier: B256::ZERO, terms: bottles() }.abi_encode();
    let unknown = Some(Stop::Revert(UnknownKind {}.abi_encode().into()));
    for (kind, expected) in [(6, invalid()), (7, invalid()), (254, invalid()), (255, unknown), (5, None)] {
        let mut data = sound.clone();
        data[4 + 63] = kind;
        assert_eq!(refusal(&data), expected, "kind {kind}");
    }
}

#[test]
fn tokens_beyond_64_bits_are_not_asked_for() {
    let mut data = mintCall { item: B256::ZERO, tokens: 1 }.abi_encode();
    data[4 + 32 + 23] = 1;
    assert_eq!(refusal(&data), invalid());
}

#[test]
fn a_static_call_reads_and_does_not_write() {
    let mut memory = Memory::new();
    let read = balanceOfCall { account: ANNA, id: U256::from(1) }.abi_encode();
    let write = acceptTokensCall { accepted: true }.abi_encode();
    let (target, value) = (ADDRESS, U256::ZERO);
    let call = |data| Call { target, code: target, caller: ANNA, value, is_static: true, data };
    assert!(registry::run(&mut memory, &call(&read)).is_ok());
    let refused = Stop::Revert(INative::StaticCall {}.abi_encode().into());
    assert_eq!(registry::run(&mut memory, &call(&write)), Err(refused));
}

#[test]
fn ether_is_not_taken() {
    let mut memory = Memory::new();
    let data = acceptTokensCall { accepted: true }.abi_encode();
    let call =
        Call { target: ADDRESS, code: ADDRESS, caller: ANNA, value: U256::from(1), is_static: false, data: &data };
    let refused = Stop::Revert(INative::NotPayable {}.abi_encode().into());
    assert_eq!(registry::run(&mut memory, &call), Err(refused));
}

#[test]
fn too_many_tokens_at_once_are_refused() {
    let terms = Terms { units: 1000, ..bottles() };
    let (mut world, item, _) = World::with(terms, MINT_MOST);
    let (length, most) = (U256::from(MINT_MOST + 1), U256::from(MINT_MOST));
    world.refuses(ISSUER, mintCall { item, tokens: MINT_MOST + 1 }, TooManyAtOnce { length, most });
}

/// Whatever follows a selector, the answer is one of the ABI or a named error.
#[test]
fn arguments_of_noise_never_stop_a_call_otherwise() {
    let mut memory = Memory::new();
    for function in IToken::abi::contract().functions() {
        for words in [0_usize, 1, 2, 3, 5, 16] {
            let noise = (0..words)
                .flat_map(|word| keccak256([function.selector()[0], words.to_be_bytes()[7], word.to_be_bytes()[7]]).0);
            let data: Vec<u8> = function.selector().into_iter().chain(noise).collect();
            let stop = memory.call(ANNA, ADDRESS, &data).err();
            assert!(matches!(&stop, None | Some(Stop::Revert(_))), "{}: {stop:?}", function.name);
        }
    }
}
