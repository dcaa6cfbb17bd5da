//! Single entries of the set that are odd: they are skipped and listed, and the others serve.

use portcullis::Algorithm;
use portcullis::testkit::{Mint, SigningKey};
use serde_json::{Value, json};

use crate::source::Play;
use crate::stage::{ISSUER, SERVED, Stage, is_no_good, pass, secs};

/// The set beside which this entry stands is served, and the entry is skipped for this reason; first and later.
async fn is_skipped(entry: &str, reason: &str) {
    let stage = Stage::new();
    stage.mint.add_raw_key(entry);
    let stage = stage.opened().await;
    assert_eq!(stage.skipped(), [reason]);

    let stage = Stage::new().opened().await;
    assert!(stage.skipped().is_empty());
    stage.mint.add_raw_key(entry);
    pass(secs(545)).await;
    assert_eq!((stage.skipped(), &*stage.last_error(), stage.generation()), (vec![reason], "", 1));
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
}

fn jwk(key: &SigningKey) -> Value {
    serde_json::from_str(&key.jwk_json()).unwrap()
}

/// A key that a set may hold, with this member changed.
fn with(member: &str, value: Value) -> String {
    let mut key = jwk(&SigningKey::generate(Algorithm::ES256, "other"));
    key[member] = value;
    key.to_string()
}

#[tokio::test(start_paused = true)]
async fn one_malformed_entry_among_good_ones() {
    for (entry, reason) in [
        ("7".to_owned(), "key_malformed"),
        ("null".to_owned(), "key_malformed"),
        ("{}".to_owned(), "key_malformed"),
        (with("kty", json!(7)), "key_malformed"),
        (with("x", json!("not base64url!")), "key_encoding"),
        (with("x", json!("AAAA")), "key_length"),
        (with("y", json!("A".repeat(43))), "point_invalid"),
        (with("crv", json!("P-257")), "curve_unknown"),
        (with("alg", json!("ES999")), "key_algorithm_unknown"),
        (with("use", json!("enc")), "key_not_for_verifying"),
    ] {
        is_skipped(&entry, reason).await;
    }
}

/// As serialisers write members that nobody set; what is said of a key beside that still counts.
#[tokio::test(start_paused = true)]
async fn members_that_are_null() {
    let unset = ["kid", "use", "alg", "key_ops", "n", "e", "k", "d", "p", "q", "dp", "dq", "qi", "oth"];
    let other = Mint::new(ISSUER);
    let mut key: Value = serde_json::from_str(&first_key(&other)).unwrap();
    for member in unset {
        key[member] = Value::Null;
    }
    let stage = Stage::new();
    stage.plays(Play::text(200, json!({ "keys": [key] }).to_string()));
    assert_eq!(stage.sees(&other.token().mint()).await, SERVED);
    assert!(stage.skipped().is_empty());
    for (member, value, reason) in [
        ("use", json!("enc"), "key_not_for_verifying"),
        ("alg", json!("ES384"), "key_algorithm_mismatch"),
        ("d", json!(""), "key_private"),
    ] {
        let mut said = key.clone();
        said[member] = value;
        is_skipped(&said.to_string(), reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn only_unknown_types_of_keys() {
    let set =
        r#"{"keys":[{"kty":"of tomorrow","kid":"key-1"},{"kty":"AKP","alg":"ML-DSA-1024","pub":"AA"}]}"#;
    is_no_good(Play::text(200, set), "key_set_no_usable_key").await;
}

#[tokio::test(start_paused = true)]
async fn an_akp_key_beside_rsa() {
    let mint = Mint::builder(ISSUER).algorithm(Algorithm::RS256).build();
    mint.add_key(Algorithm::MlDsa65);
    mint.add_raw_key(r#"{"kty":"AKP","kid":"tomorrow","alg":"ML-DSA-1024","pub":"AA"}"#);
    let stage = Stage::of(mint).opened().await;
    assert_eq!(stage.skipped(), ["key_not_allowed", "key_algorithm_unknown"]);
    pass(secs(545)).await;
    assert_eq!((stage.sees_at_once(&stage.token()), &*stage.last_error()), (SERVED, ""));
}

#[tokio::test(start_paused = true)]
async fn a_private_key_in_the_set() {
    is_skipped(&with("d", json!("A".repeat(43))), "key_private").await;
    let alone = format!(r#"{{"keys":[{}]}}"#, with("d", json!("A".repeat(43))));
    is_no_good(Play::text(200, alone), "key_set_no_usable_key").await;
}

#[tokio::test(start_paused = true)]
async fn a_shared_secret_in_the_set() {
    let secret = jwk(&SigningKey::generate(Algorithm::HS256, "secret")).to_string();
    is_skipped(&secret, "key_symmetric").await;
    is_no_good(Play::text(200, format!(r#"{{"keys":[{secret}]}}"#)), "key_set_no_usable_key").await;
}

/// Both serve: which of them signed is found by trying.
#[tokio::test(start_paused = true)]
async fn one_kid_for_two_keys_of_a_type() {
    let (stage, other) = (Stage::new(), Mint::new(ISSUER));
    assert_eq!(stage.mint.key_id(), other.key_id());
    stage.mint.add_raw_key(first_key(&other));
    let stage = stage.opened().await;
    assert_eq!(stage.sees_at_once(&other.token().mint()), SERVED);
    assert_eq!(stage.sees(&Mint::new(ISSUER).token().mint()).await, (401, "signature_invalid"));
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
}

#[tokio::test(start_paused = true)]
async fn one_kid_for_two_types_of_keys() {
    let (stage, other) = (Stage::new(), Mint::builder(ISSUER).algorithm(Algorithm::EdDSA).build());
    assert_eq!(stage.mint.key_id(), other.key_id());
    stage.mint.add_raw_key(first_key(&other));
    let stage = stage.opened().await;
    assert_eq!(stage.sees_at_once(&other.token().mint()), SERVED);
    assert_eq!(stage.sees(&other.token().header("alg", "RS256").mint()).await, (401, "key_unsuitable"));
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
}

fn first_key(mint: &Mint) -> String {
    let set: Value = serde_json::from_str(&mint.jwks_json()).unwrap();
    set["keys"][0].to_string()
}
