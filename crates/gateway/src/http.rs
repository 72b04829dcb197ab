//! One HTTP request: is it allowed, which door does it knock on, what is the answer. Called by `server` for every request of
//! every connection.
//!
//! ```text
//! POST /         JSON-RPC               GET /health    the node's state as JSON
//! GET / upgrade  WebSocket              GET /metrics   Prometheus text
//! GET /          a line of text         OPTIONS *      what other sites' pages may do
//! GET *          the console's pages, GET / too for browsers (`Accept: text/html`), and its files for programs
//! POST *         forms of the console's pages, by pages of this node only
//! ```

use std::{borrow::Cow, convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequestParts, ws::WebSocketUpgrade},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, request::Parts},
};
use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use crate::{
    health::{Health, HealthStatus},
    live::{self, AnswerBody},
    metrics::MetricsText,
    origin::{Access, Origin, is_json},
    pages::{Form, Opened, Page, Pages, Piece, Visit},
    rpc::{
        Caller, Methods, Transport,
        endpoint::{Endpoint, Session},
    },
    server::Guest,
    ws,
};

/// Everything that a request may lead to. Shared by all connections.
pub(crate) struct Doors<M> {
    pub(crate) endpoint: Arc<Endpoint<M>>,
    pub(crate) access: Access,
    pub(crate) pages: Option<Arc<dyn Pages>>,
    pub(crate) health: Box<dyn Fn() -> Health + Send + Sync>,
    pub(crate) metrics: Box<dyn Fn(&mut MetricsText) + Send + Sync>,
}

/// Bodies are whole and bounded, but for those of live events.
pub(crate) type Answer = Response<AnswerBody>;

impl<M: Methods> Doors<M> {
    /// Answers one request. `guest` stands for the connection; a WebSocket keeps it.
    pub(crate) async fn answer(&self, request: Request<Incoming>, guest: &Guest) -> Result<Answer, Infallible> {
        if !self.access.is_own_host(request.headers(), request.uri()) {
            return Ok(refuse(StatusCode::FORBIDDEN, FOREIGN_HOST).into());
        }
        let origin = self.access.origin(request.headers());
        let mut answer = self.route(request, &origin, guest).await.unwrap_or_else(Answer::from);
        if let Some(allowed) = origin.allowed() {
            let headers = answer.headers_mut();
            // What is open to every site stays so, and is cached as one.
            if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed.clone());
                headers.insert(header::VARY, HeaderValue::from_static("Origin"));
            }
        }
        Ok(answer)
    }

    async fn route(&self, request: Request<Incoming>, origin: &Origin, guest: &Guest) -> Result<Answer, Refusal> {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        match request.uri().path() {
            _ if request.method() == Method::OPTIONS => preflight(origin),
            "/" if request.method() == Method::POST => self.call(request, origin).await,
            "/" if reads && request.headers().contains_key(header::UPGRADE) => {
                self.upgrade(request, origin, guest).await
            }
            "/" if reads && !(self.pages.is_some() && wants_page(request.headers())) => {
                Ok(text(StatusCode::OK, TEXT, WELCOME))
            }
            "/health" if reads => Ok(self.show_health()),
            "/metrics" if reads => Ok(text(StatusCode::OK, METRICS, self.show_metrics())),
            _ if reads => self.visit(&request, guest).await,
            "/" | "/health" | "/metrics" => {
                Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "this HTTP method means nothing here"))
            }
            _ if request.method() == Method::POST => self.take(request, origin, guest).await,
            _ => Err(nothing_here()),
        }
    }

    /// A page. Whoever is no browser is told in a line of text that there is none.
    async fn visit(&self, request: &Request<Incoming>, guest: &Guest) -> Result<Answer, Refusal> {
        let pages = self.pages.as_ref().ok_or_else(nothing_here)?;
        let opened = pages.open(&visit_of(request.uri(), request.headers()));
        self.show(opened, request.method(), request.headers(), guest).await
    }

    /// A form. Pages of other sites may not send any: a browser does not ask before it sends them.
    async fn take(&self, request: Request<Incoming>, origin: &Origin, guest: &Guest) -> Result<Answer, Refusal> {
        let pages = self.pages.as_ref().ok_or_else(nothing_here)?;
        let most_bytes = pages.takes(request.uri().path()).ok_or_else(nothing_here)?;
        if origin.is_cross_site() {
            return Err(refuse(StatusCode::FORBIDDEN, FOREIGN_ORIGIN));
        }
        let (Parts { method, uri, headers, .. }, body) = request.into_parts();
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        let form = Form { kind, body: self.read(body, most_bytes).await? };
        let opened = pages.send(&visit_of(&uri, &headers), form);
        self.show(opened, &method, &headers, guest).await
    }

    async fn show(
        &self,
        opened: Opened,
        method: &Method,
        headers: &HeaderMap,
        guest: &Guest,
    ) -> Result<Answer, Refusal> {
        match opened {
            Opened::Now(page) => Ok(page.into()),
            Opened::Heavy(make) => self.make(make).await,
            Opened::File(make) => self.make(make).await.map(shared),
            Opened::Live(pieces) => Ok(self.stream(pieces, method, guest)),
            Opened::Nowhere(page) if wants_page(headers) => Ok(page.into()),
            Opened::Nowhere(_) => Err(nothing_here()),
        }
    }

    async fn make(&self, make: Box<dyn FnOnce() -> Page + Send>) -> Result<Answer, Refusal> {
        let endpoint = &self.endpoint;
        match timeout(endpoint.limits.request_timeout, endpoint.heavy.run(move || Ok(make()))).await {
            Ok(Ok(page)) => Ok(page.into()),
            Ok(Err(error)) => Err(refuse(StatusCode::SERVICE_UNAVAILABLE, error.message)),
            Err(_) => Err(refuse(StatusCode::SERVICE_UNAVAILABLE, "the page took too long to make")),
        }
    }

    fn stream(&self, pieces: BoxStream<'static, Piece>, method: &Method, guest: &Guest) -> Answer {
        let body = match *method {
            Method::HEAD => AnswerBody::default(),
            _ => live::body(pieces, Arc::clone(&self.endpoint), guest),
        };
        let mut answer = Response::new(body);
        let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
        answer.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
        secure(answer.headers_mut());
        answer
    }

    async fn call(&self, request: Request<Incoming>, origin: &Origin) -> Result<Answer, Refusal> {
        if !is_json(request.headers(), origin) {
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json"));
        }
        let body = self.read(request.into_body(), self.endpoint.limits.max_body_bytes).await?;
        let caller = Caller { transport: Transport::Http, cross_site: origin.is_cross_site() };
        let mut session = Session { caller, subscriptions: None, opened: Vec::new() };
        Ok(match self.endpoint.answer(&body, &mut session).await {
            Some(answer) => text(StatusCode::OK, JSON, answer),
            None => empty(StatusCode::NO_CONTENT),
        })
    }

    async fn read(&self, body: Incoming, max_bytes: usize) -> Result<Bytes, Refusal> {
        timeout(self.endpoint.limits.request_timeout, read_at_most(body, max_bytes))
            .await
            .unwrap_or_else(|_| Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")))
    }

    async fn upgrade(&self, request: Request<Incoming>, origin: &Origin, guest: &Guest) -> Result<Answer, Refusal> {
        if *origin == Origin::Foreign {
            return Err(refuse(StatusCode::FORBIDDEN, FOREIGN_ORIGIN));
        }
        let (mut parts, _) = request.into_parts();
        let upgrade = websocket(&mut parts).await?;
        let limits = &self.endpoint.limits;
        let caller = Caller { transport: Transport::WebSocket, cross_site: origin.is_cross_site() };
        let (endpoint, guest) = (Arc::clone(&self.endpoint), guest.clone());
        let response = upgrade
            .max_message_size(limits.max_body_bytes)
            .max_frame_size(limits.max_body_bytes)
            .on_upgrade(move |socket| ws::serve(socket, endpoint, caller, guest));
        Ok(response.map(|_| AnswerBody::default()))
    }

    fn show_health(&self) -> Answer {
        let health = (self.health)();
        let status = if health.status == HealthStatus::Ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        text(status, JSON, serde_json::to_vec(&health).unwrap_or_default())
    }

    fn show_metrics(&self) -> String {
        let mut text = MetricsText::default();
        self.endpoint.metrics.write(&mut text);
        (self.metrics)(&mut text);
        text.finish()
    }
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        let mut answer = text(page.status, page.kind, page.body);
        let headers = answer.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(page.cache));
        if let Some(location) = page.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        secure(headers);
        answer
    }
}

fn shared(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}

/// What a browser may do with a page: load what this node serves, and nothing else. Content Security Policy level 3. The
/// referrer stays within this node: without any, a browser would call the origin of our own forms `null`.
fn secure(headers: &mut HeaderMap) {
    let secured = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    headers.extend(secured.map(|(name, value)| (name, HeaderValue::from_static(value))));
}

fn visit_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Visit<'a> {
    let last_event_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    Visit { path: uri.path(), query: uri.query().unwrap_or_default(), last_event_id }
}

/// Browsers name HTML among what they take; programs take anything, and are not shown pages.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html")))
}

async fn websocket(parts: &mut Parts) -> Result<WebSocketUpgrade, Refusal> {
    WebSocketUpgrade::from_request_parts(parts, &())
        .await
        .map_err(|rejection| refuse(StatusCode::BAD_REQUEST, rejection.body_text()))
}

/// The whole body. Small ones arrive in one piece and are not copied.
async fn read_at_most(mut body: Incoming, max_bytes: usize) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > u64::try_from(max_bytes).unwrap_or(u64::MAX) {
        return Err(too_long(max_bytes));
    }
    let first = next_piece(&mut body).await?.unwrap_or_default();
    if body.is_end_stream() && first.len() <= max_bytes {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    while let Some(piece) = next_piece(&mut body).await? {
        if whole.len().saturating_add(piece.len()) > max_bytes {
            return Err(too_long(max_bytes));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// Skips trailers. A client that breaks off reads no answer, so what it is told hardly matters.
async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| refuse(StatusCode::BAD_REQUEST, "the body broke off"))?;
        if let Ok(piece) = frame.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// What a page of another site may do, asked by its browser beforehand.
fn preflight(origin: &Origin) -> Result<Answer, Refusal> {
    if *origin == Origin::Foreign {
        return Err(refuse(StatusCode::FORBIDDEN, FOREIGN_ORIGIN));
    }
    let mut answer = empty(StatusCode::NO_CONTENT);
    answer.headers_mut().extend([
        (header::ALLOW, HeaderValue::from_static("GET, POST, OPTIONS")),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type")),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
        (ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true")),
    ]);
    Ok(answer)
}

/// Why a request is not worked, in plain words.
struct Refusal {
    status: StatusCode,
    reason: Cow<'static, str>,
}

fn refuse(status: StatusCode, reason: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal { status, reason: reason.into() }
}

fn nothing_here() -> Refusal {
    refuse(StatusCode::NOT_FOUND, "nothing is here; JSON-RPC is at /")
}

fn too_long(max_bytes: usize) -> Refusal {
    refuse(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than {max_bytes} bytes"))
}

impl From<Refusal> for Answer {
    /// The connection is closed, because the rest of the request may not have been read.
    fn from(refusal: Refusal) -> Self {
        let mut answer = text(refusal.status, TEXT, format!("{}\n", refusal.reason));
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST, OPTIONS"));
        }
        answer
    }
}

fn text(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(AnswerBody::Whole(Full::new(body.into())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(AnswerBody::default());
    *answer.status_mut() = status;
    answer
}

const FOREIGN_HOST: &str = "this host name is not allowed here; add it to the allowed hosts";
const FOREIGN_ORIGIN: &str = "this origin is not allowed here; add it to the allowed origins";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const WELCOME: &str = "Counterfoil node: POST JSON-RPC here, or open a WebSocket; see also /health and /metrics.\n";
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
