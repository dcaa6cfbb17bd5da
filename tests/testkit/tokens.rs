use std::collections::HashSet;
use std::task::Poll;
use std::time::Duration;

use portcullis::crypto::Backend;
use portcullis::testkit::{Flaw, Mint, TestClock};
use portcullis::{Algorithm, Clock, Error, Issuer, KeyError, UnixTime, VerifiedToken, Verifier};

const ISSUER: &str = "https://id.example.com";

fn trusting(mint: &Mint) -> Verifier {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap()
}

fn verify(verifier: &Verifier, token: &str) -> Result<VerifiedToken, Error> {
    match verifier.verify_cached(token) {
        Poll::Ready(decision) => decision,
        Poll::Pending => panic!("fixed keys never wait"),
    }
}

fn code(verifier: &Verifier, token: &str) -> Result<(), &'static str> {
    verify(verifier, token).map(drop).map_err(|error| error.code())
}

#[test]
fn every_flaw_is_refused_for_its_reason_and_its_twin_is_accepted() {
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256] {
        let mint = Mint::builder(ISSUER).algorithm(algorithm).build();
        let verifier = trusting(&mint);
        for flaw in Flaw::ALL {
            let twin = mint.token().scope("orders:read");
            assert_eq!(code(&verifier, &twin.clone().mint()), Ok(()), "{algorithm} {flaw:?}: the twin");
            assert_eq!(
                code(&verifier, &twin.flawed(*flaw)),
                Err(flaw.expected_code()),
                "{algorithm} {flaw:?}"
            );
        }
    }
}

#[test]
fn a_flaw_stands_once_in_the_list() {
    assert_eq!(Flaw::ALL.iter().collect::<HashSet<_>>().len(), Flaw::ALL.len());
}

#[test]
fn every_algorithm_of_the_table_signs_what_every_backend_that_has_it_verifies() {
    for algorithm in Algorithm::ALL {
        let mint = Mint::builder(ISSUER).algorithm(*algorithm).build();
        for backend in Backend::available() {
            let issuer = Issuer::new(ISSUER, mint.jwks()).audience(mint.audience()).algorithms([*algorithm]);
            let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).backend(*backend).build();
            assert_eq!(verifier.is_ok(), backend.supports(*algorithm), "{algorithm} {backend:?}");
            let Ok(verifier) = verifier else { continue };
            let token = mint.token();
            assert_eq!(code(&verifier, &token.clone().mint()), Ok(()), "{algorithm} {backend:?}");
            let tampered = token.flawed(Flaw::TamperedSignature);
            assert_eq!(code(&verifier, &tampered), Err("signature_invalid"), "{algorithm} {backend:?}");
        }
    }
}

#[test]
fn what_a_builder_sets_is_what_the_verifier_sees() {
    let mint = Mint::new(ISSUER);
    let verifier = trusting(&mint);
    let token = mint.token().subject("ada").client_id("shop").scope("a b").claim("tenant", 7);
    let verified = verify(&verifier, &token.audiences(["x", mint.audience()]).mint()).unwrap();
    assert_eq!((verified.subject(), verified.client_id()), (Some("ada"), Some("shop")));
    assert!(verify(&verifier, &mint.token().audiences(["x", "y"]).mint()).is_err());
    assert_eq!(code(&verifier, &mint.token().header("typ", "application/at+jwt").mint()), Ok(()));
    assert_eq!(code(&verifier, &mint.token().without("scope").without_header("kid").mint()), Ok(()));
}

#[test]
fn dates_are_exact_to_the_second() {
    let clock = TestClock::at(UnixTime::from_seconds(1_000_000));
    let mint = Mint::builder(ISSUER).clock(clock.clone()).build();
    let verifier = trusting(&mint);
    let seconds = Duration::from_secs;
    for (name, token, want) in [
        ("expired within skew", mint.token().expired_for(seconds(59)), Ok(())),
        ("expired, skew used up", mint.token().expired_for(seconds(60)), Err("token_expired")),
        ("early within skew", mint.token().not_before_in(seconds(60)), Ok(())),
        ("early beyond skew", mint.token().not_before_in(seconds(61)), Err("token_not_yet_valid")),
        ("short life", mint.token().expires_in(seconds(1)), Ok(())),
        ("issued long ago", mint.token().issued_at(UnixTime::EPOCH), Ok(())),
    ] {
        assert_eq!(code(&verifier, &token.mint()), want, "{name}");
    }
    let token = mint.token().mint();
    clock.advance(seconds(359));
    assert_eq!(code(&verifier, &token), Ok(()));
    clock.advance(seconds(1));
    assert_eq!(code(&verifier, &token), Err("token_expired"));
    assert_eq!(mint.clock().now(), UnixTime::from_seconds(1_000_360));
}

#[test]
fn no_two_tokens_share_an_id() {
    let mint = Mint::new(ISSUER);
    let verifier = trusting(&mint);
    let id = || verify(&verifier, &mint.clone().token().mint()).unwrap().token_id().map(str::to_owned);
    assert!(id().is_some() && id() != id());
}

#[test]
fn rotation_changes_the_set_as_it_says() {
    let mint = Mint::new(ISSUER);
    let first = mint.key_id();
    let old = mint.token().mint();

    let second = mint.rotate_with_overlap();
    assert_eq!((mint.published(), mint.key_id()), (vec![first.clone(), second.clone()], second.clone()));
    assert_eq!(code(&trusting(&mint), &old), Ok(()));

    mint.withdraw(&first);
    assert_eq!(code(&trusting(&mint), &old), Err("key_unknown"));
    assert_eq!(code(&trusting(&mint), &mint.token().key(&first).mint()), Err("key_unknown"));

    let third = mint.publish_next();
    assert_eq!((mint.published(), mint.key_id()), (vec![second.clone(), third.clone()], second));
    assert_eq!((mint.rotate(), mint.published()), (third.clone(), vec![third.clone()]));

    let rsa = mint.add_key(Algorithm::RS256);
    assert_eq!(mint.key_id(), third);
    let verifier = trusting(&mint);
    for token in [mint.token(), mint.token().algorithm(Algorithm::RS256), mint.token().key(&rsa)] {
        assert_eq!(code(&verifier, &token.mint()), Ok(()));
    }
}

#[test]
fn raw_entries_stand_in_the_set_as_they_were_written() {
    let mint = Mint::new(ISSUER);
    mint.add_raw_key(r#"{"kty":"of tomorrow","kid":"t"}"#);
    mint.add_raw_key(r#"{"kty":"EC","kty":"EC"}"#);
    let set = mint.jwks();
    let skipped: Vec<_> = set.skipped().iter().map(|skipped| skipped.error.code()).collect();
    assert_eq!((set.keys().len(), skipped), (1, vec![KeyError::KeyTypeUnknown.code(), "key_malformed"]));
    assert_eq!(code(&trusting(&mint), &mint.token().mint()), Ok(()));
}

#[test]
fn secrets_are_handed_over_and_never_published() {
    let mint = Mint::builder(ISSUER).algorithm(Algorithm::HS256).build();
    assert_eq!(mint.jwks().keys().len(), 1);
    assert_eq!(mint.jwks_json(), r#"{"keys":[]}"#);
}

#[test]
#[should_panic(expected = "the key to be withdrawn is in the set")]
fn withdrawing_what_is_not_there_ends_the_test() {
    Mint::new(ISSUER).withdraw("key-7");
}
