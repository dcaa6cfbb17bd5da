//! Handlers, requests and what comes back.

use std::fmt::{self, Debug, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Request, Response, request};
use portcullis::{Error, VerifiedToken};
use tower::ServiceExt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

pub(crate) async fn subject(token: VerifiedToken) -> String {
    token.subject().unwrap_or_default().to_owned()
}

pub(crate) async fn perhaps(token: Option<VerifiedToken>) -> String {
    token.map_or_else(|| "anonymous".to_owned(), |token| token.subject().unwrap_or_default().to_owned())
}

/// What came back. Over a socket no reason comes along but what the challenge says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn challenges(&self) -> Vec<&str> {
        self.headers.get_all(WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// Status and reason.
    pub(crate) fn verdict(&self) -> (u16, &str) {
        (self.status, self.code.unwrap_or(""))
    }

    /// Status and body.
    pub(crate) fn said(&self) -> (u16, &str) {
        (self.status, &self.body)
    }
}

/// A `GET` with this token.
pub(crate) fn with(path: &str, token: &str) -> request::Builder {
    Request::get(path).header(AUTHORIZATION, format!("Bearer {token}"))
}

pub(crate) async fn answer(app: &Router, request: request::Builder) -> Answer {
    let request = request.body(Body::empty()).unwrap();
    let response: Response<Body> = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 10_000).await.unwrap();
    Answer {
        status: parts.status.as_u16(),
        code: parts.extensions.get::<Error>().map(Error::code),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

/// Serves an application on a free loopback port; its address, without a slash at the end.
pub(crate) async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// What a client over a socket is told.
pub(crate) async fn told(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, code: None, headers, body: response.text().await.unwrap() }
}

/// The errors that this thread logs.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    pub(crate) fn listen() -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.clone());
        (log, guard)
    }

    pub(crate) fn errors(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        writeln!(self.0.lock().unwrap(), "{}", line.0).unwrap();
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
