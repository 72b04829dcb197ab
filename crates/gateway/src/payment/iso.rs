//! ISO 8583 over TCP: each message is preceded by its length in two bytes, the most significant first. Many messages may be on
//! their way on one connection; answers come as they are ready, and the caller finds its own by DE 11 and DE 37.
//!
//! A message that is longer than allowed, too slow, or that cannot even be answered closes the connection.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};

use super::{
    caller::Caller,
    door::{Door, DoorError, Guest, Lock, Wire},
    limits::DoorLimits,
    teller::Teller,
};

/// Opens the door for ISO 8583.
pub async fn open<D: Teller>(
    address: SocketAddr,
    lock: Lock,
    limits: DoorLimits,
    teller: Arc<D>,
    at_work: Arc<Semaphore>,
) -> Result<Door, DoorError> {
    let room = Room { teller, at_work, limits: limits.clone() };
    Door::start(address, lock, limits, move |wire, caller, guest| room.clone().serve(wire, caller, guest)).await
}

/// What every connection shares.
struct Room<D> {
    teller: Arc<D>,
    at_work: Arc<Semaphore>,
    limits: DoorLimits,
}

impl<D: Teller> Room<D> {
    /// One connection, until it ends, idles too long, breaks a rule or the door stops; then what is at work is still answered.
    async fn serve(self, wire: Box<dyn Wire>, caller: Caller, mut guest: Guest) {
        let (incoming, outgoing) = split(wire);
        let (answers, taken) = mpsc::channel(self.limits.max_in_flight);
        // Not a task of its own: when the door cuts this connection off, both halves of the wire go with it.
        let mut writing = pin!(write(outgoing, taken, self.limits.message_timeout));
        tokio::select! {
            () = self.read(BufReader::new(incoming), &caller, answers) => {}
            () = guest.stopping() => {}
            () = &mut writing => return,
        }
        writing.await;
    }

    async fn read(&self, mut incoming: BufReader<ReadHalf<Box<dyn Wire>>>, caller: &Caller, answers: Answers) {
        let caller = Arc::new(caller.clone());
        let in_flight = Arc::new(Semaphore::new(self.limits.max_in_flight));
        loop {
            let Ok(turn) = Arc::clone(&in_flight).acquire_owned().await else { return };
            match self.next(&mut incoming, &answers).await {
                Ok(message) => self.work(message, Arc::clone(&caller), answers.clone(), turn),
                Err(Over::Quiet) => return,
                Err(reason) => return tracing::info!(%caller, %reason, "a connection was closed"),
            }
        }
    }

    /// The next message; also comes to an end when the writer gave up.
    async fn next(
        &self,
        incoming: &mut BufReader<ReadHalf<Box<dyn Wire>>>,
        answers: &Answers,
    ) -> Result<Vec<u8>, Over> {
        let first = tokio::select! {
            first = timeout(self.limits.idle_timeout, incoming.read_u8()) => first.map_err(|_| Over::Quiet)?,
            () = answers.closed() => return Err(Over::Quiet),
        };
        let first = first.map_err(|_| Over::Quiet)?;
        let rest = async {
            let length = usize::from(u16::from_be_bytes([first, incoming.read_u8().await.map_err(Over::Broken)?]));
            if length == 0 || length > self.limits.max_message_bytes {
                return Err(Over::Length { length, most: self.limits.max_message_bytes });
            }
            let mut message = vec![0; length];
            incoming.read_exact(&mut message).await.map_err(Over::Broken)?;
            Ok(message)
        };
        timeout(self.limits.message_timeout, rest).await.map_err(|_| Over::Slow)?
    }

    fn work(&self, message: Vec<u8>, caller: Arc<Caller>, answers: Answers, turn: OwnedSemaphorePermit) {
        let (teller, at_work) = (Arc::clone(&self.teller), Arc::clone(&self.at_work));
        tokio::spawn(async move {
            let Ok(_place) = at_work.acquire_owned().await else { return };
            let answered = tokio::task::spawn_blocking(move || teller.answer_iso(&caller, &message)).await;
            // `None` ends the connection.
            let _taken = answers.send(answered.ok().flatten()).await;
            drop(turn);
        });
    }
}

impl<D> Clone for Room<D> {
    fn clone(&self) -> Self {
        Self { teller: Arc::clone(&self.teller), at_work: Arc::clone(&self.at_work), limits: self.limits.clone() }
    }
}

type Answers = mpsc::Sender<Option<Vec<u8>>>;

/// Why no more is read.
#[derive(Debug, thiserror::Error)]
enum Over {
    #[error("nothing more came")]
    Quiet,
    #[error("a message broke off: {0}")]
    Broken(std::io::Error),
    #[error("a message took too long to arrive")]
    Slow,
    #[error("a message of {length} bytes; 1 to {most} are allowed")]
    Length { length: usize, most: usize },
}

/// Sends answers until nobody can make any more, or the caller does not take them.
async fn write(
    mut outgoing: WriteHalf<Box<dyn Wire>>,
    mut answers: mpsc::Receiver<Option<Vec<u8>>>,
    patience: Duration,
) {
    while let Some(Some(answer)) = answers.recv().await {
        let Some(frame) = framed(&answer) else { break };
        let sending = async {
            outgoing.write_all(&frame).await?;
            outgoing.flush().await
        };
        if !matches!(timeout(patience, sending).await, Ok(Ok(()))) {
            break;
        }
    }
    // Whoever still works is told that nobody takes the answer, and the reader ends.
    answers.close();
    let _shut = timeout(patience, outgoing.shutdown()).await;
}

/// The message behind its length.
fn framed(message: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(message.len()).ok()?;
    Some([&length.to_be_bytes()[..], message].concat())
}
