//! The same requests to the same layer, under actix-web and under tower: answers that differ in nothing.

use actix_web::App;
use axum::Router;
use axum::routing::any;
use http::{HeaderValue, Method};
use portcullis::http::{AuthLayer, Detail, RefusalBody, TokenSource};
use portcullis::testkit::Flaw;
use portcullis::{Error, Scope, VerifiedToken, require, scope};
use tower::ServiceExt;

use crate::house::{Answer, Sent, delete, email, routes, serve, subject};
use crate::minting::{expired, of_alice, token, verifier};

async fn perhaps(token: Option<VerifiedToken>) -> String {
    token.map_or_else(|| "anonymous".to_owned(), |token| token.subject().unwrap_or_default().to_owned())
}

fn router() -> Router {
    Router::new()
        .route("/subject", any(subject))
        .route("/perhaps", any(perhaps))
        .route("/email", any(email))
        .route("/delete", any(async |token: VerifiedToken| delete(token).await))
        .merge(Router::new().route("/orders", any(perhaps)).route_layer(require(scope("orders:read"))))
}

/// A request for each way to say who is asking, or to fail at it, on each route.
fn requests() -> Vec<Sent> {
    let (good, narrow) = (token("orders:read orders:delete"), token("profile"));
    let unlike = of_alice("orders:read").claim("email", 7).mint();
    let tampered = of_alice("orders:read").flawed(Flaw::TamperedPayload);
    let mut all = Vec::new();
    for path in ["/subject", "/perhaps", "/email", "/delete", "/orders"] {
        let get = || Sent::get(path);
        all.extend([get(), get().bearer(&good), get().bearer(&narrow), get().bearer(&unlike)]);
        all.extend([
            get().bearer(&expired()),
            get().bearer(&tampered),
            get().bearer("a.b.c"),
            get().bearer(""),
        ]);
        all.extend([get().bearer(&good).bearer(&good), get().bearer(&good).with("authorization", "")]);
        for value in ["Basic dXNlcg==", "Bearer", "Bearer  ", "bearer\ta", "Bearer a b", "", "=", "Negotiate"]
        {
            all.push(get().with("authorization", value));
        }
        all.push(get().with("authorization", b"Bearer \xc3\xa9"));
        all.push(get().with("authorization", format!("JWT {good}")));
        all.push(get().with("cookie", format!("a=b; t={good}")));
        all.push(get().with("cookie", "a=b").with("cookie", format!("t={good}")));
        all.push(get().with("cookie", format!("t={good}")).with("cookie", "t=x"));
        all.push(get().with("cookie", format!("t={good}")).bearer("a.b.c"));
        for upgrade in ["websocket", "h2c"] {
            let ask = || get().with("upgrade", upgrade);
            all.push(ask().with("sec-websocket-protocol", format!("chat, bearer.{good}")));
            let twice = ask().with("sec-websocket-protocol", format!("bearer.{good}"));
            all.push(twice.with("sec-websocket-protocol", "bearer.x"));
        }
        let target = format!("{path}?x=1&access_token={good}");
        all.extend([
            Sent::get(&target),
            Sent::get(&target).bearer(&good),
            Sent::get(&format!("{target}&access_token=b")),
        ]);
        for content_type in ["application/grpc", "application/grpc-web+proto", "application/json"] {
            for method in [Method::POST, Method::PUT] {
                let call = || get().by(method.clone()).with("content-type", content_type);
                all.extend([call(), call().bearer(&good), call().bearer(&narrow), call().bearer(&expired())]);
            }
        }
        let preflight = || get().by(Method::OPTIONS).with("origin", "https://app.example.com");
        all.extend([preflight(), preflight().with("access-control-request-method", "PUT")]);
        all.push(preflight().with("access-control-request-method", "PUT").bearer("a.b.c"));
        all.push(get().by(Method::from_bytes(b"BREW").unwrap()).bearer(&good));
    }
    all
}

/// How many requests were answered with each status.
#[derive(Debug, Default, Eq, PartialEq)]
struct Count {
    ok: usize,
    refused: usize,
}

async fn are_alike<W>(name: &str, layer: AuthLayer<W>) -> Count
where
    W: RefusalBody<String> + RefusalBody<axum::body::Body> + Send + Sync + 'static,
{
    let router = router().layer(layer.clone());
    let house = serve!(App::new().configure(routes).wrap(layer.clone()));
    let mut count = Count::default();
    for sent in requests() {
        let response = router.clone().oneshot(sent.request::<axum::body::Body>("")).await.unwrap();
        // What one would read in logs is told in the response of both.
        let refused = response.extensions().get::<Error>().is_some();
        let there = Answer::of(response).await;
        assert_eq!(house.ask(&sent).await, there, "{name}: {sent:?}");
        if refused { count.refused += 1 } else { count.ok += 1 }
    }
    count
}

#[tokio::test]
async fn every_answer_is_the_same_as_under_tower() {
    let layer = || verifier().layer();
    let everywhere = [
        TokenSource::bearer(),
        TokenSource::cookie("t").unwrap(),
        TokenSource::websocket_protocol("bearer.").unwrap(),
        TokenSource::dangerous_query("access_token").unwrap(),
    ];
    let cookie_only = [TokenSource::cookie("t").unwrap()];
    let query_only = [TokenSource::dangerous_query("access_token").unwrap()];
    let other = layer().token_sources([TokenSource::scheme("JWT").unwrap()]);
    let resource = verifier().protected_resource().unwrap();

    let plain = are_alike("plain", layer()).await;
    assert!(plain.ok >= 20 && plain.refused >= 100, "{plain:?}");
    let optional = are_alike("optional", layer().optional()).await;
    assert!(optional.ok > plain.ok, "{optional:?}");
    let spread = are_alike("everywhere", layer().token_sources(everywhere)).await;
    assert!(spread.ok > plain.ok, "{spread:?}");
    are_alike("a cookie", layer().token_sources(cookie_only)).await;
    are_alike("the query, optional", layer().token_sources(query_only).optional()).await;
    are_alike("preflights", layer().preflight_passes()).await;
    are_alike("another scheme, too", layer().or(&other)).await;
    are_alike("problems", layer().realm("shop").problem_details()).await;
    are_alike("bare problems", layer().detail(Detail::Bare).problem_details().optional()).await;
    are_alike("asked by a proxy", layer().forward_auth()).await;
    are_alike("codes", layer().detail(Detail::Code)).await;
    let told = layer().protected_resource(&resource).challenge_scopes([Scope::new("orders:read").unwrap()]);
    are_alike("all there is to tell", told.offer(HeaderValue::from_static("Negotiate"))).await;
}
