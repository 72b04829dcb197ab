//! A network that the tests make themselves: four members, other members in later epochs, blocks with transactions, receipts and
//! state. Its certificates are signed here, and its tries are built by alloy-trie. The example `sizes` measures the same files.

use std::collections::BTreeMap;

use alloy_consensus::{Header, SignableTransaction, TxEip1559, TxReceipt, proofs};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, KECCAK_EMPTY, Nibbles, TrieAccount, proof::ProofRetainer};
use ed25519_consensus::SigningKey;
use primitives::{
    Block, Committee, FinalityProof, Genesis, NodeId, Receipt, Recovered, Rules, TimeMs, Tx,
    finality::SCHEME_SIMPLEX_ED25519,
};
use proof::{Certified, Counterfoil, Fact};

/// Blocks in an epoch.
pub(crate) const EPOCH_BLOCKS: u64 = 4;
/// 14 November 2023, 22:13:20 UTC.
pub(crate) const START_SECONDS: u64 = 1_700_000_000;

/// A contract that emits what the tests need.
pub(crate) const TOKEN: Address = Address::repeat_byte(0x70);
/// Somebody.
pub(crate) const ALICE: Address = Address::repeat_byte(0xa1);
/// Somebody else.
pub(crate) const BOB: Address = Address::repeat_byte(0xb0);
/// Nobody: there is no such account.
pub(crate) const NOBODY: Address = Address::repeat_byte(0x99);
/// What topic 1 of the log without a known event is the hash of.
pub(crate) const TERMS: &[u8] = br#"{"price":"12.50"}"#;

/// Where each transaction of a block stands.
pub(crate) const PAYMENT: u64 = 0;
pub(crate) const ERC20: u64 = 1;
pub(crate) const ERC1155: u64 = 2;
pub(crate) const CREATION: u64 = 3;
pub(crate) const FAILED: u64 = 4;

/// The chain and everything that its files are made of.
pub(crate) struct Network {
    pub(crate) config: Bytes,
    pub(crate) genesis_hash: B256,
    /// By height; every block holds the same transactions, receipts and state.
    pub(crate) blocks: Vec<Block>,
    pub(crate) receipts: Vec<Receipt>,
    rules: Rules,
    /// Accounts and slots beyond a few.
    more: u64,
    /// Of each epoch.
    committees: Vec<Vec<SigningKey>>,
}

impl Network {
    /// Four members in epoch 0, with these seeds in each later epoch. `more` transactions beyond those that are named.
    pub(crate) fn new(later_committees: &[[u8; 4]], more: u64) -> Self {
        let seeds = [[1, 2, 3, 4]].into_iter().chain(later_committees.iter().copied());
        let committees: Vec<Vec<SigningKey>> =
            seeds.map(|seeds| seeds.map(|seed| SigningKey::from([seed; 32])).to_vec()).collect();
        let genesis = genesis(&committees[0]);
        let rules = genesis.rules();
        let header = genesis.header(accounts(more, B256::ZERO).0).expect("a valid genesis");
        let genesis_hash = header.hash_slow();
        let config = genesis.canonical_config().expect("a valid genesis").into();
        let receipts = receipts(more);
        let mut network = Self {
            config,
            genesis_hash,
            blocks: vec![Block::seal(header, Vec::new())],
            receipts,
            rules,
            more,
            committees,
        };
        let transactions = transactions(more);
        for number in 1..network.epochs() * EPOCH_BLOCKS {
            let header = network.next_header(number, &transactions);
            network.blocks.push(Block::seal(header, transactions.clone()));
        }
        network
    }

    /// The same committee for ever.
    pub(crate) fn steady() -> Self {
        Self::new(&[[1, 2, 3, 4]; 3], 0)
    }

    /// One member replaced after epoch 0 and another after epoch 1; epoch 3 is as epoch 2.
    pub(crate) fn changing() -> Self {
        Self::new(&[[1, 2, 3, 5], [1, 2, 5, 6], [1, 2, 5, 6]], 0)
    }

    fn epochs(&self) -> u64 {
        self.committees.len().try_into().expect("few epochs")
    }

    fn next_header(&self, number: u64, transactions: &[Recovered<Tx>]) -> Header {
        let parent = self.blocks.last().expect("there is genesis");
        let next_epoch = usize::try_from(((number + 1) / EPOCH_BLOCKS).min(self.epochs() - 1)).expect("few epochs");
        let committee = committee(&self.committees[next_epoch]).hash();
        let time = TimeMs((START_SECONDS + number) * 1000 + 7);
        let plain: Vec<&Tx> = transactions.iter().map(Recovered::inner).collect();
        let with_bloom: Vec<_> = self.receipts.iter().map(TxReceipt::with_bloom_ref).collect();
        Header {
            state_root: accounts(self.more, B256::ZERO).0,
            transactions_root: proofs::calculate_transaction_root(&plain),
            receipts_root: proofs::calculate_receipt_root(&with_bloom),
            extra_data: committee.into(),
            ..self.rules.next_header(parent.hash(), parent.header(), time)
        }
    }

    pub(crate) fn header(&self, height: u64) -> &Header {
        self.block(height).header()
    }

    pub(crate) fn hash(&self, height: u64) -> B256 {
        self.block(height).hash()
    }

    pub(crate) fn block(&self, height: u64) -> &Block {
        &self.blocks[usize::try_from(height).expect("few blocks")]
    }

    /// A block with its certificate and the keys that made it.
    pub(crate) fn certified(&self, height: u64) -> Certified {
        let epoch = height / EPOCH_BLOCKS;
        let keys = &self.committees[usize::try_from(epoch).expect("few epochs")];
        Certified {
            header: self.header(height).clone(),
            finality: certify(self.genesis_hash, epoch, self.hash(height), keys),
            committee: committee(keys).members().to_vec(),
        }
    }

    /// The file that a node would write: `fact` in the block at `height`, certified at `certified`.
    pub(crate) fn counterfoil_to(&self, height: u64, certified: u64, fact: Fact) -> Counterfoil {
        let changes = |epoch: &u64| {
            let [ours, next] = [*epoch, epoch + 1].map(|epoch| usize::try_from(epoch).expect("few epochs"));
            committee(&self.committees[ours]) != committee(&self.committees[next])
        };
        let ended = (0..certified / EPOCH_BLOCKS).filter(changes);
        let Certified { finality, committee, .. } = self.certified(certified);
        Counterfoil {
            config: self.config.clone(),
            genesis: self.header(0).clone(),
            handovers: ended.map(|epoch| self.certified((epoch + 1) * EPOCH_BLOCKS - 1)).collect(),
            header: self.header(height).clone(),
            descendants: (height + 1..=certified).map(|height| self.header(height).clone()).collect(),
            finality,
            committee,
            fact,
            preimages: Vec::new(),
        }
    }

    pub(crate) fn counterfoil(&self, height: u64, fact: Fact) -> Counterfoil {
        self.counterfoil_to(height, height, fact)
    }

    pub(crate) fn receipt_fact(&self, index: u64) -> Fact {
        proof::build::receipt_fact(self.block(1), &self.receipts, index)
    }

    pub(crate) fn log_fact(&self, receipt: u64, log: u64) -> Fact {
        proof::build::log_fact(&self.receipts, receipt, log)
    }

    pub(crate) fn account_proof(&self, address: Address) -> Vec<Bytes> {
        accounts(self.more, keccak256(address)).1
    }

    pub(crate) fn account_fact(&self, address: Address) -> Fact {
        proof::build::account_fact(address, self.account_proof(address))
    }

    pub(crate) fn storage_fact(&self, slots: &[u64]) -> Fact {
        let prove = |slot: &u64| (U256::from(*slot), trie(&storage_leaves(self.more), slot_key(*slot)).1);
        proof::build::storage_fact(TOKEN, self.account_proof(TOKEN), slots.iter().map(prove))
    }

    /// One file of each kind, with and without hand-overs, descendants and preimages.
    pub(crate) fn files(&self) -> Vec<(&'static str, Counterfoil)> {
        let terms = Counterfoil { preimages: vec![TERMS.into()], ..self.counterfoil(9, self.log_fact(ERC20, 1)) };
        vec![
            ("receipt", self.counterfoil(1, self.receipt_fact(PAYMENT))),
            ("receipt with logs", self.counterfoil(13, self.receipt_fact(ERC1155))),
            ("log", self.counterfoil_to(6, 9, self.log_fact(ERC20, 0))),
            ("log and preimage", terms),
            ("account", self.counterfoil(5, self.account_fact(TOKEN))),
            ("account absent", self.counterfoil(5, self.account_fact(NOBODY))),
            ("storage", self.counterfoil(10, self.storage_fact(&[1, 2, 999]))),
            ("genesis account", self.counterfoil_to(0, 1, self.account_fact(ALICE))),
        ]
    }
}

/// A certificate of three of the four, whoever they are.
pub(crate) fn certify(genesis_hash: B256, epoch: u64, block: B256, keys: &[SigningKey]) -> FinalityProof {
    let mut keys = keys.to_vec();
    keys.sort_by_key(|key| key.verification_key().to_bytes());
    let number = |value: u64| u8::try_from(value).ok().filter(|byte| *byte < 128).expect("one byte is its varint");
    let proposal = [&[number(epoch), 3, 2], block.as_slice()].concat();
    let namespace = [b"counterfoil".as_slice(), genesis_hash.as_slice(), b"_FINALIZE"].concat();
    let message = [&[number(namespace.len() as u64)], namespace.as_slice(), &proposal].concat();
    let members = u64::try_from(keys.len()).expect("few members");
    let signers = keys.len() - (keys.len() - 1) / 3;
    let bitmap = number((1 << signers) - 1);
    let mut bytes = [&proposal, members.to_be_bytes().as_slice(), &[bitmap, number(signers as u64)]].concat();
    for key in &keys[..signers] {
        bytes.extend_from_slice(&key.sign(&message).to_bytes());
    }
    FinalityProof { scheme: SCHEME_SIMPLEX_ED25519, epoch, bytes: bytes.into() }
}

fn committee(keys: &[SigningKey]) -> Committee {
    Committee::new(keys.iter().map(|key| NodeId::new(key.verification_key().to_bytes())).collect())
}

fn genesis(members: &[SigningKey]) -> Genesis {
    let keys = committee(members).members().to_vec();
    let json = serde_json::json!({
        "config": { "chainId": 4242 },
        "timestamp": START_SECONDS,
        "counterfoil": { "committee": keys, "epochBlocks": EPOCH_BLOCKS },
    });
    Genesis::parse(&json.to_string()).expect("a valid genesis")
}

fn transactions(more: u64) -> Vec<Recovered<Tx>> {
    let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x51)).expect("a valid key");
    let call = |nonce: u64, value: u64| TxEip1559 {
        chain_id: 4242,
        nonce,
        gas_limit: 90_000,
        to: TxKind::Call(if value == 0 { TOKEN } else { BOB }),
        value: U256::from(value),
        input: if value == 0 { Bytes::from(vec![0xa9; 68]) } else { Bytes::new() },
        ..TxEip1559::default()
    };
    let created = TxEip1559 { to: TxKind::Create, value: U256::from(5), ..call(CREATION, 0) };
    let named = [call(PAYMENT, 1_000_000), call(ERC20, 0), call(ERC1155, 0), created, call(FAILED, 77)];
    let others = (0..more).map(|number| call(FAILED + 1 + number, 0));
    let sign = |tx: TxEip1559| {
        let signature = signer.sign_hash_sync(&tx.signature_hash()).expect("signing works");
        Recovered::new_unchecked(tx.into_signed(signature).into(), signer.address())
    };
    named.into_iter().chain(others).map(sign).collect()
}

/// The one who signs all transactions.
pub(crate) fn sender() -> Address {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x51)).expect("a valid key").address()
}

fn receipts(more: u64) -> Vec<Receipt> {
    let transfer = log("Transfer(address,address,uint256)", &[word(ALICE), word(BOB)], &words(&[250]));
    let unknown = log("Agreed(bytes32)", &[keccak256(TERMS)], &[]);
    let single = log(
        "TransferSingle(address,address,address,uint256,uint256)",
        &[word(ALICE), word(ALICE), word(BOB)],
        &words(&[7, 3]),
    );
    let batch = log(
        "TransferBatch(address,address,address,uint256[],uint256[])",
        &[word(ALICE), word(ALICE), word(BOB)],
        &words(&[64, 160, 2, 8, 9, 2, 30, 40]),
    );
    let logs = [vec![], vec![transfer.clone(), unknown], vec![single, batch], vec![], vec![]];
    let others = (0..more).map(|_| vec![transfer.clone()]);
    let receipt = |(index, logs): (usize, Vec<Log>)| Receipt {
        tx_type: primitives::TxType::Eip1559,
        success: index as u64 != FAILED,
        cumulative_gas_used: 50_000 * (index as u64 + 1),
        logs,
    };
    logs.into_iter().chain(others).enumerate().map(receipt).collect()
}

fn log(event: &str, topics: &[B256], data: &[u8]) -> Log {
    let topics = [&[keccak256(event)], topics].concat();
    Log { address: TOKEN, data: LogData::new_unchecked(topics, Bytes::copy_from_slice(data)) }
}

fn word(address: Address) -> B256 {
    address.into_word()
}

fn words(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| U256::from(*number).to_be_bytes::<32>()).collect()
}

/// A trie of hashed keys: its root and the proof of `target`.
fn trie(leaves: &BTreeMap<B256, Vec<u8>>, target: B256) -> (B256, Vec<Bytes>) {
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![Nibbles::unpack(target)]));
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    (root, builder.take_proof_nodes().into_nodes_sorted().into_iter().map(|(_, node)| node).collect())
}

fn slot_key(slot: u64) -> B256 {
    keccak256(B256::from(U256::from(slot)))
}

/// Slots 1 and up of the token hold a thousand times their number.
fn storage_leaves(more: u64) -> BTreeMap<B256, Vec<u8>> {
    (1..20 + more).map(|slot| (slot_key(slot), alloy_rlp::encode(U256::from(slot * 1000)))).collect()
}

/// The root over all accounts, and the proof of one.
fn accounts(more: u64, target: B256) -> (B256, Vec<Bytes>) {
    let token = TrieAccount {
        nonce: 1,
        storage_root: trie(&storage_leaves(more), B256::ZERO).0,
        code_hash: keccak256("code"),
        ..TrieAccount::default()
    };
    let person = |number: u64| TrieAccount {
        nonce: number,
        balance: U256::from(number),
        storage_root: EMPTY_ROOT_HASH,
        code_hash: KECCAK_EMPTY,
    };
    let others = (0..20 + more).map(|number| (Address::left_padding_from(&number.to_be_bytes()), person(number)));
    let accounts = others.chain([(TOKEN, token), (ALICE, person(12))]);
    trie(&accounts.map(|(address, account)| (keccak256(address), alloy_rlp::encode(account))).collect(), target)
}
