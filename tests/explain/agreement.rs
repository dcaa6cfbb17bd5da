//! An explanation and a verification cannot disagree.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis::require::{acr, claim, role};
use portcullis::revoke::RevocationStatus;
use portcullis::tenants::{Tenant, Tenants};
use portcullis::testkit::{Flaw, Mint};
use portcullis::{Clock as _, Issuer, Profile, VerifiedToken, Verifier, VerifierBuilder, scope};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::explained::{agreed, failed};
use crate::testing::cases;

const OURS: &str = "https://id.example.com";

fn issuer(mint: &Mint) -> Issuer {
    Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience())
}

/// Set-ups of every kind for the tokens of one mint.
fn verifiers(mint: &Mint) -> Vec<Verifier> {
    let other = Mint::builder("https://other.example.com").clock(mint.clock()).build();
    let builder = || Verifier::builder().clock(mint.clock());
    let keys = mint.clone();
    let tenants = Tenants::listed([mint.identifier()], move |_: Tenant| {
        let issuer = issuer(&keys);
        async move { Ok(Some(issuer)) }
    });
    let strict =
        issuer(mint).client("client-1").require_claim("tier", "gold").max_token_age(Duration::from_secs(300));
    let set_ups: Vec<VerifierBuilder> = vec![
        builder().issuer(issuer(mint)),
        builder().issuer(issuer(mint)).token_cache(0),
        builder().issuer(issuer(mint)).issuer(issuer(&other)),
        builder().issuer(issuer(mint).profile(Profile::Lenient)).issuer(issuer(&other)),
        builder().issuer(issuer(mint).profile(Profile::IdToken)),
        builder().issuer(strict),
        builder().issuer(issuer(mint)).max_token_bytes(300),
        builder().issuer(issuer(&other)),
        builder().tenants(tenants),
        builder().issuer(issuer(mint)).revocation(|token: &VerifiedToken| match token.subject() {
            Some("user-1") => RevocationStatus::NotRevoked,
            Some("ada") => RevocationStatus::unknown(),
            _ => RevocationStatus::Revoked,
        }),
    ];
    set_ups.into_iter().map(|set_up| set_up.build().unwrap()).collect()
}

#[tokio::test]
async fn every_flaw_is_explained_as_it_is_refused() {
    let mint = Mint::new(OURS);
    let (verifiers, mut codes) = (verifiers(&mint), BTreeSet::new());
    for flaw in Flaw::ALL {
        let token = mint.token().flawed(*flaw);
        for verifier in &verifiers {
            let explanation = agreed(verifier, &token, None).await;
            codes.extend(
                explanation.decision().err().map(|error| (error.code(), failed(&explanation).unwrap().name)),
            );
        }
        let explanation = agreed(&verifiers[0], &token, None).await;
        assert_eq!(explanation.decision().unwrap_err().code(), flaw.expected_code(), "{flaw:?}");
    }
    assert!(codes.len() > 25, "{codes:?}");
}

#[tokio::test]
async fn a_good_token_passes_every_check_that_applies_to_it() {
    let mint = Mint::new(OURS);
    let token = mint.token().claim("tier", "gold").mint();
    let codes =
        [None, None, None, None, Some("type_not_allowed"), None, None, Some("issuer_unknown"), None, None];
    for (verifier, want) in verifiers(&mint).iter().zip(codes) {
        for _ in 0..4 {
            let explanation = agreed(verifier, &token, None).await;
            let code = explanation.decision().err().map(|error| error.code());
            let size = token.len() > 300 && explanation.checks()[0].expected.contains("300");
            assert_eq!(code, if size { Some("token_too_large") } else { want });
        }
    }
}

#[tokio::test]
async fn requirements_are_the_last_check() {
    let mint = Mint::new(OURS);
    let token = mint.token().scope("orders:read").claim("roles", ["clerk"]).mint();
    for (requirement, want) in [
        (scope("orders:read"), None),
        (scope("orders:read").and(scope("orders:write")), Some("scope_missing")),
        (role("admin").or(role("chief")), Some("role_missing")),
        (role("admin").or(role("clerk")), None),
        (acr("gold"), Some("authentication_insufficient")),
        (claim("tier").equals("gold"), Some("claim_not_met")),
        (claim("").equals("gold"), Some("requirement_impossible")),
    ] {
        for verifier in &verifiers(&mint) {
            let explanation = agreed(verifier, &token, Some(&requirement)).await;
            let last = explanation.checks().last().unwrap();
            assert_eq!((last.name, &last.expected), ("requirement", &requirement.to_string()));
        }
        let explanation = agreed(&verifiers(&mint)[0], &token, Some(&requirement)).await;
        assert_eq!(explanation.decision().err().map(|error| error.code()), want, "{requirement}");
    }
}

/// A service may explain on any thread.
#[test]
fn explaining_is_sent_where_it_is_needed() {
    fn is_send(_: &(impl Send + ?Sized)) {}
    let mint = Mint::new(OURS);
    let verifier = Verifier::builder().issuer(issuer(&mint)).build().unwrap();
    is_send(&verifier.explain(""));
    is_send(&verifier.explain_with("", &scope("a")));
    is_send(&verifier.verify(""));
}

/// Claims that are present, absent, of another type or of another value.
fn claims() -> impl Strategy<Value = Vec<(&'static str, Option<Value>)>> {
    let name = prop::sample::select(vec![
        "iss",
        "aud",
        "sub",
        "client_id",
        "jti",
        "cnf",
        "tier",
        "nonce",
        "scope",
        "at_hash",
        "token_use",
        "typ",
    ]);
    let value = prop::sample::select(vec![
        json!(OURS),
        json!("https://other.example.com"),
        json!("https://id.example.com/"),
        json!("https://api.example.com"),
        json!("client-1"),
        json!("ada"),
        json!("user-1"),
        json!("gold"),
        json!("\u{1b}[31m\u{202e}\"\u{430}"),
        json!("x".repeat(2_000)),
        json!([]),
        json!(["https://api.example.com", "y"]),
        json!({"jkt": "x", "\n": 1}),
        json!(7),
        json!(null),
    ]);
    prop::collection::vec((name, prop::option::weighted(0.8, value)), 0..3)
}

/// Seconds from now, near all edges.
fn distance() -> impl Strategy<Value = i64> {
    let edge = prop::sample::select(vec![-361i64, -300, -60, 0, 60, 300, 360]);
    prop_oneof![8 => (edge, -1..=1i64).prop_map(|(edge, off)| edge + off), 1 => any::<i64>()]
}

/// What the cases share: keys and a runtime are dear.
struct Stage {
    mint: Mint,
    verifiers: Vec<Verifier>,
    runtime: tokio::runtime::Runtime,
}

thread_local! {
    static STAGE: Stage = {
        let mint = Mint::new(OURS);
        let verifiers = verifiers(&mint);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        Stage { mint, verifiers, runtime }
    };
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn whatever_a_token_says_and_whenever(
        claims in claims(),
        exp in prop::option::weighted(0.5, distance()),
        nbf in prop::option::weighted(0.3, distance()),
        iat in prop::option::weighted(0.3, distance()),
        late in 0..2u64,
        header in prop::option::weighted(0.3, prop::sample::select(vec![
            ("alg", json!("RS256")), ("alg", json!("HS256")), ("kid", json!("b")), ("kid", json!(null)),
            ("typ", json!("JWT")), ("typ", json!("\u{7f}")), ("x", json!("\u{202e}".repeat(50))),
        ])),
        asked in prop::option::of(prop::sample::select(vec![scope("a"), role("b").or(scope("orders:read"))])),
    ) {
        STAGE.with(|Stage { mint, verifiers, runtime }| {
            let now = mint.clock().now().seconds();
            let mut token = mint.token().subject("user-1").client_id("client-1").claim("tier", "gold");
            for (name, distance) in [("exp", exp), ("nbf", nbf), ("iat", iat)] {
                if let Some(distance) = distance {
                    token = token.claim(name, now.saturating_add(distance));
                }
            }
            for (name, value) in claims {
                token = match value {
                    Some(value) => token.claim(name, value),
                    None => token.without(name),
                };
            }
            if let Some((name, value)) = header {
                token = token.header(name, value);
            }
            let token = token.mint();
            runtime.block_on(async {
                for verifier in verifiers {
                    let _ = agreed(verifier, &token, asked.as_ref()).await;
                }
                mint.clock().advance(Duration::from_secs(late));
                for verifier in verifiers.iter().take(6) {
                    let _ = agreed(verifier, &token, None).await;
                }
            });
        });
    }
}
