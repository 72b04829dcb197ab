//! The real network: members in one process, over TCP on loopback, with commonware's handshake, on real disks for the votes.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::{Duration, Instant},
};

use consensus::{
    Peer, Wake,
    simplex::{Figures, Place, Simplex},
};

use crate::{
    gossip::Whispers,
    network::config,
    notebook::{Change, Disk, Notebook, World, check, height, peer},
    suite::real_clock,
};

/// A network that has not moved for so long will not.
const PATIENCE: Duration = Duration::from_secs(120);

struct Network {
    world: Arc<World>,
    disks: Vec<Disk>,
    wakes: Vec<Wake>,
    engines: Vec<Option<Simplex>>,
    folder: tempfile::TempDir,
}

impl Network {
    fn new(founders: usize, members: usize) -> Self {
        let world = World::with_ports(8, 0..founders, free_ports(members));
        Self {
            world,
            disks: (0..members).map(|_| Disk::default()).collect(),
            wakes: (0..members).map(|_| Wake::default()).collect(),
            engines: (0..members).map(|_| None).collect(),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn start(&mut self, member: usize, bootstrap: &[usize]) {
        let bootstrap = bootstrap.iter().map(|other| peer(&self.world, *other)).collect();
        self.start_at(member, self.world.ports[member], bootstrap);
    }

    /// Where the ledger does not say.
    fn start_at(&mut self, member: usize, port: u16, bootstrap: Vec<Peer>) {
        let ledger = Notebook::open(&self.world, &self.disks[member], real_clock());
        let place = Place {
            folder: self.folder.path().join(member.to_string()),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            bootstrap,
            local: true,
            worker_threads: 1,
        };
        let failed = |fatal| panic!("the engine ended: {fatal}");
        let wake = self.wakes[member].clone();
        let gossip = Arc::<Whispers>::default();
        let engine = Simplex::start(config(&self.world, member), place, ledger, gossip, wake, failed);
        self.engines[member] = Some(engine.expect("it starts"));
    }

    fn stop(&mut self, member: usize) {
        self.engines[member].take().expect("it runs").stop();
    }

    fn reach(&self, members: &[usize], until: u64) {
        let started = Instant::now();
        while members.iter().any(|member| height(&self.disks[*member]) < until) {
            let heights: Vec<u64> = self.disks.iter().map(height).collect();
            assert!(started.elapsed() < PATIENCE, "no progress: {heights:?}");
            self.wakes.iter().for_each(Wake::raise);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn figures(&self, member: usize) -> Figures {
        self.engines[member].as_ref().expect("it runs").figures()
    }

    /// Waits until a member shows so many peers as connected.
    fn connects(&self, member: usize, peers: usize) {
        let started = Instant::now();
        while self.figures(member).peers.iter().filter(|peer| peer.connected).count() != peers {
            assert!(started.elapsed() < PATIENCE, "not {peers} connected: {:?}", self.figures(member));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn check(mut self) {
        for engine in self.engines.iter_mut().filter_map(Option::take) {
            engine.stop();
        }
        check(&self.world, &self.disks.iter().collect::<Vec<_>>());
    }
}

/// Ports that nobody uses now.
fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port")).collect();
    listeners.iter().map(|listener| listener.local_addr().expect("bound").port()).collect()
}

#[test]
fn members_agree_over_tcp_and_one_that_was_stopped_comes_back() {
    let mut network = Network::new(4, 4);
    network.world.offer(1_000);
    (0..4).for_each(|member| network.start(member, &[]));
    network.reach(&[0, 1, 2, 3], 10);
    network.stop(2);
    network.reach(&[0, 1, 3], 20);
    network.start(2, &[]);
    network.reach(&[0, 1, 2, 3], 30);
    network.check();
}

#[test]
fn members_show_who_is_connected_and_what_goes_between_them() {
    let mut network = Network::new(4, 4);
    network.world.offer(1_000);
    (0..4).for_each(|member| network.start(member, &[]));
    // An epoch has eight blocks, so every member opens one of the first four.
    network.reach(&[0, 1, 2, 3], 40);
    (0..4).for_each(|member| network.connects(member, 3));
    network.reach(&[0, 1, 2, 3], 60);
    let all: Vec<Figures> = (0..4).map(|member| network.figures(member)).collect();
    for figures in &all {
        assert_eq!(figures.peers.len(), 3, "everyone but itself: {figures:?}");
        assert!(figures.epoch >= 4 && figures.view > 0 && figures.syncs > 0, "{figures:?}");
        assert!(figures.bytes.sent > 0 && figures.bytes.received > 0, "{figures:?}");
        for peer in &figures.peers {
            let votes = peer.messages.iter().find(|(channel, _)| *channel == "votes").expect("votes were exchanged");
            assert!(votes.1.sent > 0 && votes.1.received > 0, "{figures:?}");
            assert!(peer.newest_vote.is_some(), "{figures:?}");
        }
    }
    assert!(all.iter().map(|figures| figures.switches).sum::<u64>() > 0, "{all:?}");
    network.stop(2);
    [0, 1, 3].into_iter().for_each(|member| network.connects(member, 2));
    network.check();
}

#[test]
fn a_joiner_that_knows_one_peer_is_let_in_once_it_is_admitted() {
    let mut network = Network::new(4, 5);
    network.world.offer(20);
    (0..4).for_each(|member| network.start(member, &[]));
    network.start(4, &[1]);
    network.reach(&[0, 1, 2, 3], 5);
    assert_eq!(height(&network.disks[4]), 0, "no member talks to a stranger");
    network.world.vote(Change::Admit(4));
    network.world.offer(1_000);
    network.reach(&[0, 1, 2, 3, 4], 40);
    network.check();
}

#[test]
fn a_joiner_whose_genesis_peers_are_all_gone_needs_one_current_peer() {
    let mut network = Network::new(4, 5);
    network.world.vote(Change::Admit(4));
    network.world.offer(1_000);
    (0..4).for_each(|member| network.start(member, &[]));
    network.reach(&[0, 1, 2, 3], 20);
    (0..4).for_each(|member| network.stop(member));
    // One is still there, and lives elsewhere.
    let [port] = free_ports(1)[..] else { unreachable!("one was asked for") };
    network.start_at(1, port, Vec::new());
    let moved = Peer { port, ..peer(&network.world, 1) };
    network.start_at(4, network.world.ports[4], vec![moved]);
    network.reach(&[4], height(&network.disks[1]));
    network.check();
}
