//! One load on one cluster: senders at a fixed rate or with a bounded number on their way, watchers at every node, a kill in the middle.
//!
//! Called by `rows.rs`. At a fixed rate the clock of a transaction starts when it was due, not when a sender came to it, so a node
//! or a sender that lags does not hide its lag. When a sender's node is killed, the sender goes on at the next one and sends again
//! what it saw no receipt of, as a client would: a pool's promise dies with the node.

use std::sync::Barrier;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use alloy_primitives::{B256, hex};
use eyre::{Context, Result, ensure, eyre};

use super::super::drive::{WAIT_LIMIT, count_accepted, set_up};
use super::super::http::{Connection, excerpt, request};
use super::super::load::{Lane, Load};
use super::cluster::Cluster;
use super::watch::{Board, Seen, Watcher};

/// How fast transactions are sent.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// One each period, over all lanes, whatever the nodes do.
    Every(Duration),
    /// As fast as the nodes answer, with at most so many of each lane on their way to a block.
    Window(usize),
}

/// A node that dies while the load runs.
#[derive(Clone, Copy)]
pub(super) struct Kill {
    pub(super) node: usize,
    pub(super) after: Duration,
}

/// What happened.
pub(super) struct Driven {
    pub(super) sent: Vec<Sent>,
    /// By node, in order of height.
    pub(super) blocks: Vec<Vec<Seen>>,
    pub(super) started: Instant,
    pub(super) killed: Option<Instant>,
    /// All nodes together.
    pub(super) processor_time: Duration,
}

/// One transaction on its way.
pub(super) struct Sent {
    pub(super) hash: B256,
    /// When it was due; without a rate, when it was sent.
    pub(super) due: Instant,
    /// How long after that the sender came to it.
    pub(super) late: Duration,
    /// Who was asked last.
    pub(super) node: usize,
}

/// Prepares the chain, sends everything, waits until every node that lives serves all of it.
pub(super) fn drive(cluster: &mut Cluster, load: &Load, pace: Pace, kill: Option<Kill>) -> Result<Driven> {
    let (running, ports) = (cluster.running(), cluster.ports.clone());
    set_up(&mut cluster.rpc(running[0])?, false, &load.setup).wrap_err("set-up")?;
    let node_of_lane: Vec<usize> = (0..load.lanes.len()).map(|lane| running[lane % running.len()]).collect();
    let board = Board::new(load, ports.len(), &node_of_lane);
    // A node that never ran serves nothing.
    (0..ports.len()).filter(|node| !running.contains(node)).for_each(|node| board.kill(node));
    let watchers: Vec<Watcher> =
        running.iter().map(|node| Watcher::open(*node, ports[*node])).collect::<Result<_>>()?;
    let lanes = load.lanes.iter().enumerate();
    let senders: Vec<Sender> =
        lanes.map(|(index, lane)| Sender::new(index, lane, &board, &ports, pace)).collect::<Result<_>>()?;

    let before = cluster.processor_time()?;
    let start = Barrier::new(senders.len() + 1);
    let (sent, started, killed, after) = thread::scope(|scope| {
        let watching: Vec<_> = watchers.into_iter().map(|it| scope.spawn(|| it.run(&board))).collect();
        let sending: Vec<_> = senders.into_iter().map(|it| scope.spawn(|| it.run(&start))).collect();
        start.wait();
        let started = Instant::now();
        let killed = kill.map(|kill| kill_in_the_middle(cluster, &board, kill));
        let sent: Result<Vec<_>> = sending.into_iter().map(|it| it.join().expect("a sender does not panic")).collect();
        let served = sent.and_then(|sent| wait_until_served(&board).map(|()| sent));
        let after = cluster.processor_time();
        board.finish();
        let watched: Result<Vec<_>> =
            watching.into_iter().map(|it| it.join().expect("a watcher does not panic")).collect();
        served.and_then(|sent| watched.and_then(|_| Ok((sent, started, killed, after?))))
    })
    .or_else(|problem| cluster.check_alive().and(Err(problem)))?;
    cluster.check_alive()?;
    let sent = sent.into_iter().flatten().collect();
    Ok(Driven { sent, blocks: board.into_blocks(), started, killed, processor_time: after.saturating_sub(before) })
}

fn kill_in_the_middle(cluster: &mut Cluster, board: &Board, kill: Kill) -> Instant {
    sleep(kill.after);
    // Said first: whoever loses its connection may ask why.
    board.kill(kill.node);
    cluster.kill(kill.node);
    Instant::now()
}

fn wait_until_served(board: &Board) -> Result<()> {
    let start = Instant::now();
    loop {
        let missing = board.missing();
        if missing == 0 {
            return Ok(());
        }
        ensure!(
            start.elapsed() < WAIT_LIMIT,
            "{missing} transactions are not served by every node after {WAIT_LIMIT:?}"
        );
        sleep(WAIT_POLL);
    }
}

struct Sender<'a> {
    index: usize,
    lane: &'a Lane,
    requests: Vec<Vec<u8>>,
    board: &'a Board,
    ports: &'a [u16],
    pace: Pace,
    lanes: usize,
    connection: Connection,
}

impl<'a> Sender<'a> {
    fn new(index: usize, lane: &'a Lane, board: &'a Board, ports: &'a [u16], pace: Pace) -> Result<Self> {
        let port = ports[board.node_of(index)];
        let requests = lane.transactions.iter().map(|signed| send_request(port, &signed.raw)).collect();
        let (connection, lanes) = (Connection::open(port)?, board.lanes());
        Ok(Self { index, lane, requests, board, ports, pace, lanes, connection })
    }

    fn run(mut self, start: &Barrier) -> Result<Vec<Sent>> {
        start.wait();
        let started = Instant::now();
        let mut sent: Vec<Sent> = Vec::with_capacity(self.requests.len());
        for turn in 0..self.requests.len() {
            let due = self.wait_for_turn(turn, started)?;
            let hash = self.lane.transactions[turn].hash;
            sent.push(Sent { hash, due, late: due.elapsed(), node: self.board.node_of(self.index) });
            match self.connection.exchange(&self.requests[turn]) {
                Ok(answer) => ensure!(count_accepted(answer) == 1, "not accepted: {}", excerpt(answer)),
                Err(_) if self.board.is_killed(self.board.node_of(self.index)) => self.fail_over(&mut sent)?,
                Err(problem) => return Err(problem),
            }
        }
        self.stay_with_the_living(&mut sent)?;
        Ok(sent)
    }

    fn wait_for_turn(&self, turn: usize, started: Instant) -> Result<Instant> {
        match self.pace {
            Pace::Every(period) => {
                let due = started + period * u32::try_from(turn * self.lanes + self.index)?;
                sleep(due.saturating_duration_since(Instant::now()));
                Ok(due)
            }
            Pace::Window(width) => {
                let waiting = Instant::now();
                while turn - self.board.served_of(self.index).min(turn) >= width {
                    ensure!(waiting.elapsed() < WAIT_LIMIT, "no progress for {WAIT_LIMIT:?}");
                    sleep(WINDOW_POLL);
                }
                Ok(Instant::now())
            }
        }
    }

    /// A node that died after the last answer: its promises are made again elsewhere.
    fn stay_with_the_living(&mut self, sent: &mut [Sent]) -> Result<()> {
        let all_served = |board: &Board| board.served_of(self.index) >= self.requests.len();
        if self.board.is_killed(self.board.node_of(self.index)) && !all_served(self.board) {
            self.fail_over(sent)?;
        }
        Ok(())
    }

    fn fail_over(&mut self, sent: &mut [Sent]) -> Result<()> {
        let dead = self.board.node_of(self.index);
        let after = (1..self.ports.len()).map(|step| (dead + step) % self.ports.len());
        let node =
            after.into_iter().find(|node| !self.board.is_killed(*node)).ok_or_else(|| eyre!("all nodes are dead"))?;
        let unserved: Vec<bool> = sent.iter().map(|it| !self.board.is_served(self.index, it.hash)).collect();
        self.board.move_lane(self.index, node);
        self.connection = Connection::open(self.ports[node])?;
        for (turn, it) in sent.iter_mut().enumerate().filter(|(turn, _)| unserved[*turn]) {
            it.node = node;
            // "Known already" and "nonce too low" are as good as a hash: the checks after the clock count them all.
            let answer =
                self.connection.exchange(&send_request(self.ports[node], &self.lane.transactions[turn].raw))?;
            ensure!(!answer.is_empty(), "an empty answer");
        }
        Ok(())
    }
}

fn send_request(port: u16, raw: &[u8]) -> Vec<u8> {
    let raw = hex::encode_prefixed(raw);
    request(port, &format!(r#"{{"jsonrpc":"2.0","id":0,"method":"eth_sendRawTransaction","params":["{raw}"]}}"#))
}

const WAIT_POLL: Duration = Duration::from_millis(2);
const WINDOW_POLL: Duration = Duration::from_micros(500);
