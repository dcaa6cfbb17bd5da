//! An actix-web server on a loopback port, a client that sends headers as they are, and handlers.

use std::net::SocketAddr;

use actix_web::dev::ServerHandle;
use actix_web::web;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use portcullis::actix::MaybeVerified;
use portcullis::{Claims, Error, VerifiedToken, require, scope};

/// A server that runs as long as the test does.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) server: ServerHandle,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Serves an `App`, which is made anew for each worker.
macro_rules! serve {
    ($app:expr) => {{
        let server = actix_web::HttpServer::new(move || $app).workers(2).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let running = server.run();
        let handle = running.handle();
        tokio::spawn(running);
        $crate::house::House::new(address, handle)
    }};
}
pub(crate) use serve;

/// One request, in words.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
}

/// What came back, but for what every server adds by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn get(target: &str) -> Self {
        Self { method: Method::GET, target: target.to_owned(), headers: Vec::new() }
    }

    pub(crate) fn by(self, method: Method) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn request<B: Default>(&self, origin: &str) -> Request<B> {
        let mut request = Request::new(B::default());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = format!("{origin}{}", self.target).parse().unwrap();
        for (name, value) in &self.headers {
            request
                .headers_mut()
                .append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        request
    }
}

impl Answer {
    pub(crate) async fn of<B: hyper::body::Body>(response: http::Response<B>) -> Self
    where
        B::Error: std::fmt::Debug,
    {
        let (mut parts, body) = response.into_parts();
        for name in [CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING] {
            parts.headers.remove(name);
        }
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, and the reason in the challenge or else the body.
    pub(crate) fn brief(&self) -> (u16, &str) {
        let reason = self.header("www-authenticate").split_once("reason=\"");
        let reason = reason.and_then(|(_, rest)| rest.split_once('"')).map(|(reason, _)| reason);
        (self.status.as_u16(), reason.unwrap_or(&self.body))
    }
}

impl House {
    pub(crate) fn new(address: SocketAddr, server: ServerHandle) -> Self {
        Self { address, server, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub(crate) async fn ask(&self, sent: &Sent) -> Answer {
        let request = sent.request(&format!("http://{}", self.address));
        Answer::of(self.client.request(request).await.unwrap()).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // It need not be waited for.
        drop(self.server.stop(false));
    }
}

#[derive(serde::Deserialize)]
pub(crate) struct User {
    email: String,
}

/// A handler of axum, too, as are the next two.
pub(crate) async fn subject(token: VerifiedToken) -> String {
    token.subject().unwrap_or_default().to_owned()
}

pub(crate) async fn email(Claims(user): Claims<User>, again: Claims<User>) -> String {
    assert!(std::sync::Arc::ptr_eq(&user, &again.clone().0), "read once");
    again.email.clone()
}

pub(crate) async fn delete(token: VerifiedToken) -> Result<&'static str, Error> {
    token.require(&scope("orders:delete"))?;
    Ok("gone")
}

pub(crate) async fn perhaps(MaybeVerified(token): MaybeVerified) -> String {
    token.map_or_else(|| "anonymous".to_owned(), |token| token.subject().unwrap_or_default().to_owned())
}

/// The handler behind the requirement would serve anyone: it is the requirement that is tested.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let orders = web::resource("/orders").route(web::to(perhaps)).wrap(require(scope("orders:read")));
    config
        .route("/subject", web::to(subject))
        .route("/perhaps", web::to(perhaps))
        .route("/email", web::to(email))
        .route("/delete", web::to(delete))
        .service(orders);
}
