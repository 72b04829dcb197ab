//! ERC-1155, ERC-165 and the receiver rule.

use super::*;

const CONTRACT: Address = Address::repeat_byte(0xee);

#[test]
fn the_interfaces_are_erc165_erc1155_and_its_metadata() {
    let table = [("01ffc9a7", true), ("d9b67a26", true), ("0e89341c", true), ("ffffffff", false), ("80ac58cd", false)];
    for (id, supported) in table {
        let interface = id.parse().expect("four bytes");
        assert_eq!(World::new().reads(supportsInterfaceCall { interfaceId: interface }), supported, "{id}");
    }
}

#[test]
fn metadata_is_where_the_node_serves_it() {
    assert_eq!(World::new().reads(uriCall { id: U256::from(5) }), "/token/{id}.json");
}

#[test]
fn a_transfer_moves_tokens_and_says_so() {
    let (mut world, _, id) = World::with(milk(), 100);
    world.does(ISSUER, transfer(ISSUER, ANNA, id, 40));
    assert_eq!((world.balance(ISSUER, id), world.balance(ANNA, id)), (60, 40));
    let log = TransferSingle { operator: ISSUER, from: ISSUER, to: ANNA, id, value: U256::from(40) };
    assert_eq!(world.last::<TransferSingle>(), log);
    let balances = world.reads(balanceOfBatchCall { accounts: vec![ANNA, ISSUER], ids: vec![id, id] });
    assert_eq!(balances, [U256::from(40), U256::from(60)]);
}

#[test]
fn who_may_transfer_and_to_whom() {
    let (mut world, _, id) = World::annas(milk(), 100);
    world.refuses(BERT, transfer(ANNA, BERT, id, 1), ERC1155MissingApprovalForAll { operator: BERT, owner: ANNA });
    world.refuses(ANNA, transfer(ANNA, Address::ZERO, id, 1), ERC1155InvalidReceiver { receiver: Address::ZERO });
    let zero = Address::ZERO;
    world.refuses(zero, transfer(zero, ANNA, id, 0), ERC1155InvalidSender { sender: zero });
    let short = ERC1155InsufficientBalance { sender: ANNA, balance: U256::from(1), needed: U256::from(2), tokenId: id };
    world.refuses(ANNA, transfer(ANNA, BERT, id, 2), short);
    world.does(ANNA, setApprovalForAllCall { operator: BERT, approved: true });
    world.does(BERT, transfer(ANNA, CARA, id, 1));
    assert_eq!(world.last::<TransferSingle>().operator, BERT);
    world.does(ANNA, setApprovalForAllCall { operator: BERT, approved: false });
    assert!(!world.reads(isApprovedForAllCall { account: ANNA, operator: BERT }));
    world.refuses(
        ANNA,
        setApprovalForAllCall { operator: zero, approved: true },
        ERC1155InvalidOperator { operator: zero },
    );
}

#[test]
fn an_operator_transfers_but_does_not_list_give_lease_or_redeem() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    world.does(ANNA, setApprovalForAllCall { operator: BERT, approved: true });
    let short = || ERC1155InsufficientBalance { sender: BERT, balance: U256::ZERO, needed: U256::from(1), tokenId: id };
    world.refuses(BERT, gift_of(id, 1, CARA), short());
    world.refuses(BERT, redeem(1, id, 1), short());
}

#[test]
fn zero_amounts_and_unknown_ids_move_as_the_standard_has_it() {
    let mut world = World::new();
    world.does(ANNA, transfer(ANNA, BERT, U256::from(9), 0));
    let log = TransferSingle { operator: ANNA, from: ANNA, to: BERT, id: U256::from(9), value: U256::ZERO };
    assert_eq!(world.last::<TransferSingle>(), log);
}

#[test]
fn a_batch_is_all_or_nothing_and_may_name_an_id_twice() {
    let (mut world, _, id) = World::with(milk(), 10);
    let batch = |values: &[u64]| safeBatchTransferFromCall {
        from: ISSUER,
        to: ANNA,
        ids: vec![id; values.len()],
        values: values.iter().map(|value| U256::from(*value)).collect(),
        data: Bytes::new(),
    };
    let short =
        ERC1155InsufficientBalance { sender: ISSUER, balance: U256::from(4), needed: U256::from(5), tokenId: id };
    world.refuses(ISSUER, batch(&[6, 5]), short);
    world.does(ISSUER, batch(&[6, 4]));
    assert_eq!(world.balance(ANNA, id), 10);
    assert_eq!(world.last::<TransferBatch>().values, [U256::from(6), U256::from(4)]);
    let mut uneven = batch(&[1, 1]);
    uneven.values.pop();
    let lengths = ERC1155InvalidArrayLength { idsLength: U256::from(2), valuesLength: U256::from(1) };
    world.refuses(ISSUER, uneven, lengths);
    let many = TooManyAtOnce { length: U256::from(BATCH_MOST + 1), most: U256::from(BATCH_MOST) };
    world.refuses(ISSUER, batch(&[0; BATCH_MOST + 1]), many);
}

#[test]
fn an_account_with_bytecode_takes_tokens_only_if_it_said_so() {
    let (mut world, _, id) = World::with(milk(), 10);
    world.memory.codes.insert(CONTRACT, CodeKind::Bytecode);
    assert!(!world.reads(acceptsTokensCall { account: CONTRACT }));
    world.refuses(ISSUER, transfer(ISSUER, CONTRACT, id, 1), ERC1155InvalidReceiver { receiver: CONTRACT });
    world.does(CONTRACT, acceptTokensCall { accepted: true });
    world.does(ISSUER, transfer(ISSUER, CONTRACT, id, 1));
    world.does(CONTRACT, acceptTokensCall { accepted: false });
    let batch = safeBatchTransferFromCall {
        from: ISSUER,
        to: CONTRACT,
        ids: vec![id, id],
        values: vec![U256::from(1); 2],
        data: Bytes::new(),
    };
    world.refuses(ISSUER, batch, ERC1155InvalidReceiver { receiver: CONTRACT });
    let give = giveAwayCall { id, amount: U256::from(1), recipients: vec![ANNA, CONTRACT] };
    world.refuses(ISSUER, give, ERC1155InvalidReceiver { receiver: CONTRACT });
}

#[test]
fn keys_delegations_and_natives_take_tokens_without_being_asked() {
    let (mut world, _, id) = World::with(milk(), 10);
    for kind in [CodeKind::None, CodeKind::Delegation, CodeKind::Native] {
        world.memory.codes.insert(CONTRACT, kind);
        world.does(ISSUER, transfer(ISSUER, CONTRACT, id, 1));
    }
    assert_eq!(world.balance(CONTRACT, id), 3);
}

#[test]
fn an_issuer_with_bytecode_must_take_what_it_mints() {
    let mut world = World::new();
    world.memory.codes.insert(CONTRACT, CodeKind::Bytecode);
    let item = world.does(CONTRACT, createItemCall { identifier: B256::ZERO, terms: bottles() });
    world.refuses(CONTRACT, mintCall { item, tokens: 1 }, ERC1155InvalidReceiver { receiver: CONTRACT });
}

#[test]
fn tokens_that_are_not_transferable_leave_the_issuer_and_stay() {
    let (mut world, _, id) = World::with(Terms { transferable: false, ..bottles() }, 3);
    world.does(ISSUER, transfer(ISSUER, ANNA, id, 1));
    world.refuses(ANNA, transfer(ANNA, BERT, id, 1), NotTransferable { id });
    world.refuses(ANNA, gift_of(id, 1, BERT), NotTransferable { id });
    let give = giveAwayCall { id, amount: U256::from(1), recipients: vec![BERT] };
    world.refuses(ANNA, give, NotTransferable { id });
    world.does(ANNA, redeem(1, id, 1));
}
