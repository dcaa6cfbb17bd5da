//! What is counted, under which names.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use portcullis::audit::{Audit, AuditEvent, AuditSink};
use portcullis::http::TokenSource;
use portcullis::testkit::{Answer, Flaw, Mint, TestIssuer};
use portcullis::{Issuer, Metrics, VerifiedToken, Verifier, VerifierBuilder, require, scope};
use tower::ServiceExt;

use crate::recorder::Kept;

fn trusting(mint: &Mint) -> VerifierBuilder {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).metrics(Metrics::new())
}

fn decisions(outcome: &str, reason: &str, issuer: &str, scheme: &str) -> String {
    format!(
        "portcullis_decisions_total{{issuer={issuer:?},outcome={outcome:?},reason={reason:?},scheme={scheme:?}}}"
    )
}

const ISSUER: &str = "https://id.example.com";

#[test]
fn decisions_are_counted_by_outcome_reason_issuer_and_scheme() {
    let mint = Mint::new(ISSUER);
    let (verifier, kept) = (trusting(&mint).build().unwrap(), Kept::default());
    kept.hear(&verifier);
    let accepted = decisions("accepted", "none", ISSUER, "bearer");
    assert!(kept.series().contains(&accepted), "what may come is there from the start, as nothing");
    let good = mint.token().mint();
    for token in
        [&good, &good, &good, &mint.token().flawed(Flaw::Expired), &mint.token().flawed(Flaw::Garbage)]
    {
        assert!(verifier.verify_cached(token).is_ready());
    }
    for _ in 0..2 {
        kept.hear(&verifier);
        assert_eq!(kept.count(&decisions("accepted", "none", ISSUER, "direct")), 3);
        assert_eq!(kept.count(&decisions("refused", "token_expired", ISSUER, "direct")), 1);
        assert_eq!(kept.count(&decisions("refused", "token_malformed", "none", "direct")), 1);
        assert_eq!(kept.count("portcullis_token_cache_hits_total"), 1);
        assert_eq!(kept.count("portcullis_token_cache_misses_total"), 2);
        assert_eq!(kept.value("portcullis_token_cache_entries"), Some(1.0));
        assert_eq!(kept.value("portcullis_token_cache_capacity"), Some(4_096.0));
        let misses = kept.count(r#"portcullis_decision_seconds{cache="miss"}"#);
        assert_eq!(misses, 4, "all that were verified in full are timed, and each is told once");
    }
}

#[test]
fn one_hit_in_64_is_timed() {
    let mint = Mint::new(ISSUER);
    let (verifier, kept) = (trusting(&mint).build().unwrap(), Kept::default());
    let good = mint.token().mint();
    for _ in 0..2 + 64 * 5 {
        assert!(verifier.verify_cached(&good).is_ready());
    }
    kept.hear(&verifier);
    assert_eq!(kept.count(r#"portcullis_decision_seconds{cache="miss"}"#), 2);
    assert_eq!(kept.count(r#"portcullis_decision_seconds{cache="hit"}"#), 5);
    let without = trusting(&mint).token_cache(0).build().unwrap();
    assert!(without.verify_cached(&good).is_ready());
    kept.hear(&without);
    assert_eq!(kept.count(r#"portcullis_decision_seconds{cache="off"}"#), 1);
}

async fn subject(token: VerifiedToken) -> String {
    token.subject().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn requests_are_counted_by_how_their_token_came_and_what_routes_made_of_it() {
    let mint = Mint::new(ISSUER);
    let (verifier, kept) = (trusting(&mint).build().unwrap(), Kept::default());
    let sources =
        [TokenSource::bearer(), TokenSource::scheme("JWT").unwrap(), TokenSource::cookie("t").unwrap()];
    let app = Router::new()
        .route("/", get(subject))
        .route("/admin", get(subject).route_layer(require(scope("admin"))))
        .layer(verifier.layer().token_sources(sources));
    let (clerk, admin) = (mint.token().scope("orders").mint(), mint.token().scope("admin").mint());
    for (path, name, value) in [
        ("/", "authorization", format!("Bearer {clerk}")),
        ("/", "authorization", format!("JWT {clerk}")),
        ("/", "cookie", format!("t={clerk}")),
        ("/admin", "authorization", format!("Bearer {clerk}")),
        ("/admin", "authorization", format!("Bearer {admin}")),
        ("/", "x-nothing", String::new()),
    ] {
        let request = Request::get(path).header(name, value).body(Body::empty()).unwrap();
        let _ = app.clone().oneshot(request).await.unwrap();
    }
    kept.hear(&verifier);
    let accepted = |scheme| kept.count(&decisions("accepted", "none", ISSUER, scheme));
    assert_eq!(["bearer", "authorization", "cookie", "direct"].map(accepted), [3, 1, 1, 0]);
    assert_eq!(kept.count(&decisions("refused", "credentials_missing", "none", "none")), 1);
    let required = |outcome, reason| {
        kept.count(&format!("portcullis_requirements_total{{outcome={outcome:?},reason={reason:?}}}"))
    };
    assert_eq!((required("accepted", "none"), required("refused", "scope_missing")), (1, 1));
}

#[tokio::test]
async fn keys_are_told_of_with_their_state_their_age_and_who_waited() {
    let server = TestIssuer::start().await;
    let issuer = Issuer::discover(server.identifier()).unwrap().audience(server.audience());
    let builder = Verifier::builder().issuer(issuer).clock(server.clock()).metrics(Metrics::new());
    let (verifier, kept) = (builder.build().unwrap(), Kept::default());
    let labelled =
        |name: &str, more: &str| format!("portcullis_{name}{{issuer={:?}{more}}}", server.identifier());
    assert!(verifier.verify(&server.token().mint()).await.is_ok());
    let Poll::Ready(_) = verifier.verify_cached(&server.token().mint()) else { panic!("keys are here") };
    kept.hear(&verifier);
    assert_eq!(kept.count(&labelled("key_refreshes_total", r#",result="ok""#)), 1);
    assert_eq!(kept.count(&labelled("key_waits_total", r#",result="refreshed""#)), 1);
    assert_eq!(kept.count(&labelled("key_wait_seconds", "")), 1);
    assert_eq!(kept.value(&labelled("keys", "")), Some(1.0));
    for (state, want) in [("fresh", 1.0), ("loading", 0.0), ("grace", 0.0), ("expired", 0.0), ("fixed", 0.0)]
    {
        assert_eq!(kept.value(&labelled("key_state", &format!(",state={state:?}"))), Some(want), "{state}");
    }
    let (age, limit) =
        (kept.value(&labelled("key_age_seconds", "")), kept.value(&labelled("key_age_limit_seconds", "")));
    assert!(age.unwrap() < 60.0 && limit.unwrap() >= 3_600.0, "{age:?} of {limit:?}");
    // An unknown key within ten seconds after a fetch is turned away.
    server.answer(Answer::Status(500));
    for _ in 0..3 {
        assert!(verifier.verify_cached(&server.token().flawed(Flaw::UnknownKey)).is_ready());
    }
    // A known key that did not sign is not unknown.
    assert!(verifier.verify_cached(&server.token().flawed(Flaw::ForeignKeySameKid)).is_ready());
    kept.hear(&verifier);
    assert_eq!(kept.count(&labelled("key_limiter_hits_total", "")), 3);
    assert_eq!(kept.count(&decisions("refused", "signature_invalid", server.identifier(), "direct")), 1);
    assert_eq!(kept.count(&decisions("refused", "key_unknown", server.identifier(), "direct")), 3);
}

#[tokio::test]
async fn a_request_that_gives_up_waiting_is_counted_too() {
    let server = TestIssuer::start().await;
    server.answer_discovery(Answer::Hang);
    let issuer = Issuer::discover(server.identifier()).unwrap().audience(server.audience());
    let builder = Verifier::builder().issuer(issuer).clock(server.clock()).metrics(Metrics::new());
    let (verifier, kept) = (builder.build().unwrap(), Kept::default());
    {
        let token = server.token().mint();
        let mut waiting = std::pin::pin!(verifier.verify(&token));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    kept.hear(&verifier);
    let abandoned =
        format!("portcullis_key_waits_total{{issuer={:?},result=\"abandoned\"}}", server.identifier());
    assert_eq!(kept.count(&abandoned), 1);
    let decided: Vec<_> = kept
        .series()
        .into_iter()
        .filter(|series| series.starts_with("portcullis_decisions") && kept.count(series) > 0)
        .collect();
    assert!(decided.is_empty(), "nothing was decided: {decided:?}");
}

#[tokio::test(start_paused = true)]
async fn numbers_are_handed_on_every_few_seconds_by_a_task_that_ends_with_the_verifier() {
    let mint = Mint::new(ISSUER);
    let kept = Kept::default();
    // The task runs on this thread, too.
    let _recorder = metrics::set_default_local_recorder(&kept);
    let verifier = trusting(&mint).build().unwrap();
    assert!(verifier.verify_cached(&mint.token().mint()).is_ready());
    let accepted = decisions("accepted", "none", ISSUER, "direct");
    assert_eq!(kept.count(&accepted), 0);
    tokio::time::sleep(Duration::from_millis(5_001)).await;
    assert_eq!(kept.count(&accepted), 1);
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 1);
    drop(verifier);
    tokio::time::sleep(Duration::from_millis(5_001)).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test]
async fn a_wait_that_brings_no_keys_was_in_vain() {
    let server = TestIssuer::start().await;
    server.answer(Answer::Status(500));
    let issuer =
        Issuer::jwks_url(server.identifier(), server.jwks_url()).unwrap().audience(server.audience());
    let builder = Verifier::builder().issuer(issuer).clock(server.clock()).metrics(Metrics::new());
    let (verifier, kept) = (builder.build().unwrap(), Kept::default());
    assert_eq!(verifier.verify(&server.token().mint()).await.unwrap_err().code(), "keys_not_loaded");
    kept.hear(&verifier);
    let waits = |result: &str| {
        let issuer = server.identifier();
        kept.count(&format!("portcullis_key_waits_total{{issuer={issuer:?},result={result:?}}}"))
    };
    assert_eq!(["refreshed", "in_vain", "abandoned"].map(waits), [0, 1, 0]);
}

#[tokio::test]
async fn keys_of_a_verifier_that_is_gone_are_near_no_limit() {
    let server = TestIssuer::start().await;
    let issuer =
        Issuer::jwks_url(server.identifier(), server.jwks_url()).unwrap().audience(server.audience());
    let builder = Verifier::builder().issuer(issuer).clock(server.clock()).metrics(Metrics::new());
    let (verifier, kept) = (builder.build().unwrap(), Kept::default());
    verifier.verify(&server.token().mint()).await.unwrap();
    kept.hear(&verifier);
    let limit = format!("portcullis_key_age_limit_seconds{{issuer={:?}}}", server.identifier());
    assert!(kept.value(&limit).unwrap() > 0.0);
    metrics::with_local_recorder(&kept, || drop(verifier));
    assert_eq!(kept.value(&limit), Some(0.0), "the rules divide by it where it is more");
}

#[test]
fn a_verifier_that_goes_hands_on_its_last_counts_and_leaves_no_state_behind() {
    let (mint, kept) = (Mint::new(ISSUER), Kept::default());
    let verifier = trusting(&mint).build().unwrap();
    assert!(verifier.verify_cached(&mint.token().mint()).is_ready());
    let state = r#"portcullis_key_state{issuer="https://id.example.com",state="fixed"}"#;
    kept.hear(&verifier);
    assert_eq!(kept.value(state), Some(1.0));
    assert!(verifier.verify_cached(&mint.token().mint()).is_ready());
    metrics::with_local_recorder(&kept, || drop(verifier));
    assert_eq!(kept.count(&decisions("accepted", "none", ISSUER, "direct")), 2);
    assert_eq!(kept.value(state), Some(0.0));
}

#[test]
fn verifiers_are_told_apart_by_name_and_say_nothing_unasked() {
    let (mint, kept) = (Mint::new(ISSUER), Kept::default());
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let silent = Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap();
    assert!(silent.verify_cached(&mint.token().mint()).is_ready());
    kept.hear(&silent);
    assert_eq!(kept.series(), Vec::<String>::new());
}

/// Asks for the numbers while it is told them.
struct Curious {
    kept: Kept,
    verifier: Verifier,
    asks: AtomicBool,
}

impl Curious {
    fn ask(&self) {
        if self.asks.swap(false, Ordering::Relaxed) {
            self.verifier.publish_metrics();
        }
    }
}

impl Recorder for Curious {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.ask();
        self.kept.register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.kept.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.kept.register_histogram(key, metadata)
    }
}

#[test]
fn a_recorder_may_ask_for_the_numbers_that_it_is_told() {
    let mint = Mint::new(ISSUER);
    let (verifier, kept) = (trusting(&mint).build().unwrap(), Kept::default());
    assert!(verifier.verify_cached(&mint.token().mint()).is_ready());
    let curious = Curious { kept: kept.clone(), verifier: verifier.clone(), asks: true.into() };
    let (done, published) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        metrics::with_local_recorder(&curious, || verifier.publish_metrics());
        done.send(()).unwrap();
    });
    assert_eq!(published.recv_timeout(Duration::from_secs(10)), Ok(()));
    assert_eq!(kept.count(&decisions("accepted", "none", ISSUER, "direct")), 1, "counted once");
}

/// Has lost three events.
struct Leaky;

impl AuditSink for Leaky {
    fn record(&self, _: &AuditEvent<'_>) {}

    fn lost(&self) -> u64 {
        3
    }
}

#[test]
fn an_audit_that_verifiers_share_is_counted_once() {
    let (mint, kept) = (Mint::new(ISSUER), Kept::default());
    let audit = Audit::new(Leaky, vec![7; 32]).unwrap();
    let build = || trusting(&mint).audit(audit.clone()).build().unwrap();
    let told =
        || ["portcullis_audit_events_total", "portcullis_audit_lost_total"].map(|name| kept.count(name));
    let first = build();
    assert!(first.verify_cached(&mint.token().mint()).is_ready());
    kept.hear(&first);
    assert_eq!(told(), [1, 3]);
    // As when a service reads its settings anew: the second takes over, and nothing was lost since.
    let second = build();
    kept.hear(&second);
    assert_eq!(told(), [1, 3]);
    assert!(second.verify_cached(&mint.token().mint()).is_ready());
    kept.hear(&first);
    kept.hear(&second);
    assert_eq!(told(), [2, 3]);
    metrics::with_local_recorder(&kept, || drop((first, second)));
    assert_eq!(told(), [2, 3]);
}

#[test]
fn when_its_runtime_ends_another_hands_on_the_numbers() {
    let mint = Mint::new(ISSUER);
    let kept = Kept::default();
    let _recorder = metrics::set_default_local_recorder(&kept);
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    // Without a runtime: the first decision within one starts the task.
    let verifier = trusting(&mint).build().unwrap();
    for handed_on in [1, 2] {
        runtime().block_on(async {
            assert!(verifier.verify_cached(&mint.token().mint()).is_ready());
            tokio::time::sleep(Duration::from_millis(5_001)).await;
        });
        assert_eq!(kept.count(&decisions("accepted", "none", ISSUER, "direct")), handed_on);
    }
    // Gone where there is no runtime, and while its thread panics.
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        assert!(verifier.verify_cached(&mint.token().mint()).is_ready());
        let _verifier = verifier;
        panic!("as the test wants it to");
    }));
    assert!(unwound.is_err());
    assert_eq!(kept.count(&decisions("accepted", "none", ISSUER, "direct")), 3);
}
