//! Sending, mining, restarting.

use chain::{BlockAt, Located, PoolError, SubmitError};
use consensus::Gossip as _;
use primitives::{B256, TimeMs, U256};

use crate::network::{Node, Person, genesis};

#[test]
fn a_payment_becomes_final_and_moves_the_money() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path());
    let (anna, ben) = (Person::new(1), Person::new(2));
    let (executed, index) = node.send(anna.pays(0, ben.address(), 5));
    assert!(executed.receipts[index].success);
    assert_eq!(executed.gas_used(index), 21_000);
    let state = node.chain.state(BlockAt::Latest).unwrap();
    let ether = U256::from(10).pow(U256::from(18));
    assert_eq!(state.account(ben.address()).unwrap().unwrap().balance, ether + U256::from(5));
    node.stop();
}

#[test]
fn every_block_carries_a_certificate_that_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path());
    for nonce in 0..70 {
        node.send(Person::new(1).pays(nonce, Person::new(2).address(), 1));
    }
    let rules = node.chain.rules().clone();
    for number in 1..=node.chain.head().number() {
        let executed = node.chain.block(BlockAt::Number(number)).unwrap().unwrap();
        let proof = executed.finality.as_ref().expect("only genesis has none");
        assert_eq!(proof.epoch, rules.epoch_of(number));
        let genesis_hash = node.chain.genesis_hash();
        consensus::certificate::verify(proof, &rules.committee, genesis_hash, executed.hash()).unwrap();
    }
    node.stop();
}

#[test]
fn a_hash_just_answered_is_found_at_every_moment_until_its_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path());
    let anna = Person::new(1);
    for nonce in 0..300 {
        let hash = node.chain.submit(anna.pays(nonce, anna.address(), 0)).unwrap();
        while !matches!(node.chain.transaction(hash).unwrap().expect("it is somewhere"), Located::Mined { .. }) {}
    }
    node.stop();
}

#[test]
fn signers_are_remembered_while_transactions_wait_and_when_they_are_mined() {
    let folder = tempfile::tempdir().unwrap();
    let (node, anna) = (Node::start(folder.path()), Person::new(1));
    let gossip = node.chain.gossip();
    // It waits for nonce 0.
    let waiting = node.chain.submit(anna.pays(1, anna.address(), 0)).unwrap();
    assert_eq!(gossip.signer(waiting), Some(anna.address()));
    node.send(anna.pays(0, anna.address(), 0));
    node.receipt(waiting);
    assert_eq!(gossip.signer(waiting), Some(anna.address()));
    assert_eq!(gossip.signer(B256::repeat_byte(7)), None);
    node.stop();
}

#[test]
fn what_was_served_is_there_after_a_restart_with_the_same_roots() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Vec::new();
    for round in 0..3 {
        let node = Node::start(folder.path());
        for nonce in 0..60 {
            let (executed, index) = node.send(Person::new(1).pays(round * 60 + nonce, Person::new(3).address(), 7));
            served.push((*executed.block.transactions()[index].inner().tx_hash(), executed.hash()));
        }
        for (transaction, block) in &served {
            assert_eq!(node.receipt(*transaction).0.hash(), *block);
        }
        let head = node.chain.head();
        let state = node.chain.state(BlockAt::Latest).unwrap();
        assert_eq!(state.root_after(&Default::default()), Some(head.latest().block.header().state_root));
        node.stop();
    }
}

#[test]
fn an_idle_chain_makes_no_blocks_and_time_rises_by_the_millisecond() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path());
    for nonce in 0..40 {
        node.send(Person::new(1).pays(nonce, Person::new(2).address(), 1));
    }
    let head = node.chain.head();
    let mut last = TimeMs(0);
    for executed in head.blocks() {
        assert!(executed.number() == 0 || !executed.block.transactions().is_empty());
        assert!(executed.block.time() > last);
        last = executed.block.time();
    }
    node.stop();
}

#[test]
fn the_pool_says_why_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let mut listed = genesis();
    listed.counterfoil.senders = Some(vec![Person::new(1).address()]);
    listed.counterfoil.min_gas_price = 5;
    let node = Node::start_with(folder.path(), &listed, Default::default());
    let (anna, ben) = (Person::new(1), Person::new(2));
    let priced = |person: &Person, price, value| {
        person.signs(alloy_consensus::TxEip1559 {
            chain_id: crate::network::CHAIN_ID,
            gas_limit: 21_000,
            max_fee_per_gas: price,
            to: alloy_primitives::TxKind::Call(ben.address()),
            value,
            ..Default::default()
        })
    };
    let submit = |tx| node.chain.submit(tx).map(|_| ()).unwrap_err();
    assert!(matches!(submit(priced(&anna, 4, U256::ZERO)), SubmitError::Underpriced { offered: 4, minimum: 5 }));
    assert!(matches!(submit(priced(&ben, 5, U256::ZERO)), SubmitError::SenderNotListed));
    let too_much = submit(priced(&anna, 5, U256::MAX - U256::from(105_000)));
    assert!(matches!(too_much, SubmitError::Pool(PoolError::InsufficientFunds { .. })));
    assert!(node.chain.submit(priced(&anna, 5, U256::from(1))).is_ok());
    node.stop();
}

#[test]
fn under_load_nothing_is_lost_and_each_senders_order_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path());
    let hashes: Vec<_> = std::thread::scope(|scope| {
        let senders: Vec<_> = (1..=4)
            .map(|number| {
                let chain = &node.chain;
                scope.spawn(move || {
                    let person = Person::new(number);
                    let pay = |nonce| chain.submit(person.pays(nonce, Person::new(9).address(), 1)).unwrap();
                    (0..250).map(pay).collect::<Vec<_>>()
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    for sent in hashes {
        let places: Vec<_> = sent.iter().map(|hash| node.receipt(*hash)).map(|(e, i)| (e.number(), i)).collect();
        assert!(places.is_sorted());
    }
    let ether = U256::from(10).pow(U256::from(18));
    let rich = node.chain.state(BlockAt::Latest).unwrap().account(Person::new(9).address()).unwrap().unwrap();
    assert_eq!(rich.balance, ether + U256::from(1000));
    assert_eq!(node.chain.pool().size(), (0, 0));
    node.stop();
}

#[test]
fn a_folder_of_another_genesis_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Node::start(folder.path()).stop();
    let mut other = genesis();
    other.timestamp += 1;
    let error = chain::Chain::open(folder.path(), &other, Default::default()).unwrap_err().to_string();
    assert!(error.contains("genesis"), "{error}");
}
