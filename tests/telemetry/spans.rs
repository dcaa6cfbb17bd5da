//! One span a decision, with what was decided and on what ground.

use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use portcullis::http::TokenSource;
use portcullis::testkit::{Answer, Flaw, Mint, TestIssuer};
use portcullis::{Issuer, Metrics, VerifiedToken, Verifier, require, scope};
use tower::ServiceExt;

use crate::scribe::{Entry, Scribe};

fn trusting(mint: &Mint) -> Verifier {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap()
}

const FIELDS: [&str; 7] = ["outcome", "reason", "issuer", "kid", "key_age_ms", "cache", "scheme"];

fn told(span: &Entry) -> [Option<&str>; 7] {
    assert_eq!((span.name, span.level), ("decision", tracing::Level::DEBUG));
    let unknown: Vec<_> = span.fields.keys().filter(|field| !FIELDS.contains(field)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    FIELDS.map(|field| span.field(field))
}

#[test]
fn each_decision_has_a_span_that_says_what_and_why() {
    let mint = Mint::new("https://id.example.com");
    let verifier = trusting(&mint);
    let (scribe, _listening) = Scribe::listening();
    let good = mint.token().mint();
    for token in
        [&good, &good, &good, &mint.token().flawed(Flaw::Expired), &mint.token().flawed(Flaw::UnknownKey)]
    {
        assert!(verifier.verify_cached(token).is_ready());
    }
    let (issuer, kid) = (Some("https://id.example.com"), mint.key_id());
    let kid = Some(&*kid);
    let spans = scribe.decisions();
    let [first, second, third, expired, unknown] = spans.as_slice() else { panic!("{spans:#?}") };
    assert_eq!(told(first), [Some("accepted"), None, issuer, kid, None, Some("miss"), Some("direct")]);
    assert_eq!(told(second), told(first), "it is remembered from the second time on");
    assert_eq!(told(third), [Some("accepted"), None, issuer, kid, None, Some("hit"), Some("direct")]);
    let refused = [Some("refused"), Some("token_expired"), issuer, kid, None, Some("miss"), Some("direct")];
    assert_eq!(told(expired), refused);
    assert_eq!(told(unknown)[..3], [Some("refused"), Some("key_unknown"), issuer]);
    assert!(unknown.field("kid").is_some_and(|named| Some(named) != kid), "the one that it names");
}

#[test]
fn what_is_counted_has_its_span_as_well() {
    let mint = Mint::new("https://id.example.com");
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let builder = Verifier::builder().issuer(issuer).clock(mint.clock()).metrics(Metrics::new());
    let verifier = builder.build().unwrap();
    let (scribe, _listening) = Scribe::listening();
    let good = mint.token().mint();
    for _ in 0..10 {
        assert!(verifier.verify_cached(&good).is_ready());
    }
    let spans = scribe.decisions();
    let hits = spans.iter().filter(|span| span.field("cache") == Some("hit")).count();
    assert_eq!((spans.len(), hits), (10, 8));
}

#[test]
fn a_key_id_that_a_stranger_chose_is_one_short_line() {
    let mint = Mint::new("https://id.example.com");
    let verifier = trusting(&mint);
    let (scribe, _listening) = Scribe::listening();
    let long = format!("evil\n\u{1b}[31m\u{202e}{}", "k".repeat(200));
    assert!(verifier.verify_cached(&mint.token().header("kid", long).mint()).is_ready());
    let spans = scribe.decisions();
    let kid = spans[0].field("kid").unwrap();
    assert!(kid.starts_with(r"evil\u{a}\u{1b}[31m\u{202e}kkk") && kid.ends_with("k..."), "{kid}");
    assert!(kid.chars().all(|character| !character.is_control()) && kid.chars().count() == 64, "{kid}");
}

async fn subject(token: VerifiedToken) -> String {
    token.subject().unwrap_or_default().to_owned()
}

fn asking(path: &str, header: Option<(&str, String)>) -> Request<Body> {
    let mut request = Request::get(path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_request_is_told_of_once_whatever_it_brings() {
    let mint = Mint::new("https://id.example.com");
    let verifier = trusting(&mint);
    let sources = [TokenSource::bearer(), TokenSource::cookie("t").unwrap()];
    let app = Router::new()
        .route("/", get(subject))
        .route("/admin", get(subject).route_layer(require(scope("admin"))))
        .layer(verifier.layer().token_sources(sources));
    let token = mint.token().scope("orders").mint();
    let bearer = || Some(("authorization", format!("Bearer {token}")));
    for (request, status, want) in [
        (asking("/", bearer()), 200, ("accepted", None, "bearer")),
        (asking("/", Some(("cookie", format!("t={token}")))), 200, ("accepted", None, "cookie")),
        (asking("/", None), 401, ("refused", Some("credentials_missing"), "none")),
        (
            asking("/", Some(("authorization", "Basic YTpi".into()))),
            401,
            ("refused", Some("scheme_unsupported"), "none"),
        ),
        (
            asking("/", Some(("authorization", "Bearer a b".into()))),
            400,
            ("refused", Some("credentials_malformed"), "bearer"),
        ),
        (
            asking("/", Some(("cookie", "t=a.b.c".into()))),
            401,
            ("refused", Some("token_malformed"), "cookie"),
        ),
        (asking("/admin", bearer()), 403, ("accepted", None, "bearer")),
    ] {
        let (scribe, _listening) = Scribe::listening();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{want:?}");
        let spans = scribe.decisions();
        let [span] = spans.as_slice() else { panic!("{spans:#?}") };
        let [outcome, reason, .., scheme] = told(span);
        assert_eq!((outcome.unwrap(), reason, scheme.unwrap()), want);
        let asked: Vec<_> =
            scribe.entries().into_iter().filter(|entry| entry.target == "portcullis::requirement").collect();
        assert_eq!(asked.len(), usize::from(status == 403));
        for event in asked {
            assert_eq!(
                (event.field("outcome"), event.field("reason")),
                (Some("refused"), Some("scope_missing"))
            );
        }
    }
    let (scribe, _listening) = Scribe::listening();
    let open = Router::new().route("/", get(async || "hello")).layer(verifier.layer().optional());
    assert_eq!(open.oneshot(asking("/", None)).await.unwrap().status(), StatusCode::OK);
    assert_eq!(told(&scribe.decisions()[0])[..2], [Some("anonymous"), None]);
}

#[tokio::test]
async fn of_several_verifiers_the_one_is_told_whose_word_counts() {
    let (ours, theirs) = (Mint::new("https://id.example.com"), Mint::new("https://partner.example.com"));
    let (first, second) = (trusting(&ours), trusting(&theirs));
    let app = Router::new().route("/", get(subject)).layer(first.layer().or(&second.layer()));
    for (mint, issuer) in [(&ours, "https://id.example.com"), (&theirs, "https://partner.example.com")] {
        let (scribe, _listening) = Scribe::listening();
        for token in [mint.token().mint(), mint.token().flawed(Flaw::Expired)] {
            let request = asking("/", Some(("authorization", format!("Bearer {token}"))));
            let _ = app.clone().oneshot(request).await.unwrap();
        }
        let spans = scribe.decisions();
        let told: Vec<_> = spans.iter().map(|span| [span.field("outcome"), span.field("issuer")]).collect();
        assert_eq!(told, [[Some("accepted"), Some(issuer)], [Some("refused"), Some(issuer)]]);
    }
}

#[tokio::test]
async fn a_decision_that_waits_for_keys_is_told_of_when_it_ends() {
    let server = TestIssuer::start().await;
    let issuer = Issuer::discover(server.identifier()).unwrap().audience(server.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(server.clock()).build().unwrap();
    let app = Router::new().route("/", get(subject)).layer(verifier.layer());
    let (scribe, _listening) = Scribe::listening();
    let good = server.token().mint();
    let request = || asking("/", Some(("authorization", format!("Bearer {good}"))));
    assert_eq!(app.clone().oneshot(request()).await.unwrap().status(), 200);
    assert!(verifier.verify(&good).await.is_ok());
    let spans = scribe.decisions();
    let [waited, served] = spans.as_slice() else { panic!("{spans:#?}") };
    for (span, scheme) in [(waited, "bearer"), (served, "direct")] {
        let [outcome, _, issuer, kid, age, _, told] = told(span);
        assert_eq!([outcome, issuer, told], [Some("accepted"), Some(server.identifier()), Some(scheme)]);
        assert_eq!(kid, Some(&*server.key_id()));
        assert!(age.unwrap().parse::<u64>().unwrap() < 60_000, "keys that were fetched a moment ago");
    }
}

#[tokio::test]
async fn a_decision_that_cannot_be_made_says_so() {
    let server = TestIssuer::start().await;
    server.answer_discovery(Answer::Status(500));
    let issuer = Issuer::discover(server.identifier()).unwrap().audience(server.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(server.clock()).build().unwrap();
    let (scribe, _listening) = Scribe::listening();
    let decision = verifier.verify_cached(&server.token().mint());
    // Whoever is told to wait asks again, and is told of then.
    if let Poll::Ready(decision) = decision {
        assert_eq!(decision.unwrap_err().code(), "keys_not_loaded");
    } else {
        assert!(scribe.decisions().iter().all(|span| span.field("outcome").is_none()));
        assert_eq!(verifier.verify(&server.token().mint()).await.unwrap_err().code(), "keys_not_loaded");
    }
    let spans = scribe.decisions();
    let last = spans.last().unwrap();
    assert_eq!([last.field("outcome"), last.field("reason")], [Some("unavailable"), Some("keys_not_loaded")]);
}
