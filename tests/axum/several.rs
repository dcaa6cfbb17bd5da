//! Several verifiers, schemes and offers around one application.

use std::time::Duration;

use axum::Router;
use axum::http::header::{AUTHORIZATION, HeaderValue};
use axum::http::{Request, request};
use axum::routing::get;
use portcullis::http::{AuthLayer, TokenSource};
use portcullis::keys::remote::Remote;
use portcullis::testkit::{Answer, Mint, TestIssuer};
use portcullis::{Issuer, Verifier, require, scope};

use crate::minting::{expired, of_alice, token, verifier};
use crate::stage::{answer, client, serve, subject, told, with};

fn around(layer: AuthLayer) -> Router {
    Router::new()
        .route("/", get(subject))
        .route("/admin", get(subject).route_layer(require(scope("admin"))))
        .layer(layer)
}

/// Another authorization server, for another audience.
fn partner() -> (Mint, Verifier) {
    let mint =
        Mint::builder("https://partners.example.com").audience("https://partners-api.example.com").build();
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    (mint.clone(), Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap())
}

#[tokio::test]
async fn a_token_is_good_if_one_of_two_verifiers_finds_it_so() {
    let (mint, partner) = partner();
    let theirs = || mint.token().subject("pat");
    for layer in [verifier().layer().or(&partner.layer()), partner.layer().or(&verifier().layer())] {
        let app = around(layer);
        assert_eq!(answer(&app, with("/", &token("a"))).await.said(), (200, "alice"));
        assert_eq!(answer(&app, with("/", &theirs().mint())).await.said(), (200, "pat"));
        // The rules of one are not those of the other: no issuer may speak for the other's audience.
        let crossed = theirs().audience("https://api.example.com").mint();
        assert_eq!(answer(&app, with("/", &crossed)).await.verdict(), (401, "audience_mismatch"));
        let crossed = of_alice("a").audience("https://partners-api.example.com").mint();
        assert_eq!(answer(&app, with("/", &crossed)).await.verdict(), (401, "audience_mismatch"));
        let late = theirs().expired_for(Duration::from_secs(600)).mint();
        for (token, code) in
            [(expired(), "token_expired"), (late, "token_expired"), ("x".into(), "token_malformed")]
        {
            assert_eq!(answer(&app, with("/", &token)).await.verdict(), (401, code));
        }
        let stranger = Mint::new("https://stranger.example.com").token().mint();
        assert_eq!(answer(&app, with("/", &stranger)).await.verdict(), (401, "issuer_unknown"));
        assert_eq!(answer(&app, Request::get("/")).await.verdict(), (401, "credentials_missing"));
        assert_eq!(
            answer(&app, with("/admin", &theirs().scope("a").mint())).await.verdict(),
            (403, "scope_missing")
        );
        assert_eq!(answer(&app, with("/admin", &theirs().scope("admin").mint())).await.said(), (200, "pat"));
    }
}

#[tokio::test]
async fn each_way_has_its_own_place_for_tokens() {
    let (mint, partner) = partner();
    let apart = partner.layer().token_sources([TokenSource::scheme("Partner").unwrap()]);
    let app = around(verifier().layer().or(&apart).offer(HeaderValue::from_static("Negotiate")));
    let sent =
        |scheme: &str, token: &str| Request::get("/").header(AUTHORIZATION, format!("{scheme} {token}"));
    let theirs = mint.token().subject("pat").mint();
    assert_eq!(answer(&app, sent("Bearer", &token("a"))).await.said(), (200, "alice"));
    assert_eq!(answer(&app, sent("partner", &theirs)).await.said(), (200, "pat"));
    let realm = r#"realm="https://api.example.com""#;
    let told = |scheme: &str, code: &str| {
        let error = |own: &str| {
            if own == scheme { format!(r#", error="invalid_token", reason="{code}""#) } else { String::new() }
        };
        vec![
            format!("Bearer {realm}{}", error("Bearer")),
            format!("Partner {realm}{}", error("Partner")),
            "Negotiate".into(),
        ]
    };
    let app = app.clone();
    for (request, code, want) in [
        // Neither's token is good in the other's place.
        (sent("Bearer", &theirs), "issuer_unknown", told("Bearer", "issuer_unknown")),
        (sent("Partner", &token("a")), "issuer_unknown", told("Partner", "issuer_unknown")),
        (sent("Partner", "x"), "token_malformed", told("Partner", "token_malformed")),
        (sent("Basic", "dXNlcjpwYXNz"), "scheme_unsupported", told("", "")),
        (Request::get("/"), "credentials_missing", told("", "")),
    ] {
        let got = answer(&app, request).await;
        assert_eq!(got.verdict(), (401, code));
        let said: Vec<_> = got
            .challenges()
            .iter()
            .map(|challenge| {
                let (before, after) =
                    challenge.split_once(", error_description=\"").unwrap_or((challenge, ""));
                let after = after.split_once('"').map_or("", |(_, after)| after);
                format!("{before}{after}")
            })
            .collect();
        assert_eq!(said, want);
    }
}

#[tokio::test]
async fn offers_are_made_to_those_without_a_good_credential_alone() {
    let basic = HeaderValue::from_static(r#"Basic realm="orders""#);
    let app = around(verifier().layer().offer(HeaderValue::from_static("Negotiate")).offer(basic));
    for (request, status, challenges) in [
        (Request::get("/admin"), 401, 3),
        (with("/admin", &expired()), 401, 3),
        (with("/admin", &token("a")), 403, 1),
        (Request::get("/").header(AUTHORIZATION, "Bearer a b"), 400, 1),
        (with("/", &token("a")), 200, 0),
    ] {
        let got = answer(&app, request).await;
        assert_eq!((got.status, got.challenges().len()), (status, challenges), "{got:?}");
    }
    let at = serve(app).await;
    let got = told(client().get(at)).await;
    assert_eq!(got.challenges()[1..], ["Negotiate", r#"Basic realm="orders""#]);
}

/// A verifier whose keys come from a server that is asked at the first token.
async fn remote() -> (TestIssuer, Verifier) {
    let server = TestIssuer::builder().audience("https://remote.example.com").start().await;
    // As long as can be: the test says when the keys are there, however busy the machine is.
    let keys = Remote::discover(server.identifier()).unwrap().wait_budget(Duration::from_secs(30));
    let issuer = Issuer::new(server.identifier(), keys).audience(server.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(server.clock()).build().unwrap();
    (server, verifier)
}

fn and(request: request::Builder, app: &Router) -> impl Future<Output = crate::stage::Answer> + use<> {
    let app = app.clone();
    async move { answer(&app, request).await }
}

#[tokio::test]
async fn one_that_waits_for_keys_is_waited_for_among_several() {
    for order in ["first", "last"] {
        let (server, waiting) = remote().await;
        server.answer(Answer::Hang);
        let layer = match order {
            "first" => waiting.layer().or(&verifier().layer()),
            _ => verifier().layer().or(&waiting.layer()),
        };
        let app = around(layer);
        let theirs = |subject: &str| server.token().subject(subject).mint();
        let good = tokio::spawn(and(with("/", &theirs("rob")), &app));
        let bad = tokio::spawn(and(
            with("/", &server.token().flawed(portcullis::testkit::Flaw::WrongAudience)),
            &app,
        ));
        server.fetched(1).await;
        // Whoever needs no keys from there does not wait for them.
        assert_eq!(answer(&app, with("/", &token("a"))).await.said(), (200, "alice"), "{order}");
        assert_eq!(answer(&app, with("/", &expired())).await.verdict(), (401, "token_expired"), "{order}");
        assert!(!good.is_finished() && !bad.is_finished(), "{order}");
        server.answer(Answer::Normal);
        assert_eq!(good.await.unwrap().said(), (200, "rob"), "{order}");
        assert_eq!(bad.await.unwrap().verdict(), (401, "audience_mismatch"), "{order}");
        assert_eq!(server.fetches(), 1, "{order}");
    }
}

#[tokio::test]
async fn where_one_cannot_tell_the_answer_is_503() {
    for order in ["first", "last"] {
        let (server, down) = remote().await;
        server.go_down().await;
        let layer = match order {
            "first" => down.layer().or(&verifier().layer()),
            _ => verifier().layer().or(&down.layer()),
        };
        let app = around(layer);
        let got = answer(&app, with("/", &server.token().mint())).await;
        assert_eq!(got.verdict(), (503, "keys_not_loaded"), "{order}");
        assert!(got.header("retry-after").parse::<u64>().unwrap() >= 1 && got.challenges().is_empty());
        // What the other has to say of its own issuer's tokens does not depend on that.
        assert_eq!(answer(&app, with("/", &expired())).await.verdict(), (401, "token_expired"), "{order}");
        assert_eq!(answer(&app, with("/", &token("a"))).await.said(), (200, "alice"), "{order}");
        let stranger = Mint::new("https://stranger.example.com").token().mint();
        assert_eq!(answer(&app, with("/", &stranger)).await.verdict(), (401, "issuer_unknown"), "{order}");
    }
}

/// Two verifiers of one issuer: the reason of the first that knows it.
#[tokio::test]
async fn the_first_that_knows_the_issuer_gives_the_reason() {
    let server = TestIssuer::builder().audience("https://a.example.com").start().await;
    let of = |audience: &str| {
        let issuer = Issuer::new(server.identifier(), server.jwks()).audience(audience);
        Verifier::builder().issuer(issuer).clock(server.clock()).build().unwrap().layer()
    };
    let (mint, partner) = partner();
    let app = around(partner.layer().or(&of("https://a.example.com")).or(&of("https://b.example.com")));
    let aimed = |audience: &str| server.token().subject("rob").audience(audience);
    for audience in ["https://a.example.com", "https://b.example.com"] {
        assert_eq!(answer(&app, with("/", &aimed(audience).mint())).await.said(), (200, "rob"));
        let late = aimed(audience).expired_for(Duration::from_secs(600)).mint();
        let want = if audience.contains("//a") { "token_expired" } else { "audience_mismatch" };
        assert_eq!(answer(&app, with("/", &late)).await.verdict(), (401, want), "{audience}");
    }
    assert_eq!(
        answer(&app, with("/", &aimed("https://c.example.com").mint())).await.verdict(),
        (401, "audience_mismatch")
    );
    assert_eq!(answer(&app, with("/", &mint.token().subject("pat").mint())).await.said(), (200, "pat"));
}
