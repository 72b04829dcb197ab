//! The same messages as JSON: `POST /payments`, and `GET /health`. HTTP/1.1, bodies whole and bounded.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    caller::Caller,
    door::{Door, DoorError, Guest, Lock, Wire},
    limits::DoorLimits,
    teller::{JsonAnswer, Teller},
};

/// Opens the door for JSON.
pub async fn open<D: Teller>(
    address: SocketAddr,
    lock: Lock,
    limits: DoorLimits,
    teller: Arc<D>,
    at_work: Arc<Semaphore>,
) -> Result<Door, DoorError> {
    let room = Arc::new(Room { teller, at_work, limits: limits.clone() });
    Door::start(address, lock, limits, move |wire, caller, guest| Arc::clone(&room).serve(wire, caller, guest)).await
}

struct Room<D> {
    teller: Arc<D>,
    at_work: Arc<Semaphore>,
    limits: DoorLimits,
}

impl<D: Teller> Room<D> {
    async fn serve(self: Arc<Self>, wire: Box<dyn Wire>, caller: Caller, mut guest: Guest) {
        let caller = Arc::new(caller);
        let answer = service_fn(|request| {
            let (room, caller) = (Arc::clone(&self), Arc::clone(&caller));
            async move { Ok::<_, Infallible>(room.answer(request, caller).await.into()) }
        });
        let mut http = http1::Builder::new();
        // From the end of an answer to the head of the next request.
        http.timer(TokioTimer::new()).header_read_timeout(self.limits.idle_timeout);
        let mut connection = pin!(http.serve_connection(TokioIo::new(wire), answer));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = guest.stopping() => connection.as_mut().graceful_shutdown(),
        }
        let _ended = connection.await;
    }

    async fn answer(&self, request: Request<Incoming>, caller: Arc<Caller>) -> JsonAnswer {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/payments") => self.pay(request, caller).await,
            (&Method::GET, "/health") => self.teller.health(),
            (_, "/payments" | "/health") => refused(StatusCode::METHOD_NOT_ALLOWED, "this method means nothing here"),
            _ => refused(StatusCode::NOT_FOUND, "nothing is here; payments are at /payments"),
        }
    }

    async fn pay(&self, request: Request<Incoming>, caller: Arc<Caller>) -> JsonAnswer {
        if request.headers().get(CONTENT_TYPE).is_none_or(|kind| !is_json(kind)) {
            return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json");
        }
        let reading = Limited::new(request.into_body(), self.limits.max_body_bytes).collect();
        let body = match timeout(self.limits.message_timeout, reading).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return refused(StatusCode::BAD_REQUEST, "the body is too long, or broke off"),
            Err(_) => return refused(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
        };
        self.work(body, caller).await.unwrap_or_else(|| refused(StatusCode::INTERNAL_SERVER_ERROR, "not answered"))
    }

    async fn work(&self, body: Bytes, caller: Arc<Caller>) -> Option<JsonAnswer> {
        let place = Arc::clone(&self.at_work).acquire_owned().await.ok()?;
        let teller = Arc::clone(&self.teller);
        // The place is held by the thread, also when the caller has gone.
        let working = move || {
            let _place = place;
            teller.answer_json(&caller, &body)
        };
        tokio::task::spawn_blocking(working).await.ok()
    }
}

impl From<JsonAnswer> for Response<Full<Bytes>> {
    fn from(answer: JsonAnswer) -> Self {
        let mut response = Self::new(Full::new(answer.body));
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

fn is_json(kind: &HeaderValue) -> bool {
    let named = kind.to_str().ok().and_then(|kind| kind.split(';').next());
    named.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn refused(status: StatusCode, reason: &str) -> JsonAnswer {
    let body = serde_json::json!({ "error": reason }).to_string();
    JsonAnswer { status: status.as_u16(), body: body.into() }
}
