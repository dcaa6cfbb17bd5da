//! Decisions about credentials: one event each.

use std::time::Duration;

use portcullis::audit::{Audit, Subjects};
use portcullis::http::TokenSource;
use portcullis::revoke::RevocationStatus;
use portcullis::tenants::{Tenant, Tenants};
use portcullis::testkit::{Answer, Flaw, Mint, TestIssuer};
use portcullis::{Issuer, SubjectHasher, VerifiedToken, Verifier};
use serde_json::json;

use crate::stage::{Book, ID, app, ask, ask_with, audited, builder, plain, text, verdict};

#[tokio::test]
async fn a_good_token_is_told_of_in_full() {
    let (mint, verifier, book) = audited();
    let token = mint.token().subject("alice").client_id("shop").claim("jti", "t-1").mint();
    assert_eq!(ask_with(&plain(&verifier), &token).await, 200);
    let event = book.event();
    let fingerprint = book.audit().fingerprint(&token).to_string();
    let want = json!({
        "schema_version": 1,
        "sequence": 1,
        "time": "2026-01-01T00:00:00.000000Z",
        "event": "authentication",
        "outcome": "accepted",
        "issuer": ID,
        "subject": "alice",
        "client": "shop",
        "token_id": "t-1",
        "credential": "bearer_jwt",
        "scheme": "bearer",
        "token_fingerprint": fingerprint,
        "algorithm": "ES256",
        "key_id": mint.key_id(),
        "cache": "miss",
        "method": "GET",
        "route": "/orders/{id}",
        "request_id": "req-1",
        "peer": "192.0.2.7",
        "peer_port": 4711,
    });
    let mut event = event;
    event.as_object_mut().unwrap().remove("key_age_ms");
    assert_eq!(event, want);
}

#[tokio::test]
async fn of_a_bad_token_nothing_is_told_that_it_says_of_itself() {
    let (mint, verifier, book) = audited();
    let token = mint.token().subject("mallory").client_id("forged").flawed(Flaw::TamperedSignature);
    assert_eq!(ask_with(&plain(&verifier), &token).await, 401);
    let event = book.event();
    assert_eq!(verdict(&event), ["authentication", "refused", "signature_invalid"]);
    for absent in ["subject", "subject_hash", "client", "token_id", "algorithm"] {
        assert!(event.get(absent).is_none(), "{absent}: {event}");
    }
    assert_eq!((text(&event, "issuer"), text(&event, "key_id")), (ID, &*mint.key_id()));
    assert_eq!(text(&event, "token_fingerprint"), book.audit().fingerprint(&token).to_string());
    // Of another issuer: none of the set-up is found.
    let elsewhere = Mint::new("https://elsewhere.example");
    ask_with(&plain(&verifier), &elsewhere.token().mint()).await;
    let event = book.event();
    assert_eq!(text(&event, "reason"), "issuer_unknown");
    assert!(!event.to_string().contains("elsewhere"));
}

#[tokio::test]
async fn each_flaw_is_one_refusal_with_its_reason() {
    let (mint, verifier, book) = audited();
    let app = plain(&verifier);
    for flaw in Flaw::ALL {
        let token = mint.token().flawed(*flaw);
        ask_with(&app, &token).await;
        let event = book.event();
        let reason = flaw.expected_code();
        let reasons = [reason, "credentials_malformed"];
        assert_eq!(verdict(&event)[..2], ["authentication", "refused"], "{flaw:?}");
        assert!(reasons.contains(&text(&event, "reason")), "{flaw:?}: {event}");
        // Strangers send as much as they like, and have none of it read.
        let fingerprint = match flaw {
            Flaw::TooLarge => "-".to_owned(),
            _ => book.audit().fingerprint(&token).to_string(),
        };
        assert_eq!(text(&event, "token_fingerprint"), fingerprint, "{flaw:?}");
    }
}

#[tokio::test]
async fn without_credentials_and_with_too_many() {
    let (mint, verifier, book) = audited();
    let closed = plain(&verifier);
    let open = app(axum::Router::new()
        .route("/orders/1", axum::routing::get(|| async { "orders" }))
        .layer(verifier.layer().optional()));
    let bearer = format!("Bearer {}", mint.token().mint());
    for (name, app, headers, want, scheme) in [
        ("none, refused", &closed, vec![], ["authentication", "refused", "credentials_missing"], "none"),
        ("none, allowed", &open, vec![], ["authentication", "anonymous", "-"], "none"),
        (
            "another scheme",
            &closed,
            vec![("authorization", "Basic eDp5")],
            ["authentication", "refused", "scheme_unsupported"],
            "none",
        ),
        (
            "two",
            &closed,
            vec![("authorization", &*bearer), ("authorization", &*bearer)],
            ["authentication", "refused", "credentials_repeated"],
            "bearer",
        ),
        (
            "no token",
            &open,
            vec![("authorization", "Bearer ?")],
            ["authentication", "refused", "credentials_malformed"],
            "bearer",
        ),
    ] {
        ask(app, &headers).await;
        let event = book.event();
        assert_eq!((verdict(&event), text(&event, "scheme")), (want, scheme), "{name}");
        assert_eq!(text(&event, "request_id"), "req-1", "{name}");
        assert_eq!(event.get("credential").is_some(), scheme == "bearer", "{name}");
    }
}

#[tokio::test]
async fn how_a_token_came_is_told() {
    let (mint, verifier, book) = audited();
    let sources =
        [TokenSource::bearer(), TokenSource::scheme("JWT").unwrap(), TokenSource::cookie("t").unwrap()];
    let guarded = axum::Router::new().route("/orders/1", axum::routing::get(|| async { "orders" }));
    let app = app(guarded.layer(verifier.layer().token_sources(sources)));
    let token = mint.token().mint();
    for (header, value, scheme) in [
        ("authorization", format!("Bearer {token}"), "bearer"),
        ("authorization", format!("jwt {token}"), "authorization"),
        ("cookie", format!("t={token}"), "cookie"),
    ] {
        assert_eq!(ask(&app, &[(header, &value)]).await, 200);
        assert_eq!(text(&book.event(), "scheme"), scheme);
    }
}

#[tokio::test]
async fn a_token_that_is_remembered_is_told_of_each_time() {
    let (mint, verifier, book) = audited();
    let (app, token) = (plain(&verifier), mint.token().subject("alice").mint());
    let mut seen = Vec::new();
    for _ in 0..4 {
        assert_eq!(ask_with(&app, &token).await, 200);
        let event = book.event();
        assert_eq!((text(&event, "subject"), text(&event, "key_id")), ("alice", &*mint.key_id()));
        seen.push((
            event["sequence"].clone(),
            text(&event, "cache").to_owned(),
            event["token_fingerprint"].clone(),
        ));
    }
    let caches: Vec<_> = seen.iter().map(|(_, cache, _)| &**cache).collect();
    assert_eq!((caches[0], caches[3]), ("miss", "hit"), "{caches:?}");
    let sequences: Vec<_> = seen.iter().map(|(sequence, ..)| sequence.as_u64().unwrap()).collect();
    assert_eq!(sequences, [1, 2, 3, 4]);
    assert!(seen.iter().all(|(_, _, fingerprint)| *fingerprint == seen[0].2), "{seen:?}");
    // Where nothing is remembered, that is told.
    let verifier = builder(&mint).token_cache(0).audit(book.audit()).build().unwrap();
    ask_with(&plain(&verifier), &token).await;
    assert_eq!(text(&book.event(), "cache"), "off");
}

#[tokio::test]
async fn a_revoked_token_keeps_its_fingerprint_remembered_or_not() {
    let (mint, book) = (Mint::new(ID), Book::default());
    let revoked = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asked = revoked.clone();
    let check = move |_: &VerifiedToken| match asked.load(std::sync::atomic::Ordering::Relaxed) {
        true => RevocationStatus::Revoked,
        false => RevocationStatus::NotRevoked,
    };
    let verifier = builder(&mint).revocation(check).audit(book.audit()).build().unwrap();
    let (token, fresh) = (mint.token().mint(), mint.token().subject("bob").mint());
    for _ in 0..3 {
        verifier.verify(&token).await.unwrap();
    }
    book.lines();
    revoked.store(true, std::sync::atomic::Ordering::Relaxed);
    for (token, cache) in [(&token, "hit"), (&fresh, "miss")] {
        verifier.verify(token).await.unwrap_err();
        let event = book.event();
        assert_eq!(verdict(&event), ["authentication", "refused", "token_revoked"]);
        assert_eq!(text(&event, "token_fingerprint"), book.audit().fingerprint(token).to_string());
        assert_eq!((text(&event, "cache"), event.get("subject")), (cache, None));
        assert_eq!((text(&event, "issuer"), text(&event, "key_id")), (ID, &*mint.key_id()), "{cache}");
    }
}

#[tokio::test]
async fn a_revoked_token_of_a_tenant_is_told_of_alike_remembered_or_not() {
    let (server, book) = (TestIssuer::start().await, Book::default());
    let (jwks_url, audience) = (server.jwks_url(), server.audience().to_owned());
    let resolver = move |tenant: Tenant| {
        let issuer = Issuer::jwks_url(tenant.issuer(), &*jwks_url).unwrap().audience(&*audience);
        std::future::ready(Ok(Some(issuer)))
    };
    let tenants = Tenants::listed([server.identifier()], resolver);
    let revoked = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asked = revoked.clone();
    let check = move |_: &VerifiedToken| match asked.load(std::sync::atomic::Ordering::Relaxed) {
        true => RevocationStatus::Revoked,
        false => RevocationStatus::NotRevoked,
    };
    let builder = Verifier::builder().tenants(tenants).clock(server.clock());
    let verifier = builder.revocation(check).audit(book.audit()).build().unwrap();
    let (token, fresh) = (server.token().mint(), server.token().subject("bob").mint());
    for _ in 0..3 {
        verifier.verify(&token).await.unwrap();
    }
    book.lines();
    revoked.store(true, std::sync::atomic::Ordering::Relaxed);
    for (token, cache) in [(&token, "hit"), (&fresh, "miss")] {
        verifier.verify(token).await.unwrap_err();
        let event = book.event();
        assert_eq!((text(&event, "reason"), text(&event, "cache")), ("token_revoked", cache));
        assert_eq!(text(&event, "issuer"), server.identifier(), "{cache}");
        assert_eq!(text(&event, "key_id"), &*server.key_id(), "{cache}");
        assert!(event["key_age_ms"].is_u64(), "{cache}: {event}");
    }
}

#[tokio::test]
async fn whoever_asks_directly_is_told_of_too() {
    let (mint, verifier, book) = audited();
    let token = mint.token().mint();
    verifier.verify(&token).await.unwrap();
    let by_verify = book.event();
    let _ = verifier.verify_cached("not.a.token");
    let by_cached = book.event();
    assert_eq!((verdict(&by_verify)[1], text(&by_verify, "scheme")), ("accepted", "direct"));
    assert_eq!((verdict(&by_cached)[1], text(&by_cached, "scheme")), ("refused", "direct"));
    assert!(by_verify.get("method").is_none() && by_verify.get("peer").is_none());
}

#[tokio::test]
async fn a_wait_for_keys_ends_in_one_event() {
    let (issuer, book) = (TestIssuer::start().await, Book::default());
    let trusted =
        || Issuer::jwks_url(issuer.identifier(), issuer.jwks_url()).unwrap().audience(issuer.audience());
    let verifier =
        Verifier::builder().issuer(trusted()).clock(issuer.clock()).audit(book.audit()).build().unwrap();
    let token = issuer.token().mint();
    assert_eq!(ask_with(&plain(&verifier), &token).await, 200);
    let event = book.event();
    assert_eq!(verdict(&event), ["authentication", "accepted", "-"]);
    assert_eq!((text(&event, "request_id"), text(&event, "method")), ("req-1", "GET"));
    assert!(event["key_age_ms"].is_u64(), "{event}");
    issuer.answer(Answer::Status(500));
    let verifier =
        Verifier::builder().issuer(trusted()).clock(issuer.clock()).audit(book.audit()).build().unwrap();
    assert_eq!(ask_with(&plain(&verifier), &token).await, 503);
    let event = book.event();
    assert_eq!(verdict(&event), ["authentication", "unavailable", "keys_not_loaded"]);
    assert_eq!(text(&event, "token_fingerprint"), book.audit().fingerprint(&token).to_string());
    assert_eq!((text(&event, "issuer"), text(&event, "request_id")), (issuer.identifier(), "req-1"));
}

#[tokio::test]
async fn of_several_verifiers_one_speaks() {
    let (mint, book) = (Mint::new(ID), Book::default());
    let other = Mint::new("https://other.example.com");
    let named = |mint: &Mint, name: &str| builder(mint).audit(book.audit().verifier(name)).build().unwrap();
    let layer = named(&mint, "staff").layer().or(&named(&other, "partners").layer());
    let guarded = axum::Router::new().route("/orders/1", axum::routing::get(|| async { "orders" }));
    let app = app(guarded.layer(layer));
    for (token, want, verifier) in [
        (mint.token().mint(), "accepted", "staff"),
        (other.token().mint(), "accepted", "partners"),
        (other.token().flawed(Flaw::Expired), "refused", "partners"),
        (mint.token().flawed(Flaw::Expired), "refused", "staff"),
    ] {
        ask_with(&app, &token).await;
        let event = book.event();
        assert_eq!((verdict(&event)[1], text(&event, "verifier")), (want, verifier));
    }
}

#[tokio::test]
async fn fingerprints_tell_tokens_and_keys_apart_and_nothing_else() {
    let (mint, verifier, book) = audited();
    let (token, other) = (mint.token().mint(), mint.token().subject("bob").mint());
    let fingerprint = |audit: &Audit, token: &str| audit.fingerprint(token).to_string();
    let audit = book.audit();
    let of_token = fingerprint(&audit, &token);
    assert_eq!((of_token.len(), of_token.chars().all(|c| c.is_ascii_hexdigit())), (32, true));
    assert_ne!(of_token, fingerprint(&audit, &other));
    assert_ne!(of_token, fingerprint(&Audit::new(Book::default(), vec![8; 32]).unwrap(), &token));
    assert_eq!(of_token, fingerprint(&Audit::new(Book::default(), vec![7; 32]).unwrap(), &token));
    // HMAC, as another hand puts the message together.
    let message = [b"portcullis token fingerprint\0", token.as_bytes()].concat();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[7; 32]);
    let mac = aws_lc_rs::hmac::sign(&key, &message);
    let want: String = mac.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(of_token, want);
    // The same token, accepted and, later, refused.
    verifier.verify(&token).await.unwrap();
    mint.clock().advance(Duration::from_secs(86_400));
    verifier.verify(&token).await.unwrap_err();
    let seen: Vec<_> =
        book.events().iter().map(|event| text(event, "token_fingerprint").to_owned()).collect();
    assert_eq!(seen, [of_token.clone(), of_token]);
    for (bytes, good) in [(31, false), (32, true), (1_024, true), (1_025, false)] {
        assert_eq!(Audit::new(Book::default(), vec![1; bytes]).is_ok(), good, "{bytes}");
    }
}

#[tokio::test]
async fn subjects_as_the_operator_chose() {
    let mint = Mint::new(ID);
    let token = mint.token().subject("alice").mint();
    let hasher = SubjectHasher::new(vec![9; 32]).unwrap();
    for (subjects, plain, hashed) in [
        (Subjects::Plain, true, false),
        (Subjects::Hashed(hasher.clone()), false, true),
        (Subjects::Omitted, false, false),
    ] {
        let book = Book::default();
        let verifier = builder(&mint).audit(book.audit().subjects(subjects)).build().unwrap();
        let verified = verifier.verify(&token).await.unwrap();
        let event = book.event();
        assert_eq!(text(&event, "subject"), if plain { "alice" } else { "-" });
        let hash = hasher.hash(&verified).unwrap().to_string();
        assert_eq!(text(&event, "subject_hash"), if hashed { &*hash } else { "-" });
    }
}

#[tokio::test]
async fn without_an_audit_nothing_is_put_on_record_and_counts_stay_with_clones() {
    let (mint, book) = (Mint::new(ID), Book::default());
    let audit = book.audit();
    builder(&mint).build().unwrap().verify(&mint.token().mint()).await.unwrap();
    assert_eq!((book.lines().len(), audit.events(), audit.lost()), (0, 0, 0));
    builder(&mint).audit(audit.clone()).build().unwrap().verify(&mint.token().mint()).await.unwrap();
    assert_eq!((book.lines().len(), audit.events()), (1, 1));
}

#[tokio::test]
async fn a_request_that_is_given_up_while_it_waits_is_on_no_record() {
    let (issuer, book) = (TestIssuer::start().await, Book::default());
    issuer.answer(Answer::Hang);
    let trusted =
        Issuer::jwks_url(issuer.identifier(), issuer.jwks_url()).unwrap().audience(issuer.audience());
    let verifier =
        Verifier::builder().issuer(trusted).clock(issuer.clock()).audit(book.audit()).build().unwrap();
    let token = issuer.token().mint();
    assert!(verifier.verify_cached(&token).is_pending());
    {
        let app = plain(&verifier);
        let mut asking = std::pin::pin!(ask_with(&app, &token));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(asking.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(book.lines(), Vec::<String>::new());
}
