//! What an endpoint answers, as the test has scripted it.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Response, StatusCode};
use tokio::time::{Interval, interval};

use crate::jose::MAX_SET_BYTES;

/// What an endpoint of a [`TestIssuer`](super::TestIssuer) answers.
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// The document, as it should be.
    #[default]
    Normal,
    /// Nothing: the connection is closed once the request has come. To refuse connections there is
    /// [`TestIssuer::go_down`](super::TestIssuer::go_down).
    Down,
    /// Nothing, until the answer is changed to another one, which is then given.
    Hang,
    /// Head and half of the document; the other half when the answer is changed.
    Stall,
    /// Head and the document, one byte a second by the runtime's clock, which needs its time enabled.
    Drip,
    /// Head and half of the document; then the connection is closed.
    CutOff,
    /// This status, without a document. A status that HTTP does not have becomes 500.
    Status(u16),
    /// 429 without a document, and `Retry-After` in whole seconds.
    TooManyRequests(Duration),
    /// 200 with a page for humans, as sign-in walls and proxies send it.
    Html,
    /// 200 with bytes that are not JSON, nor text.
    Garbage,
    /// 200 with half of the document, as if that were all.
    Truncated,
    /// 200 with a set of no keys.
    EmptySet,
    /// 200 with the document, and blanks behind it beyond what is read.
    Huge,
    /// 200 with the document and blanks without end, and no word on their length.
    Endless,
    /// 302 to this address.
    Redirect(String),
    /// 200 with this text, be it JSON or not.
    Body(String),
}

impl Answer {
    /// Whether nothing of the answer comes until another takes its place.
    pub(super) const fn is_hang(&self) -> bool {
        matches!(self, Self::Hang)
    }

    /// The response, or the error that closes the connection.
    pub(super) fn response(
        self,
        document: String,
        cache_control: Option<HeaderValue>,
        changed: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Response<ScriptedBody>> {
        let mut response = Response::new(ScriptedBody::whole(""));
        let body = match self {
            Self::Normal => ScriptedBody::whole(document),
            Self::Down | Self::Hang => return Err(io::ErrorKind::ConnectionAborted.into()),
            Self::Stall => ScriptedBody::stalled(document, changed),
            Self::Drip => ScriptedBody::dripping(document),
            Self::CutOff => ScriptedBody::cut_off(document),
            Self::TooManyRequests(wait) => {
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                response.headers_mut().insert(RETRY_AFTER, wait.as_secs().into());
                return Ok(response);
            }
            Self::Status(code) => {
                *response.status_mut() =
                    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return Ok(response);
            }
            Self::Redirect(address) => {
                *response.status_mut() = StatusCode::FOUND;
                let address = HeaderValue::from_str(&address).map_err(io::Error::other)?;
                response.headers_mut().insert(LOCATION, address);
                return Ok(response);
            }
            Self::Html => {
                *response.body_mut() = ScriptedBody::whole("<!doctype html><title>Sign in</title>");
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
                return Ok(response);
            }
            Self::Garbage => ScriptedBody::whole(&b"\x00\xff\xfe garbage \x80"[..]),
            Self::Truncated => ScriptedBody::whole(halves(document).0),
            Self::EmptySet => ScriptedBody::whole(r#"{"keys":[]}"#),
            Self::Huge => ScriptedBody::whole(document + &" ".repeat(MAX_SET_BYTES)),
            Self::Endless => ScriptedBody { next: Some(document.into()), length: None, then: Then::Blanks },
            Self::Body(text) => ScriptedBody::whole(text),
        };
        *response.body_mut() = body;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(value) = cache_control {
            response.headers_mut().insert(CACHE_CONTROL, value);
        }
        Ok(response)
    }
}

/// Shows how long a text is, and nothing of it.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("Normal"),
            Self::Down => f.write_str("Down"),
            Self::Hang => f.write_str("Hang"),
            Self::Stall => f.write_str("Stall"),
            Self::Drip => f.write_str("Drip"),
            Self::CutOff => f.write_str("CutOff"),
            Self::Status(code) => write!(f, "Status({code})"),
            Self::TooManyRequests(wait) => write!(f, "TooManyRequests({wait:?})"),
            Self::Html => f.write_str("Html"),
            Self::Garbage => f.write_str("Garbage"),
            Self::Truncated => f.write_str("Truncated"),
            Self::EmptySet => f.write_str("EmptySet"),
            Self::Huge => f.write_str("Huge"),
            Self::Endless => f.write_str("Endless"),
            Self::Redirect(address) => write!(f, "Redirect({} bytes)", address.len()),
            Self::Body(text) => write!(f, "Body({} bytes)", text.len()),
        }
    }
}

/// A body that may go on otherwise than it promised.
pub(super) struct ScriptedBody {
    next: Option<Bytes>,
    length: Option<u64>,
    then: Then,
}

/// What comes after the bytes at hand.
enum Then {
    End,
    /// The connection breaks, once it has had the time to send them.
    Flush,
    Break,
    /// The rest, once the future is ready.
    Stall(Pin<Box<dyn Future<Output = ()> + Send>>, Bytes),
    Blanks,
    /// One byte at each tick.
    Drip(Interval, Bytes),
}

impl ScriptedBody {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { length: u64::try_from(bytes.len()).ok(), next: Some(bytes), then: Then::End }
    }

    fn cut_off(document: String) -> Self {
        let length = u64::try_from(document.len()).ok();
        Self { next: Some(halves(document).0), length, then: Then::Flush }
    }

    fn dripping(document: String) -> Self {
        let length = u64::try_from(document.len()).ok();
        Self { next: None, length, then: Then::Drip(interval(Duration::from_secs(1)), document.into()) }
    }

    fn stalled(document: String, changed: impl Future<Output = ()> + Send + 'static) -> Self {
        let length = u64::try_from(document.len()).ok();
        let (first, second) = halves(document);
        Self { next: Some(first), length, then: Then::Stall(Box::pin(changed), second) }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.next.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.then {
            Then::End => Poll::Ready(None),
            Then::Flush => {
                self.then = Then::Break;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Then::Break => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
            Then::Stall(changed, rest) => {
                ready!(changed.as_mut().poll(cx));
                let rest = std::mem::take(rest);
                self.then = Then::End;
                Poll::Ready(Some(Ok(Frame::data(rest))))
            }
            Then::Blanks => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(BLANKS))))),
            Then::Drip(_, rest) if rest.is_empty() => Poll::Ready(None),
            Then::Drip(ticks, rest) => {
                ready!(ticks.poll_tick(cx));
                Poll::Ready(Some(Ok(Frame::data(rest.split_to(1)))))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn halves(document: String) -> (Bytes, Bytes) {
    let mut first = Bytes::from(document);
    let second = first.split_off(first.len() / 2);
    (first, second)
}

const BLANKS: &[u8] = &[b' '; 16 * 1024];
