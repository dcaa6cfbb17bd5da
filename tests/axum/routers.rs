//! Which part of an application is guarded, and by whom.

use axum::Router;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use portcullis::testkit::Mint;
use portcullis::{Issuer, Verifier, require, scope};

use crate::minting::{token, verifier};
use crate::stage::{answer, client, perhaps, serve, subject, told, with};

const FOREIGN: &str = "https://partners.example.com";

fn partners() -> (Mint, Verifier) {
    let mint = Mint::builder(FOREIGN).audience("https://partners-api.example.com").build();
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap();
    (mint, verifier)
}

#[tokio::test]
async fn a_part_of_the_application_is_guarded() {
    let api = Router::new().route("/orders", get(subject)).layer(verifier().layer());
    let routes = Router::new().route("/api/orders", get(subject)).route_layer(verifier().layer());
    for (name, app) in [
        ("nested", Router::new().route("/health", get(up)).nest("/api", api.clone())),
        ("nested first", Router::new().nest("/api", api).route("/health", get(up))),
        ("merged", Router::new().route("/health", get(up)).merge(routes)),
    ] {
        assert_eq!(answer(&app, Request::get("/health")).await.said(), (200, "up"), "{name}");
        let refused = answer(&app, Request::get("/api/orders")).await;
        assert_eq!(refused.verdict(), (401, "credentials_missing"), "{name}");
        assert_eq!(answer(&app, with("/api/orders", &token("a"))).await.said(), (200, "alice"), "{name}");
        assert_eq!(answer(&app, Request::get("/elsewhere")).await.verdict(), (404, ""), "{name}");
    }
}

async fn up() -> &'static str {
    "up"
}

/// A router brings its answer "not found" along when it is merged, with the layer around it. It is closed more than was
/// meant, and never less.
#[tokio::test]
async fn a_merged_router_with_a_layer_guards_what_is_not_there() {
    let guarded = Router::new().route("/orders", get(subject)).layer(verifier().layer());
    let app = Router::new().route("/health", get(up)).merge(guarded);
    assert_eq!(answer(&app, Request::get("/health")).await.said(), (200, "up"));
    assert_eq!(answer(&app, Request::get("/elsewhere")).await.verdict(), (401, "credentials_missing"));
    assert_eq!(answer(&app, with("/elsewhere", &token("a"))).await.verdict(), (404, ""));
}

/// `layer` also stands before the answer "not found", `route_layer` before routes alone.
#[tokio::test]
async fn what_is_not_there_is_guarded_by_layer_and_not_by_route_layer() {
    let routes = || Router::new().route("/orders", get(subject)).fallback(|| async { StatusCode::NOT_FOUND });
    let whole = routes().layer(verifier().layer());
    assert_eq!(answer(&whole, Request::get("/elsewhere")).await.verdict(), (401, "credentials_missing"));
    assert_eq!(answer(&whole, with("/elsewhere", &token("a"))).await.verdict(), (404, ""));
    let routed = routes().route_layer(verifier().layer());
    assert_eq!(answer(&routed, Request::get("/elsewhere")).await.verdict(), (404, ""));
    for app in [whole, routed] {
        assert_eq!(answer(&app, Request::get("/orders")).await.verdict(), (401, "credentials_missing"));
        assert_eq!(answer(&app, with("/orders", &token("a"))).await.said(), (200, "alice"));
    }
}

#[tokio::test]
async fn a_fallback_is_guarded_with_the_rest() {
    let app = Router::new().fallback(subject).layer(verifier().layer());
    assert_eq!(answer(&app, Request::get("/anything")).await.verdict(), (401, "credentials_missing"));
    assert_eq!(answer(&app, with("/anything", &token("a"))).await.said(), (200, "alice"));
    // One that was added behind the layer's back is not, and says so.
    let app = Router::new().route("/", get(subject)).layer(verifier().layer()).fallback(subject);
    assert_eq!(answer(&app, with("/anything", &token("a"))).await.said(), (500, ""));
}

#[tokio::test]
async fn requirements_of_routers_add_up() {
    let orders = Router::new()
        .route("/", get(subject))
        .route("/all", post(subject).route_layer(require(scope("orders:write"))))
        .route_layer(require(scope("orders:read")));
    let app = Router::new().nest("/orders", orders).layer(verifier().layer());
    let write = |scopes: &str| {
        Request::post("/orders/all").header("authorization", format!("Bearer {}", token(scopes)))
    };
    assert_eq!(answer(&app, with("/orders", &token("orders:read"))).await.said(), (200, "alice"));
    assert_eq!(answer(&app, write("orders:read orders:write")).await.said(), (200, "alice"));
    for scopes in ["orders:read", "orders:write", "a"] {
        assert_eq!(answer(&app, write(scopes)).await.verdict(), (403, "scope_missing"), "{scopes}");
    }
    let refused = answer(&app, with("/orders", &token("orders:write"))).await;
    assert_eq!(refused.verdict(), (403, "scope_missing"));
}

#[tokio::test]
async fn what_is_required_stays_required_behind_an_optional_layer() {
    let admin = Router::new().route("/admin", get(perhaps)).route_layer(require(scope("admin")));
    let app = Router::new()
        .route("/front", get(perhaps))
        .route("/me", get(subject))
        .merge(admin)
        .layer(verifier().layer().optional());
    assert_eq!(answer(&app, Request::get("/front")).await.said(), (200, "anonymous"));
    for path in ["/me", "/admin"] {
        assert_eq!(answer(&app, Request::get(path)).await.verdict(), (401, "credentials_missing"), "{path}");
    }
    assert_eq!(answer(&app, with("/admin", &token("a"))).await.verdict(), (403, "scope_missing"));
    assert_eq!(answer(&app, with("/admin", &token("admin"))).await.said(), (200, "alice"));
}

/// Both ask for their own token, and there is one: a token that is good for both would be needed.
#[tokio::test]
async fn of_two_layers_around_a_route_both_must_let_it_pass() {
    let (mint, partners) = partners();
    let inner = Router::new().route("/", get(subject)).layer(partners.layer().realm("partners"));
    let app = Router::new().nest("/partners", inner).layer(verifier().layer().realm("house"));
    let got = answer(&app, with("/partners", &token("a"))).await;
    assert_eq!(got.verdict(), (401, "issuer_unknown"));
    assert!(got.header("www-authenticate").starts_with(r#"Bearer realm="partners", "#), "{got:?}");
    let got = answer(&app, with("/partners", &mint.token().mint())).await;
    assert!(got.header("www-authenticate").starts_with(r#"Bearer realm="house", "#), "{got:?}");
}

#[tokio::test]
async fn beside_each_other_each_part_has_its_own_verifier_and_wording() {
    let (mint, partners) = partners();
    let routes = || Router::new().route("/", get(subject).route_layer(require(scope("read"))));
    let app = Router::new()
        .nest("/partners", routes().layer(partners.layer().realm("partners").problem_details()))
        .nest("/house", routes().layer(verifier().layer().realm("house")));
    let at = serve(app).await;
    let theirs = |scope: &str| mint.token().subject("pat").scope(scope).mint();
    for (path, token, status, body, words) in [
        ("/house", token("read"), 200, "alice", ""),
        ("/partners", theirs("read"), 200, "pat", ""),
        ("/house", theirs("read"), 401, "", r#"Bearer realm="house", error="invalid_token""#),
        ("/house", token("a"), 403, "", r#"Bearer realm="house", error="insufficient_scope""#),
    ] {
        let got = told(client().get(format!("{at}{path}")).bearer_auth(token)).await;
        assert_eq!(got.said(), (status, body), "{path}");
        assert!(got.header("www-authenticate").starts_with(words), "{got:?}");
    }
    for (token, code) in [(token("read"), "issuer_unknown"), (theirs("a"), "scope_missing")] {
        let got = told(client().get(format!("{at}/partners")).bearer_auth(token)).await;
        assert!(got.header("www-authenticate").starts_with(r#"Bearer realm="partners", "#), "{got:?}");
        assert!(got.body.contains(&format!(r#""code":"{code}""#)), "{got:?}");
    }
}

/// The innermost layer words what is refused behind it; one further out, that let the request pass, keeps silent.
#[tokio::test]
async fn the_innermost_wording_wins() {
    let inner = Router::new()
        .route("/", get(subject).route_layer(require(scope("admin"))))
        .layer(verifier().layer().realm("inner"));
    let app = Router::new().nest("/in", inner).layer(verifier().layer().realm("outer").problem_details());
    let got = answer(&app, with("/in", &token("a"))).await;
    assert_eq!((got.verdict(), got.body.as_str()), ((403, "scope_missing"), ""));
    assert_eq!(got.challenges().len(), 1);
    assert!(got.header("www-authenticate").starts_with(r#"Bearer realm="inner", "#), "{got:?}");
    // Even one that has no words of its own.
    let plain =
        Router::new().route("/", get(subject).route_layer(require(scope("admin")))).layer(verifier().layer());
    let app = Router::new().nest("/in", plain).layer(verifier().layer().realm("outer").problem_details());
    let got = answer(&app, with("/in", &token("a"))).await;
    assert_eq!((got.verdict(), got.body.as_str()), ((403, "scope_missing"), ""));
    assert!(!got.header("www-authenticate").contains("outer"), "{got:?}");
}
