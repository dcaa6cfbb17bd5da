//! Which credential of a request counts, and whose rules judge it, where a layer takes several.

#![cfg(all(feature = "reqwest", feature = "tower", feature = "testkit"))]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::convert::Infallible;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL, UPGRADE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Request, Response};
use portcullis::http::{Anonymous, AuthLayer, TokenSource};
use portcullis::testkit::{Mint, TestIssuer};
use portcullis::{Error, Issuer, Unavailable, VerifiedToken, Verifier, require, scope};
use tower::{Layer, ServiceExt, service_fn};

const HOME: &str = "https://id.example.com";
const PARTNER: &str = "https://partner.example.com";

fn verifier(mint: &Mint) -> Verifier {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap()
}

/// Status, and the subject or the reason.
async fn answer<W>(layer: &AuthLayer<W>, uri: &str, headers: &[(HeaderName, String)]) -> (u16, String)
where
    W: portcullis::http::RefusalBody<String>,
{
    let response = response(layer, uri, headers).await;
    let code = response.extensions().get::<Error>().map(|error| error.code().to_owned());
    (response.status().as_u16(), code.unwrap_or_else(|| response.body().clone()))
}

async fn response<W>(layer: &AuthLayer<W>, uri: &str, headers: &[(HeaderName, String)]) -> Response<String>
where
    W: portcullis::http::RefusalBody<String>,
{
    let mut request = Request::builder().uri(uri).body(()).unwrap();
    for (name, value) in headers {
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    let who = |request: Request<()>| async move {
        let token = request.extensions().get::<VerifiedToken>();
        let anonymous = request.extensions().get::<Anonymous>().map_or("nobody", |_| "anonymous");
        let mut who = token.and_then(VerifiedToken::subject).unwrap_or(anonymous).to_owned();
        if let Some(protocols) = request.headers().get(SEC_WEBSOCKET_PROTOCOL) {
            who = format!("{who} by {}", protocols.to_str().unwrap());
        }
        Ok::<_, Infallible>(Response::new(who))
    };
    layer.layer(service_fn(who)).oneshot(request).await.unwrap()
}

fn bearer(token: &str) -> (HeaderName, String) {
    (AUTHORIZATION, format!("Bearer {token}"))
}

fn cookie(value: &str) -> (HeaderName, String) {
    (COOKIE, value.to_owned())
}

fn protocols(value: String) -> [(HeaderName, String); 2] {
    [(UPGRADE, "websocket".to_owned()), (SEC_WEBSOCKET_PROTOCOL, value)]
}

#[tokio::test]
async fn one_credential_counts() {
    let mint = Mint::new(HOME);
    let (alice, bob) = (mint.token().subject("alice").mint(), mint.token().subject("bob").mint());
    let bad = mint.token().expired_for(Duration::from_secs(600)).mint();
    let sources = || {
        [
            TokenSource::cookie("t").unwrap(),
            TokenSource::bearer(),
            TokenSource::websocket_protocol("bearer.").unwrap(),
            TokenSource::scheme("JWT").unwrap(),
        ]
    };
    let layer = verifier(&mint).layer().token_sources(sources());
    let jwt = |token: &str| (AUTHORIZATION, format!("JWT {token}"));
    let socket = |token: &str| protocols(format!("chat, bearer.{token}"));
    let both =
        |first: (HeaderName, String), second: [(HeaderName, String); 2]| [&[first][..], &second].concat();
    for (name, headers, status, want) in [
        ("a header", vec![bearer(&alice)], 200, "alice"),
        ("a header of another scheme", vec![jwt(&alice)], 200, "alice"),
        ("a cookie", vec![cookie(&format!("t={alice}"))], 200, "alice"),
        ("a protocol", socket(&alice).to_vec(), 200, "alice by chat"),
        ("a header beside a cookie", vec![bearer(&alice), cookie(&format!("t={bob}"))], 200, "alice"),
        (
            "a bad header beside a good cookie",
            vec![bearer(&bad), cookie(&format!("t={bob}"))],
            401,
            "token_expired",
        ),
        (
            "a protocol beside a cookie",
            both(cookie(&format!("t={bob}")), socket(&alice)),
            200,
            "alice by chat",
        ),
        ("a header and a protocol", both(bearer(&alice), socket(&alice)), 400, "credentials_repeated"),
        ("two headers", vec![bearer(&alice), jwt(&alice)], 400, "credentials_repeated"),
        (
            "a malformed header beside a good cookie",
            vec![bearer("a b"), cookie(&format!("t={bob}"))],
            400,
            "credentials_malformed",
        ),
        (
            "a repeated header beside a good cookie",
            vec![bearer(&bad), bearer(&bad), cookie(&format!("t={bob}"))],
            400,
            "credentials_repeated",
        ),
        (
            "another scheme beside a cookie",
            vec![(AUTHORIZATION, "Basic eA==".into()), cookie(&format!("t={bob}"))],
            200,
            "bob",
        ),
        ("another scheme alone", vec![(AUTHORIZATION, "Basic eA==".into())], 401, "scheme_unsupported"),
        ("a cookie of two values", vec![cookie(&format!("t={alice}; t={bob}"))], 400, "credentials_repeated"),
        ("a bad cookie", vec![cookie(&format!("t={bad}"))], 401, "token_expired"),
        ("a cookie that is no token", vec![cookie("t=\"x\"")], 400, "credentials_malformed"),
        ("nothing", vec![], 401, "credentials_missing"),
    ] {
        assert_eq!(answer(&layer, "/", &headers).await, (status, want.to_owned()), "{name}");
        // What is sent must be good, whether it had to be sent or not.
        let optional = layer.clone().optional();
        let want = if want == "credentials_missing" { (200, "anonymous") } else { (status, want) };
        assert_eq!(answer(&optional, "/", &headers).await, (want.0, want.1.to_owned()), "{name}, optional");
    }
}

#[tokio::test]
async fn a_place_that_was_not_named_is_not_looked_at() {
    let mint = Mint::new(HOME);
    let token = mint.token().subject("alice").mint();
    let everywhere = [&[cookie(&format!("t={token}"))][..], &protocols(format!("bearer.{token}"))].concat();
    let uri = format!("/?access_token={token}");
    let verifier = verifier(&mint);
    let want = (401, "credentials_missing".to_owned());
    assert_eq!(answer(&verifier.layer(), &uri, &everywhere).await, want);
    let nowhere = verifier.layer().token_sources([]);
    assert_eq!(answer(&nowhere, &uri, &[bearer(&token)]).await, want);
    let cookie_alone = verifier.layer().token_sources([TokenSource::cookie("t").unwrap()]);
    assert_eq!(answer(&cookie_alone, &uri, &[bearer(&token)]).await, want);
    assert_eq!(answer(&cookie_alone, "/", &everywhere[..1]).await, (200, "alice".to_owned()));
    let query = verifier.layer().token_sources([TokenSource::dangerous_query("access_token").unwrap()]);
    assert_eq!(answer(&query, &uri, &[]).await, (200, "alice".to_owned()));
}

#[tokio::test]
async fn verifiers_side_by_side_each_keep_their_rules() {
    let (home, partner, stranger) = (Mint::new(HOME), Mint::new(PARTNER), Mint::new("https://x.example.com"));
    let layer = verifier(&home).layer().or(&verifier(&partner).layer());
    for (name, token, status, want) in [
        ("of the first", home.token().subject("alice").mint(), 200, "alice"),
        ("of the second", partner.token().subject("bob").mint(), 200, "bob"),
        (
            "of the second, expired",
            partner.token().expired_for(Duration::from_secs(600)).mint(),
            401,
            "token_expired",
        ),
        (
            "of the first, for somebody else",
            home.token().audience("https://other.example.com").mint(),
            401,
            "audience_mismatch",
        ),
        ("of nobody here", stranger.token().mint(), 401, "issuer_unknown"),
        ("no token at all", "x".to_owned(), 401, "token_malformed"),
    ] {
        assert_eq!(answer(&layer, "/", &[bearer(&token)]).await, (status, want.to_owned()), "{name}");
    }
    let one = verifier(&home).layer();
    let token = partner.token().subject("bob").mint();
    assert_eq!(answer(&one, "/", &[bearer(&token)]).await, (401, "issuer_unknown".to_owned()));
}

#[tokio::test]
async fn each_verifier_has_its_own_place() {
    let (home, partner) = (Mint::new(HOME), Mint::new(PARTNER));
    let browsers = verifier(&home).layer().token_sources([TokenSource::cookie("t").unwrap()]);
    let layer =
        verifier(&partner).layer().token_sources([TokenSource::scheme("Partner").unwrap()]).or(&browsers);
    let (ours, theirs) = (home.token().subject("alice").mint(), partner.token().subject("bob").mint());
    let partners = |token: &str| (AUTHORIZATION, format!("Partner {token}"));
    assert_eq!(answer(&layer, "/", &[cookie(&format!("t={ours}"))]).await, (200, "alice".to_owned()));
    assert_eq!(answer(&layer, "/", &[partners(&theirs)]).await, (200, "bob".to_owned()));
    for swapped in [cookie(&format!("t={theirs}")), partners(&ours)] {
        assert_eq!(answer(&layer, "/", &[swapped]).await, (401, "issuer_unknown".to_owned()));
    }
    // The error stands in the challenge of the scheme that was used.
    let refused = response(&layer, "/", &[cookie(&format!("t={theirs}"))]).await;
    let challenges: Vec<_> = refused.headers().get_all(WWW_AUTHENTICATE).iter().collect();
    assert_eq!(challenges.len(), 2);
    assert_eq!(challenges[0], r#"Partner realm="https://api.example.com""#);
    assert!(challenges[1].to_str().unwrap().starts_with(r#"Bearer realm="https://api.example.com", error="#));
}

#[tokio::test]
async fn a_scheme_that_is_named_twice_in_another_case_is_one() {
    let (home, partner) = (Mint::new(HOME), Mint::new(PARTNER));
    let layer =
        |mint: &Mint, scheme| verifier(mint).layer().token_sources([TokenSource::scheme(scheme).unwrap()]);
    let layer = layer(&home, "JWT").or(&layer(&partner, "jwt"));
    for mint in [&home, &partner] {
        let token = mint.token().subject("alice").mint();
        let sent = [(AUTHORIZATION, format!("Jwt {token}"))];
        assert_eq!(answer(&layer, "/", &sent).await, (200, "alice".to_owned()));
        assert_eq!(answer(&layer, "/", &[bearer(&token)]).await, (401, "scheme_unsupported".to_owned()));
    }
}

#[tokio::test]
async fn where_one_cannot_tell_the_others_are_asked_and_then_nobody_can() {
    let home = Mint::new(HOME);
    let down = TestIssuer::start().await;
    down.go_down().await;
    let waiting = Verifier::builder()
        .issuer(Issuer::discover(down.identifier()).unwrap().audience(down.audience()))
        .clock(down.clock())
        .build()
        .unwrap();
    let (fixed, remote) = (verifier(&home).layer(), waiting.layer());
    let good = home.token().subject("alice").mint();
    let unknown = down.token().mint();
    for layer in [fixed.clone().or(&remote), remote.or(&fixed)] {
        assert_eq!(answer(&layer, "/", &[bearer(&good)]).await, (200, "alice".to_owned()));
        let refused = response(&layer, "/", &[bearer(&unknown)]).await;
        assert_eq!(refused.status(), 503);
        let error = refused.extensions().get::<Error>();
        assert!(matches!(error, Some(Error::Unavailable(Unavailable::KeysNotLoaded { .. }))), "{error:?}");
    }
}

#[tokio::test]
async fn the_service_behind_is_not_given_what_it_might_pass_on() {
    let mint = Mint::new(HOME);
    let token = mint.token().subject("alice").mint();
    let sources = [TokenSource::bearer(), TokenSource::cookie("t").unwrap()];
    let kept = verifier(&mint).layer().token_sources(sources);
    let seen = |layer: AuthLayer| {
        let request = Request::builder()
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(COOKIE, format!("x=1; t={token}"))
            .body(())
            .unwrap();
        let look = |request: Request<()>| async move {
            let text = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            Ok::<_, Infallible>(Response::new(
                [text(AUTHORIZATION), text(COOKIE)].into_iter().flatten().collect::<Vec<_>>().join(" "),
            ))
        };
        layer.layer(service_fn(look)).oneshot(request)
    };
    let both = format!("Bearer {token} x=1; t={token}");
    assert_eq!(*seen(kept.clone()).await.unwrap().body(), both);
    assert_eq!(*seen(kept.credentials_removed()).await.unwrap().body(), "x=1");
}

#[tokio::test]
async fn nor_is_it_where_keys_had_to_be_waited_for() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().subject("alice").mint();
    let sent = [
        (UPGRADE, "websocket".to_owned()),
        (SEC_WEBSOCKET_PROTOCOL, format!("chat, bearer.{token}")),
        (COOKIE, "x=1; t=another".to_owned()),
    ];
    for (removed, left) in [(false, "chat x=1; t=another"), (true, "chat x=1")] {
        let trusted = Issuer::discover(issuer.identifier()).unwrap().audience(issuer.audience());
        let verifier = Verifier::builder().issuer(trusted).clock(issuer.clock()).build().unwrap();
        let sources =
            [TokenSource::websocket_protocol("bearer.").unwrap(), TokenSource::cookie("t").unwrap()];
        let mut layer = verifier.layer().token_sources(sources);
        if removed {
            layer = layer.credentials_removed();
        }
        let mut request = Request::new(());
        for (name, value) in &sent {
            request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        }
        let look = |request: Request<()>| async move {
            let text = |name: HeaderName| request.headers()[name].to_str().unwrap().to_owned();
            Ok::<_, Infallible>(Response::new([text(SEC_WEBSOCKET_PROTOCOL), text(COOKIE)].join(" ")))
        };
        assert!(verifier.verify_cached(&token).is_pending(), "its keys are not here yet");
        let response: Response<String> = layer.layer(service_fn(look)).oneshot(request).await.unwrap();
        assert_eq!((response.status().as_u16(), &**response.body()), (200, left));
    }
}

#[tokio::test]
async fn refusals_from_within_are_worded_after_a_wait_as_before() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().mint();
    let trusted = Issuer::discover(issuer.identifier()).unwrap().audience(issuer.audience());
    let verifier = Verifier::builder().issuer(trusted).clock(issuer.clock()).build().unwrap();
    let layer = verifier.layer().realm("orders").problem_details();
    for has_keys in [false, true] {
        assert_eq!(verifier.verify_cached(&token).is_ready(), has_keys);
        let inner = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(String::new())) });
        let service = layer.layer(require(scope("orders:read")).layer(inner));
        let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}")).body(()).unwrap();
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 403);
        let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.starts_with(r#"Bearer realm="orders", error="insufficient_scope""#), "{challenge}");
        assert!(response.body().contains(r#""code":"scope_missing""#), "{}", response.body());
    }
}
