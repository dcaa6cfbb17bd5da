//! Which address gives what.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::door::{Turned, check_content_type, check_host, check_origin};
use super::minting::{Draft, Wish};
use super::oauth;
use super::page::{self, Asset};
use super::site::Site;

pub(super) type Answer = Response<Full<Bytes>>;

/// What stands at an address.
#[derive(Clone, Copy)]
enum Place {
    Asset(Asset),
    Metadata,
    Keys,
    Token,
    Api(Call),
}

/// What the page can ask for.
#[derive(Clone, Copy)]
enum Call {
    State,
    Mint,
    Sign,
    Check,
    Rotate,
    Withdraw,
}

impl Place {
    fn find(path: &str, base: &str) -> Option<Self> {
        if let Some(asset) = Asset::find(path) {
            return Some(Self::Asset(asset));
        }
        match path {
            "/api/state" => return Some(Self::Api(Call::State)),
            "/api/mint" => return Some(Self::Api(Call::Mint)),
            "/api/sign" => return Some(Self::Api(Call::Sign)),
            "/api/check" => return Some(Self::Api(Call::Check)),
            "/api/rotate" => return Some(Self::Api(Call::Rotate)),
            "/api/withdraw" => return Some(Self::Api(Call::Withdraw)),
            _ => {}
        }
        // OpenID Connect Discovery appends the well-known path, RFC 8414 (section 3.1) puts it before the issuer's.
        if path.strip_prefix("/.well-known/oauth-authorization-server") == Some(base) {
            return Some(Self::Metadata);
        }
        match path.strip_prefix(base)? {
            "/.well-known/openid-configuration" => Some(Self::Metadata),
            "/jwks" => Some(Self::Keys),
            "/token" => Some(Self::Token),
            _ => None,
        }
    }

    const fn method(self) -> Method {
        match self {
            Self::Asset(_) | Self::Metadata | Self::Keys | Self::Api(Call::State) => Method::GET,
            Self::Token | Self::Api(_) => Method::POST,
        }
    }
}

/// Answers a request. Nothing of it is logged, as it may carry tokens.
pub(super) async fn answer(site: &Site, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    if let Err(turned) = check_host(&head, site.port()) {
        return turn_away(turned);
    }
    let Some(place) = Place::find(head.uri.path(), site.base()) else {
        return problem(StatusCode::NOT_FOUND, "nothing is here");
    };
    let method = place.method();
    if head.method != method && !(method == Method::GET && head.method == Method::HEAD) {
        let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "wrong method");
        let allowed = if method == Method::GET { "GET, HEAD" } else { "POST" };
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        return answer;
    }
    if matches!(place, Place::Api(_) | Place::Token)
        && let Err(turned) = check_origin(&head.headers, site.port())
    {
        return turn_away(turned);
    }
    match place {
        Place::Asset(asset) => page_answer(asset),
        Place::Metadata => public(oauth::metadata(site).to_string()),
        Place::Keys => public(site.key_document()),
        Place::Api(Call::State) => told(Ok(page::state(site))),
        Place::Token | Place::Api(_) => {
            let wanted = if matches!(place, Place::Token) { FORM } else { JSON };
            if let Err(turned) = check_content_type(&head.headers, wanted) {
                return turn_away(turned);
            }
            let body = match read(body).await {
                Ok(body) => body,
                Err(answer) => return *answer,
            };
            match place {
                Place::Api(call) => told(called(site, call, &body).await),
                _ => oauth::token(site, &head.headers, &body).await,
            }
        }
    }
}

async fn called(site: &Site, call: Call, body: &[u8]) -> Result<Value, String> {
    let value = match call {
        Call::Mint => json!(site.mint(&parse::<Wish>(body)?).await?),
        Call::Sign => json!({ "token": site.sign(&parse::<Draft>(body)?)? }),
        Call::Check => page::check(site, &parse::<Submitted>(body)?.token).await?,
        Call::Rotate => {
            let Nothing {} = parse(body)?;
            json!({ "keys": site.rotate().await? })
        }
        Call::Withdraw => {
            let Nothing {} = parse(body)?;
            json!({ "keys": site.withdraw().await? })
        }
        Call::State => page::state(site),
    };
    Ok(value)
}

/// A token to be looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submitted {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

async fn read(body: Incoming) -> Result<Bytes, Box<Answer>> {
    match timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Box::new(problem(StatusCode::PAYLOAD_TOO_LARGE, "at most 64 KiB")))
        }
        Ok(Err(_)) => Err(Box::new(problem(StatusCode::BAD_REQUEST, "the body broke off"))),
        Err(_) => Err(Box::new(problem(StatusCode::REQUEST_TIMEOUT, "the body took too long"))),
    }
}

fn turn_away(turned: Turned) -> Answer {
    problem(turned.status(), turned.message())
}

fn told(outcome: Result<Value, String>) -> Answer {
    match outcome {
        Ok(value) => with_body(StatusCode::OK, JSON, value.to_string()),
        Err(message) => problem(StatusCode::BAD_REQUEST, &message),
    }
}

fn problem(status: StatusCode, message: &str) -> Answer {
    with_body(status, JSON, json!({ "error": message }).to_string())
}

/// A document for everybody, pages of other origins included: there is nothing in it but public keys and addresses.
fn public(document: String) -> Answer {
    let mut answer = with_body(StatusCode::OK, JSON, document);
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    answer
}

fn page_answer(asset: Asset) -> Answer {
    let mut answer = with_body(StatusCode::OK, asset.media_type(), asset.text());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    answer
}

/// An answer that nobody keeps and no other page may embed.
pub(super) fn with_body(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    answer
}

pub(super) const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const MAX_BODY_BYTES: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
