//! Services written by hand, with text for messages, so that nothing needs `protoc`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, BufMut};
use portcullis::tonic::RequestExt;
use portcullis::{Rejection, scope};
use tokio::sync::mpsc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::tokio_stream::{Stream, StreamExt, iter};
use tonic::codegen::{BoxFuture, BoxStream, Service, http};
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status, Streaming, body::Body};
use tower::service_fn;

/// A service with methods of all four kinds. Counts the calls that reached it.
#[derive(Clone, Default)]
pub(crate) struct Orders {
    pub(crate) calls: Arc<AtomicUsize>,
    /// Told when `Hang` is called, and when that call is dropped.
    pub(crate) hanging: Option<mpsc::Sender<()>>,
}

/// A service that asks for nobody.
#[derive(Clone)]
pub(crate) struct Health;

#[derive(serde::Deserialize)]
struct User {
    email: String,
}

#[derive(serde::Deserialize)]
struct Numbered {
    #[expect(dead_code, reason = "no token has it")]
    email: u64,
}

type Answer = Result<Response<String>, Status>;

async fn get(request: Request<String>) -> Answer {
    let token = request.verified()?;
    let subject = token.subject().unwrap_or("nobody");
    Ok(Response::new(format!("{} of {subject}", request.get_ref())))
}

async fn delete(request: Request<String>) -> Answer {
    request.verified()?.require(&scope("orders:delete"))?;
    Ok(Response::new("gone".to_owned()))
}

async fn who(request: Request<String>) -> Answer {
    let token = request.verified_optional()?;
    Ok(Response::new(token.map_or("anonymous".to_owned(), |token| token.subject().unwrap().to_owned())))
}

async fn email(request: Request<String>) -> Answer {
    Ok(Response::new(request.claims::<User>()?.email.clone()))
}

async fn number(request: Request<String>) -> Answer {
    request.claims::<Numbered>()?;
    Ok(Response::new(String::new()))
}

/// An error of ours behind a status of the application's own.
async fn hidden(_: Request<String>) -> Answer {
    let mut status = Status::not_found("no such order");
    status.set_source(Arc::new(portcullis::Error::from(Rejection::SignatureInvalid)));
    Err(status)
}

async fn watch(request: Request<String>) -> Result<Response<BoxStream<String>>, Status> {
    let name = request.verified()?.subject().unwrap_or_default().to_owned();
    let messages = (1..=3).map(move |number| Ok(format!("{number} for {name}")));
    Ok(Response::new(Box::pin(iter(messages))))
}

async fn upload(request: Request<Streaming<String>>) -> Answer {
    let name = request.verified()?.subject().unwrap_or_default().to_owned();
    let mut count = 0;
    let mut messages = request.into_inner();
    while messages.message().await?.is_some() {
        count += 1;
    }
    Ok(Response::new(format!("{count} of {name}")))
}

async fn chat(request: Request<Streaming<String>>) -> Result<Response<BoxStream<String>>, Status> {
    request.verified()?;
    let echoes = request.into_inner().map(|message| Ok(format!("{}?", message?)));
    Ok(Response::new(Box::pin(echoes)))
}

impl Orders {
    async fn hang(self) -> Answer {
        let told = self.hanging.unwrap();
        told.send(()).await.unwrap();
        let _dropped = Dropped(told);
        std::future::pending().await
    }
}

struct Dropped(mpsc::Sender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.try_send(());
    }
}

impl NamedService for Orders {
    const NAME: &'static str = "shop.Orders";
}

impl NamedService for Health {
    const NAME: &'static str = "shop.Health";
}

impl Service<http::Request<Body>> for Orders {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let this = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(TextCodec);
            Ok(match request.uri().path() {
                "/shop.Orders/Get" => grpc.unary(service_fn(get), request).await,
                "/shop.Orders/Delete" => grpc.unary(service_fn(delete), request).await,
                "/shop.Orders/Who" => grpc.unary(service_fn(who), request).await,
                "/shop.Orders/Email" => grpc.unary(service_fn(email), request).await,
                "/shop.Orders/Number" => grpc.unary(service_fn(number), request).await,
                "/shop.Orders/Hidden" => grpc.unary(service_fn(hidden), request).await,
                "/shop.Orders/Watch" => grpc.server_streaming(service_fn(watch), request).await,
                "/shop.Orders/Upload" => grpc.client_streaming(service_fn(upload), request).await,
                "/shop.Orders/Chat" => grpc.streaming(service_fn(chat), request).await,
                "/shop.Orders/Hang" => {
                    grpc.unary(service_fn(|_: Request<String>| this.clone().hang()), request).await
                }
                _ => Status::unimplemented("").into_http(),
            })
        })
    }
}

impl Service<http::Request<Body>> for Health {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let check = |_: Request<String>| async { Ok::<_, Status>(Response::new("serving".to_owned())) };
        Box::pin(async move { Ok(Grpc::new(TextCodec).unary(service_fn(check), request).await) })
    }
}

/// Messages of plain text, in place of protobuf.
#[derive(Clone, Copy, Default)]
pub(crate) struct TextCodec;

impl Codec for TextCodec {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for TextCodec {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for TextCodec {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        String::from_utf8(bytes.into()).map(Some).map_err(|_| Status::invalid_argument("not UTF-8"))
    }
}

/// A stream that never has a message.
pub(crate) fn silence() -> impl Stream<Item = String> + Send + 'static {
    tonic::codegen::tokio_stream::pending()
}
