//! What a layer can be told, of any text: token sources, resources, answers; and all of it, printed.

use std::convert::Infallible;

use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderValue, Request, Response};
use portcullis::http::{
    AuthLayer, Detail, NoBody, ProblemDetails, ProtectedResource, RefusalBody, Refused, TokenSource,
};
use portcullis::require::all;
use portcullis::{Error, Guarded, Requirement, Requires, Scope, VerifiedToken, require, scope};
use proptest::prelude::*;
use tower::{Layer, ServiceExt, service_fn};

use crate::album::Album;
use crate::hostile::{self, CHOSEN, VERIFIERS, signed};
use crate::inputs::{TOKENS, any_text, mutated};
use crate::testing::cases;

/// Functions that are called below.
pub(crate) const DRIVEN: [&str; 10] = [
    "http/metadata/mod::authorization_server",
    "http/metadata/mod::documentation",
    "http/metadata/mod::name",
    "http/metadata/mod::of",
    "http/metadata/mod::policy",
    "http/metadata/mod::terms_of_service",
    "http/source::cookie",
    "http/source::dangerous_query",
    "http/source::scheme",
    "http/source::websocket_protocol",
];

/// Sources by this name, where it can be one.
fn sources(name: &str) -> Vec<TokenSource> {
    let named = [
        TokenSource::scheme(name),
        TokenSource::cookie(name),
        TokenSource::websocket_protocol(name),
        TokenSource::dangerous_query(name),
    ];
    named.into_iter().flatten().chain([TokenSource::bearer()]).collect()
}

fn resource(text: &str) -> Option<ProtectedResource> {
    let resource = ProtectedResource::of(&VERIFIERS[0], text).ok()?;
    Some(
        resource
            .authorization_server(text)
            .name(text)
            .documentation(text)
            .policy(text)
            .terms_of_service(text)
            .scopes(Scope::new(text).ok()),
    )
}

/// With everything that it can be told.
fn told(name: &str, text: &str, detail: Detail) -> AuthLayer<ProblemDetails> {
    let mut layer = VERIFIERS[0].layer().token_sources(sources(name)).realm(text).detail(detail);
    layer = layer.challenge_scopes(Scope::new(text).ok()).preflight_passes();
    if let Some(resource) = resource(text) {
        layer = layer.protected_resource(&resource);
    }
    if let Ok(offer) = HeaderValue::from_str(text) {
        layer = layer.offer(offer);
    }
    layer.or(&VERIFIERS[0].layer()).problem_details()
}

struct Admin;

impl Requires for Admin {
    fn requirement() -> Requirement {
        scope("admin")
    }
}

/// Whether the service was reached, and the answer.
async fn sent<W: RefusalBody<String>>(layer: &AuthLayer<W>, request: Request<()>) -> Response<String> {
    let inner = service_fn(|request: Request<()>| async move {
        let token = request.extensions().get::<VerifiedToken>().cloned();
        Ok::<_, Infallible>(Response::new(token.map_or("nobody", |_| "somebody").to_owned()))
    });
    layer.layer(require(scope("orders:read")).layer(inner)).oneshot(request).await.unwrap()
}

fn headers() -> impl Strategy<Value = Vec<(HeaderName, String)>> {
    let name = prop::sample::select(vec![AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL, UPGRADE]);
    let token = mutated(&TOKENS).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let value = (prop::sample::select(vec!["Bearer ", "t ", "t=", "t", "x, t", "websocket"]), token)
        .prop_map(|(start, token)| format!("{start}{token}"));
    prop::collection::vec((name, prop_oneof![value, Just("websocket".to_owned()), any_text()]), 0..4)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn whatever_a_layer_is_told_and_sent_it_answers_in_whole(
        name in prop_oneof![Just("t".to_owned()), any_text()], text in any_text(), sent_headers in headers(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for detail in [Detail::Full, Detail::Code, Detail::Bare] {
            let mut request = Request::builder().uri("/?t=x").body(()).unwrap();
            for (name, value) in &sent_headers {
                if let Ok(value) = HeaderValue::from_str(value) {
                    request.headers_mut().append(name, value);
                }
            }
            let response = runtime.block_on(sent(&told(&name, &text, detail), request));
            let refused = response.extensions().get::<Error>().is_some();
            prop_assert_eq!(refused, !response.status().is_success());
            prop_assert_eq!(refused, response.body() != "somebody");
            prop_assert!(!refused || response.headers().contains_key("www-authenticate"));
            prop_assert!(!refused || serde_json::from_str::<serde_json::Value>(response.body()).is_ok());
        }
    }

    #[test]
    fn a_resource_of_any_text_is_refused_or_served(text in any_text(), path in "[a-z/]{0,9}") {
        for identifier in [text.clone(), format!("https://api.example.com/{path}{text}")] {
            let Some(resource) = resource(&identifier) else { continue };
            prop_assert!(resource.metadata_url().ends_with(resource.metadata_path()));
            let document: serde_json::Value = serde_json::from_str(&resource.to_json()).unwrap();
            prop_assert_eq!(&document["resource"], &identifier);
            prop_assert!(HeaderValue::from_str(resource.metadata_url()).is_ok());
        }
    }
}

/// Everything of this room that prints.
pub(crate) fn pictures(album: &mut Album) {
    let token = signed(hostile::header().to_string(), hostile::claims().to_string());
    album.forbidden.token(&token);
    let std::task::Poll::Ready(Ok(verified)) = VERIFIERS[0].verify_cached(&token) else { panic!("good") };
    let rejection = Guarded::<Admin>::check(verified.clone()).unwrap_err();
    album.error("Rejection", &rejection);
    album.debug("Guarded", &Guarded::<Everyone>::check(verified).unwrap());
    album.debug("TokenSource", &sources("t"));
    album.debug("Detail", &[Detail::Full, Detail::Code, Detail::Bare]);
    album.debug("NoBody", &NoBody);
    album.debug("ProblemDetails", &ProblemDetails);
    album.debug("ProtectedResource", &resource("https://api.example.com").unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let layer = told("t", "orders", Detail::Full);
    album.debug("AuthLayer", &layer);
    for chosen in CHOSEN {
        let value = format!("Bearer {token} {chosen}");
        let Ok(value) = HeaderValue::from_str(&value) else { continue };
        let mut request = Request::new(());
        *request.headers_mut() = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        let look = |refused: &Refused<'_>, _: &mut HeaderMap| format!("{refused:?} {:?}", refused.problem());
        let response = runtime.block_on(sent(&VERIFIERS[0].layer().body(look), request));
        album.debug("Refused", response.body());
        album.debug("Problem", response.body());
    }
    let service = resource("https://api.example.com").unwrap().layer();
    album.debug("MetadataLayer", &service);
    let mut guarded = service.layer(layer.layer(Silent));
    album.debug("Metadata", &guarded);
    album.debug("EarlyFuture", &tower::Service::call(&mut guarded, Request::new(())));
}

struct Everyone;

impl Requires for Everyone {
    fn requirement() -> Requirement {
        all(Vec::<Requirement>::new())
    }
}

#[derive(Clone, Debug)]
struct Silent;

impl tower::Service<Request<()>> for Silent {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        std::future::ready(Ok(Response::new(String::new())))
    }
}
