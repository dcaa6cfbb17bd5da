//! A whole request: headers to a decision, against fixed keys.
//!
//! The input: one byte that picks the method, the layer and the route, then header fields, one a line.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use portcullis::http::{Anonymous, Auth, Require, bearer_token};
use portcullis::{Error, VerifiedToken, require, scope};
use tower_layer::Layer;
use tower_service::Service;

use super::challenge::{grpc_family, meaning, parsed};
use super::issuer::{KNOWN, LIVE, decide};

/// Only a request whose one `Authorization` header is a bearer scheme and a token that was really signed reaches the
/// service, and only if the route asks for no more than was granted; every other is told why, by a status that says no in
/// the client's own way. The layer on every backend decides as its parts do, asked one by one.
pub fn check(input: &[u8]) {
    let Some((pick, fields)) = input.split_first() else { return };
    let case = Case {
        method: [Method::GET, Method::POST][usize::from(pick & 1)].clone(),
        optional: pick & 2 != 0,
        route: Route::ALL[usize::from(pick >> 2 & 3)],
    };
    let headers = headers(fields);
    let good = is_good(&headers);
    let anonymous = case.optional && !headers.contains_key(AUTHORIZATION);
    let mut codes = Vec::new();
    for (verifier, services) in LIVE.iter().zip(SERVICES.iter()) {
        let service = &services[usize::from(case.optional)];
        let response = answer(&mut service.clone(), &case, &headers);
        let reached = response.headers().contains_key(REACHED);
        let code = response.extensions().get().map(Error::code);
        codes.push(code);
        assert_eq!(
            reached,
            (good && case.route != Route::Ungranted) || (anonymous && case.route == Route::Open)
        );
        if reached {
            continue;
        }
        let want = match bearer_token(&headers).map_err(|rejection| rejection.code()) {
            Ok(token) => decide(verifier, token).map(drop),
            Err(code) => Err(code),
        };
        // A route that asks for something answers what the layer let pass.
        let want = want.err().unwrap_or("scope_missing");
        assert_eq!(code, Some(want));
        check_refusal(&response, &case, &headers, want);
    }
    assert!(codes.windows(2).all(|pair| pair[0] == pair[1]), "backends differ: {codes:?}");
}

/// What the layer and the route are like.
struct Case {
    method: Method,
    optional: bool,
    route: Route,
}

#[derive(Clone, Copy, PartialEq)]
enum Route {
    /// Asks for nothing but the layer's leave.
    Open,
    /// Asks for a scope that every known token has.
    Granted,
    /// Asks for one that none has.
    Ungranted,
}

impl Route {
    const ALL: [Self; 4] = [Self::Open, Self::Granted, Self::Ungranted, Self::Open];
}

fn headers(fields: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in fields.split(|byte| *byte == b'\n').take(32) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = halves.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = halves.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// Whether there is one `Authorization` header, and in it a token that was signed.
fn is_good(headers: &HeaderMap) -> bool {
    let values: Vec<_> = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect();
    let [value] = &values[..] else { return false };
    let Some((scheme, token)) = value.split_at_checked(7) else { return false };
    let Ok(token) = std::str::from_utf8(token) else { return false };
    scheme.eq_ignore_ascii_case(b"bearer ")
        && KNOWN.iter().any(|known| token.trim_start_matches(' ') == known)
}

fn check_refusal(response: &Response<()>, case: &Case, request: &HeaderMap, code: &str) {
    let headers = response.headers();
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    let (status, oauth) = meaning(code);
    if case.method == Method::POST && grpc_family(request).is_some() {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(headers["grpc-status"], if status == 403 { "7" } else { "16" });
        assert!(!headers.contains_key(WWW_AUTHENTICATE));
        return;
    }
    assert_eq!(response.status(), status, "{code}");
    assert!(!headers.contains_key("grpc-status"));
    let challenge = headers[WWW_AUTHENTICATE].to_str().expect("printable ASCII");
    let (scheme, parameters) = parsed(challenge).expect("a challenge");
    let parameter = |name| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| &**value);
    assert_eq!((scheme, parameter("error")), ("Bearer", oauth));
    assert_eq!(parameter("reason"), oauth.map(|_| code));
    assert_eq!(parameter("scope"), (code == "scope_missing").then_some("a c"));
}

/// Sends the request through a layer and a route. Keys that never change are never waited for.
fn answer(service: &mut Auth<Routes>, case: &Case, headers: &HeaderMap) -> Response<()> {
    let mut request = Request::new(());
    *request.method_mut() = case.method.clone();
    *request.headers_mut() = headers.clone();
    request.extensions_mut().insert(case.route);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    match pin!(service.call(request)).poll(&mut cx) {
        Poll::Ready(Ok(response)) => response,
        Poll::Pending => panic!("not decided"),
    }
}

/// For each backend, the layer that asks for a token and the one that lets the anonymous pass.
static SERVICES: LazyLock<Vec<[Auth<Routes>; 2]>> = LazyLock::new(|| {
    let around = |verifier: &portcullis::Verifier| {
        let layer = verifier.layer();
        [layer.layer(Routes::new()), layer.clone().optional().layer(Routes::new())]
    };
    LIVE.iter().map(around).collect()
});

/// The routes behind the layer.
#[derive(Clone)]
struct Routes {
    granted: Require<Inner>,
    ungranted: Require<Inner>,
}

impl Routes {
    fn new() -> Self {
        Self {
            granted: require(scope("a").and(scope("b"))).layer(Inner),
            ungranted: require(scope("a").and(scope("c"))).layer(Inner),
        }
    }
}

impl Service<Request<()>> for Routes {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let planted = request.extensions();
        let leave = (planted.get::<VerifiedToken>().is_some(), planted.get::<Anonymous>().is_some());
        assert!(leave == (true, false) || leave == (false, true), "reached without leave: {leave:?}");
        let route = planted.get::<Route>().copied();
        let mut cx = Context::from_waker(Waker::noop());
        let through =
            |route: &mut Require<Inner>, request, cx: &mut Context<'_>| match pin!(route.call(request))
                .poll(cx)
            {
                Poll::Ready(Ok(response)) => response,
                Poll::Pending => panic!("nothing to wait for"),
            };
        ready(match route {
            Some(Route::Granted) => Ok(through(&mut self.granted, request, &mut cx)),
            Some(Route::Ungranted) => Ok(through(&mut self.ungranted, request, &mut cx)),
            _ => Inner.call(request).into_inner(),
        })
    }
}

/// Says that it was reached.
#[derive(Clone)]
struct Inner;

impl Service<Request<()>> for Inner {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let mut response = Response::new(());
        response.headers_mut().insert(REACHED, HeaderValue::from_static("yes"));
        ready(Ok(response))
    }
}

const REACHED: HeaderName = HeaderName::from_static("reached");
