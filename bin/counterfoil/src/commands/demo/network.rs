//! The chapter of the members: four decide together, a fifth is voted in and decides with them, one is revoked and left alone, and
//! its counterfoil says so. Five real nodes of this process, over TCP on loopback.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolCall;
use consensus::NodeKey;
use contracts::{
    admission::{
        ADDRESS,
        IAdmission::{self, LinkRequested, MemberState, RequestState, RevocationRequested},
    },
    signature::sha256,
};
use eyre::{Context, OptionExt, ensure, eyre};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::step;
use crate::{
    certificate::{self, Keys, Subject},
    cli::NewNetwork,
    commands::{
        genesis::random_seed,
        member::{Choice, Reason, cast_vote, request_link},
        network::{Member, new},
    },
    config::{NodeArguments, NodeConfig},
    folder::Folder,
    native::Done,
    node::Node,
    rpc::Field,
};

const FOUNDERS: u16 = 4;
const CHAIN_ID: u64 = 31_338;
/// An epoch is over in five seconds when its end is waited for.
const EPOCH_BLOCKS: u64 = 64;
const CERTIFICATE_DAYS: u64 = 365;
/// The place of the founder that is revoked.
const REVOKED: usize = 3;
/// The places of all others.
const STAYING: [usize; 4] = [0, 1, 2, 4];
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(120);

/// Tells the chapter to its end.
pub(super) fn tell(runtime: &Runtime, folder: &Path) -> eyre::Result<()> {
    let mut network = Network::found(runtime, folder.join("network"))?;
    let told = network.story();
    network.nodes.into_iter().try_for_each(|node| runtime.block_on(node.node.stop()))?;
    told
}

struct Network<'a> {
    runtime: &'a Runtime,
    out: PathBuf,
    genesis: B256,
    first_port: u16,
    nodes: Vec<Running>,
}

/// A node and its key, which acts on the ledger through this very node.
struct Running {
    name: String,
    node: Node,
    member: Member,
}

impl<'a> Network<'a> {
    fn found(runtime: &'a Runtime, out: PathBuf) -> eyre::Result<Self> {
        let first_port = free_ports(FOUNDERS + 1)?;
        let (founders, genesis) = new::make(&NewNetwork {
            out: out.clone(),
            members: FOUNDERS,
            chain_id: CHAIN_ID,
            epoch_blocks: EPOCH_BLOCKS,
            min_block_interval_ms: None,
            funds: Vec::new(),
            http_port: 0,
            port: first_port,
        })?;
        let mut network = Self { runtime, out, genesis, first_port, nodes: Vec::new() };
        for (number, founder) in founders.into_iter().enumerate() {
            let settings = NodeArguments { config: Some(founder.settings), ..NodeArguments::default() };
            network.start(&format!("member {}", number + 1), founder.key, settings)?;
        }
        println!(
            "A network of {FOUNDERS} members, chain id {CHAIN_ID}: {FOUNDERS} nodes, of which three must sign a block"
        );
        println!("genesis {genesis}\n");
        Ok(network)
    }

    fn start(&mut self, name: &str, key: NodeKey, settings: NodeArguments) -> eyre::Result<()> {
        let http = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = NodeConfig::resolve(NodeArguments { http: Some(http), ..settings })?;
        let node = self.runtime.block_on(Node::start(config)).wrap_err_with(|| name.to_owned())?;
        let member = Member::at(format!("http://{}", node.address()), key)?;
        self.nodes.push(Running { name: name.into(), node, member });
        Ok(())
    }

    fn story(&mut self) -> eyre::Result<()> {
        let key = NodeKey::from_seed(random_seed()?);
        let certificate = self.certify(&key)?;
        let request = self.ask_to_join(&key, certificate)?;
        self.vote_until_approved(request, &[0, 1, 2])?;
        self.let_in(key)?;
        self.get_into_the_committee()?;
        self.revoke_one()?;
        self.prove()
    }

    /// The applicant's own: nobody issues it.
    fn certify(&self, key: &NodeKey) -> eyre::Result<Bytes> {
        let address = format!("{}:{}", Ipv4Addr::LOCALHOST, self.first_port + FOUNDERS);
        let subject = Subject { name: "A fifth bank", address: &address, days: CERTIFICATE_DAYS };
        let certificate = certificate::make(&Keys { node: key, p256: None }, &subject)?;
        println!("  A fifth makes its own X.509 certificate, {} bytes:", certificate.len());
        println!("    SHA-256 {}", sha256(&certificate));
        Ok(certificate)
    }

    fn ask_to_join(&self, key: &NodeKey, certificate: Bytes) -> eyre::Result<u64> {
        let applicant = Member::at(self.url(0), key.clone())?;
        let done = request_link(&applicant, certificate, 1)?;
        step("It asks to be linked, with proof that it has the key, through the node of member 1", &done.receipt)?;
        self.say_who_signed(&done)?;
        Ok(done.log::<LinkRequested>()?.id)
    }

    fn say_who_signed(&self, done: &Done) -> eyre::Result<()> {
        let finality = self.ask(0, "counterfoil_finality", json!([done.receipt["blockNumber"]]))?;
        let [committee, signers] = ["committee", "signers"].map(|list| finality[list].as_array().map_or(0, Vec::len));
        println!("    signed by {signers} of {committee} members");
        Ok(())
    }

    /// Members vote through nodes of their own, one after the other, until the policy's gates are passed.
    fn vote_until_approved(&self, id: u64, voters: &[usize]) -> eyre::Result<()> {
        for voter in voters {
            let Running { name, member, .. } = &self.nodes[*voter];
            let done = cast_vote(member, id, Choice::Approve, Some("known to us"))?;
            step(&format!("{name} approves"), &done.receipt)?;
            if self.view(*voter, &IAdmission::requestCall { id })?.state == RequestState::Approved {
                println!("    request {id} is approved");
                return Ok(());
            }
        }
        Err(eyre!("request {id} was not approved by {} members", voters.len()))
    }

    fn let_in(&mut self, key: NodeKey) -> eyre::Result<()> {
        let folder = Folder::new(self.out.join("fifth"));
        folder.make()?;
        folder.write_key(&key)?;
        let settings = NodeArguments {
            data: Some(folder.path().into()),
            genesis: Some(self.out.join("genesis.json")),
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, self.first_port + FOUNDERS))),
            local_peers: Some(true),
            ..NodeArguments::default()
        };
        let target = self.height(0);
        self.start("member 5", key, settings)?;
        self.wait_until("the fifth has all blocks", |network| Ok(network.height(4) >= target))?;
        println!("  Its node starts with the genesis file alone, is let in, and has checked all {target} blocks");
        Ok(())
    }

    /// The node says `ready` by itself; the end of the epoch does the rest.
    fn get_into_the_committee(&self) -> eyre::Result<()> {
        let fifth = self.nodes[4].member.key.id();
        let state = |network: &Self| -> eyre::Result<MemberState> {
            Ok(network.view(0, &IAdmission::memberCall { nodeKey: fifth })?.state)
        };
        self.wait_until("the fifth is ready", |network| Ok(state(network)? != MemberState::Observer))?;
        println!("  It says that it is ready; blocks come without pause to the end of the epoch");
        self.wait_until("the fifth decides", |network| Ok(state(network)? == MemberState::Committee))?;
        let signs = |network: &Self| {
            let finality = network.ask(0, "counterfoil_finality", json!(["latest"]))?;
            Ok(finality["signers"].as_array().is_some_and(|signers| signers.contains(&json!(fifth))))
        };
        self.wait_until("the fifth signs", signs)?;
        let committee = self.ask(0, "counterfoil_committee", json!([]))?;
        println!("  From epoch {} on five members decide, and four must sign", committee.number("epoch")?);
        Ok(())
    }

    fn revoke_one(&self) -> eyre::Result<()> {
        self.wait_until("member 4 is connected to member 1", |network| network.is_connected(0, REVOKED))?;
        let certificate = self.certificate_of(REVOKED)?;
        let call = IAdmission::requestRevocationCall {
            certificate,
            reason: Reason::CessationOfOperation as u8,
            evidence: B256::ZERO,
        };
        let done = self.nodes[4].member.sender.call(ADDRESS, &call)?;
        step("The fifth asks that member 4 be revoked: cessation of operation", &done.receipt)?;
        self.vote_until_approved(done.log::<RevocationRequested>()?.id, &[4, 0, 1, 2])?;
        self.see_it_cut_off()
    }

    /// The others no longer list it as a peer, so what it shows of itself counts as well.
    fn see_it_cut_off(&self) -> eyre::Result<()> {
        let last_heard = self.height(REVOKED);
        self.wait_until("the revoked one's connections are dropped", |network| {
            let both = |other: &usize| [(*other, REVOKED), (REVOKED, *other)];
            let seen = STAYING.iter().flat_map(both).map(|(node, peer)| network.is_connected(node, peer));
            Ok(!seen.collect::<eyre::Result<Vec<_>>>()?.contains(&true))
        })?;
        let left_behind = |network: &Self| Ok(network.height(0) > network.height(REVOKED) + 1);
        self.wait_until("the others go on without the revoked one", left_behind)?;
        ensure!(self.height(REVOKED) <= last_heard + 1, "a revoked node still hears of blocks");
        println!("  Its connections are dropped, as it and the others show");
        println!("    it stands at block {}, the others go on", self.height(REVOKED));
        Ok(())
    }

    /// What the two memberships are worth, for whoever has only the files.
    fn prove(&self) -> eyre::Result<()> {
        for (member, expected) in [(4, "valid"), (REVOKED, "revoked")] {
            let asked = json!({ "certificate": self.certificate_of(member)?, "block": "latest" });
            let exported = self.ask(0, "counterfoil_export", json!(["member", asked]))?;
            let file: Bytes = serde_json::from_value(exported["cfl"].clone())?;
            let verified = proof::verify(&file, self.genesis, None)?;
            let statement = verified.statements.iter().find(|statement| statement.kind == "member status");
            let statement = statement.ok_or_eyre("the counterfoil says nothing of a member")?;
            let status = statement.fields.iter().find(|field| field.name == "status");
            let status = &status.ok_or_eyre("the counterfoil says no status")?.value;
            let name = &self.nodes[member].name;
            ensure!(status == expected, "the counterfoil says that {name} is {status}, not {expected}");
            println!(
                "  The counterfoil of {name}'s certificate, {} bytes, follows the committee's change:",
                file.len()
            );
            println!("    {} {}: {status}, as of block {}", statement.system, statement.kind, statement.height);
        }
        Ok(())
    }

    fn certificate_of(&self, member: usize) -> eyre::Result<B256> {
        let node_key = self.nodes[member].member.key.id();
        Ok(self.view(0, &IAdmission::memberCall { nodeKey: node_key })?.certificate)
    }

    /// Whether a node's figures show a connection with another.
    fn is_connected(&self, node: usize, peer: usize) -> eyre::Result<bool> {
        let Running { name, node, .. } = &self.nodes[node];
        let figures = node.figures()().ok_or_else(|| eyre!("{name} has no engine"))?;
        let id = self.nodes[peer].member.key.id();
        Ok(figures.peers.iter().any(|known| known.id == id && known.connected))
    }

    fn url(&self, node: usize) -> String {
        format!("http://{}", self.nodes[node].node.address())
    }

    fn height(&self, node: usize) -> u64 {
        self.nodes[node].node.chain().head().number()
    }

    fn view<C: SolCall>(&self, node: usize, call: &C) -> eyre::Result<C::Return> {
        self.nodes[node].member.sender.reader().read(ADDRESS, call)
    }

    fn ask(&self, node: usize, method: &str, params: Value) -> eyre::Result<Value> {
        self.nodes[node].member.sender.reader().ask(method, params)
    }

    fn wait_until(&self, what: &str, done: impl Fn(&Self) -> eyre::Result<bool>) -> eyre::Result<()> {
        let started = Instant::now();
        while !done(self)? {
            ensure!(started.elapsed() < PATIENCE, "not after {} s: {what}", PATIENCE.as_secs());
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }
}

/// The first of so many ports in a row that nobody uses, below those that systems hand out by themselves.
fn free_ports(count: u16) -> eyre::Result<u16> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut rows = (20_000..30_000).step_by(usize::from(count));
    rows.find(|first| (*first..first + count).all(free)).ok_or_eyre("there are no free ports")
}
