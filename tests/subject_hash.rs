//! The stand-in for a subject: stable under a key, told apart by issuer, and never the subject.

#![cfg(all(feature = "aws-lc", feature = "testkit"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod minting;

use aws_lc_rs::hmac;
use minting::{of_alice, verifier};
use portcullis::testkit::Mint;
use portcullis::{ConfigError, Issuer, SubjectHasher, VerifiedToken, Verifier};

async fn verified(subject: &str) -> VerifiedToken {
    verifier().verify(&of_alice("a").subject(subject).mint()).await.unwrap()
}

fn hasher(byte: u8) -> SubjectHasher {
    SubjectHasher::new(vec![byte; 32]).unwrap()
}

/// HMAC, as another hand puts the message together.
#[tokio::test]
async fn it_is_what_is_documented() {
    let shown = hasher(1).hash(&verified("alice").await).unwrap().to_string();
    let issuer = "https://id.example.com";
    let mut message = b"portcullis subject hash\0".to_vec();
    message.extend(22_u64.to_be_bytes());
    message.extend(format!("{issuer}alice").bytes());
    assert_eq!(issuer.len(), 22);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]), &message);
    let want: String = mac.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(shown, want);
    assert_eq!(
        format!("{:?}", hasher(1).hash(&verified("alice").await).unwrap()),
        format!("SubjectHash({want})")
    );
}

#[tokio::test]
async fn it_tells_subjects_issuers_and_keys_apart_and_nothing_else() {
    let alice = hasher(1).hash(&verified("alice").await);
    let again = verifier().verify(&of_alice("other scopes").claim("x", 1).mint()).await.unwrap();
    assert_eq!(hasher(1).hash(&again), alice, "another token of the same subject");
    assert_ne!(hasher(1).hash(&verified("bob").await), alice);
    assert_ne!(hasher(2).hash(&verified("alice").await), alice);
    // The end of one name and the beginning of the next: together the same text.
    let mint = Mint::builder("https://id.example.co").audience("https://api.example.com").build();
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let other = Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap();
    let shifted = other.verify(&mint.token().subject("malice").mint()).await.unwrap();
    assert_ne!(hasher(1).hash(&shifted), alice);
}

#[tokio::test]
async fn without_a_subject_there_is_none() {
    let mint = Mint::new("https://id.example.com");
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let issuer = issuer.profile(portcullis::Profile::Lenient);
    let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap();
    let nobody = verifier.verify(&mint.token().without("sub").mint()).await.unwrap();
    assert_eq!((nobody.subject(), hasher(1).hash(&nobody)), (None, None));
    let empty = verifier.verify(&mint.token().subject("").mint()).await.unwrap();
    assert!(empty.subject().is_none_or(str::is_empty));
    assert_eq!(hasher(1).hash(&empty).is_some(), empty.subject().is_some());
}

#[test]
fn a_key_that_can_be_guessed_is_refused() {
    for (bytes, good) in [(0, false), (31, false), (32, true), (1_024, true), (1_025, false)] {
        let made = SubjectHasher::new(vec![7; bytes]);
        assert_eq!(made.is_ok(), good, "{bytes}");
        let refused = made.err();
        assert!(matches!(refused, None | Some(ConfigError::SizeOutOfBounds { min: 32, max: 1_024, .. })));
    }
    let shown = format!("{:?}", hasher(7));
    assert!(!shown.contains("7, 7") && shown.contains("Secret(32 bytes)"), "{shown}");
}
