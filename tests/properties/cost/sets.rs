//! What key sets and attempts to fetch them may cost.

use super::*;

/// Key sets of about `bytes` bytes.
fn key_sets(bytes: usize) -> Vec<(String, String)> {
    let good = TRUSTED.jwk_json();
    let mut sets: Vec<(String, String)> = Vec::new();
    for (name, object) in objects(bytes - good.len() - 20) {
        sets.push((format!("entry: {name}"), format!(r#"{{"keys":[{object}]}}"#)));
        sets.push((format!("beside keys: {name}"), extended(&json!({"keys": []}), &object)));
    }
    let repeated = |entry: &str, most: usize| {
        let count = ((bytes - 20) / (entry.len() + 1)).min(most);
        format!(r#"{{"keys":[{}]}}"#, vec![entry; count].join(","))
    };
    let padded = |entry: &str| {
        let mut entry = entry.trim_end_matches('}').to_owned();
        write!(entry, ",\"x5c\":[\"{}\"]}}", "A".repeat(bytes / 100 - entry.len() - 40)).unwrap();
        entry
    };
    let rsa = json!({"kty": "RSA", "kid": "r", "e": "AQAB", "n": RSA}).to_string();
    sets.extend([
        ("more entries than are taken".to_owned(), repeated("0", usize::MAX)),
        ("more objects than are taken".to_owned(), repeated("{}", usize::MAX)),
        ("a hundred good keys".to_owned(), repeated(&padded(&good), 100)),
        ("a hundred RSA keys".to_owned(), repeated(&padded(&rsa), 100)),
        (
            "a hundred long kids".to_owned(),
            repeated(&format!(r#"{{"kid":"{}"}}"#, "k".repeat(bytes / 100 - 40)), 100),
        ),
        (
            "a hundred secrets".to_owned(),
            repeated(&format!(r#"{{"kty":"oct","k":"{}"}}"#, "A".repeat(bytes / 400 * 4 - 40)), 100),
        ),
        (
            "a modulus of great length".to_owned(),
            format!(r#"{{"keys":[{{"kty":"RSA","e":"AQAB","n":"{}"}}]}}"#, "_".repeat(bytes / 4 * 4 - 60)),
        ),
        ("operations".to_owned(), format!(r#"{{"keys":[{}]}}"#, operations(&good, bytes))),
    ]);
    sets
}

fn operations(entry: &str, bytes: usize) -> String {
    let list: Vec<_> = (0..(bytes - entry.len() - 60) / 8).map(|n| format!("\"{n:05}\"")).collect();
    format!("{},\"key_ops\":[{}]}}", entry.trim_end_matches('}'), list.join(","))
}

#[test]
fn a_key_set_of_256_kib_allocates_a_bounded_number_of_bytes() {
    let mut dearest = Dearest::default();
    for (name, set) in key_sets(MAX_SET_BYTES) {
        assert!(set.len() <= MAX_SET_BYTES, "{name}: {}", set.len());
        dearest.see(&name, &measure(|| drop(JwkSet::parse(set.as_bytes()))));
    }
    dearest.is_within(SET_TOTAL, SET_PEAK);
}

#[test]
fn a_key_set_of_twice_the_length_costs_twice_as_much_at_most() {
    let [small, large] = [MAX_SET_BYTES / 4, MAX_SET_BYTES].map(key_sets);
    for ((name, small), (_, large)) in small.iter().zip(&large) {
        let [small, large] = [small, large].map(|set| measure(|| drop(JwkSet::parse(set.as_bytes()))));
        grows_in_proportion(name, 4, &small, &large);
    }
}

struct Answers {
    metadata: String,
    keys: String,
}

impl Fetch for Answers {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        let metadata = request.url().contains("/.well-known/");
        let body = if metadata { &self.metadata } else { &self.keys };
        Box::pin(async move {
            let fits = body.len() <= request.max_bytes();
            if fits { Ok(FetchResponse::new(200, body.as_str())) } else { Err(FetchError::Timeout) }
        })
    }
}

/// What a source spends on its first attempt, the answers themselves included, and on its end.
fn attempted(metadata: String, keys: String) -> AllocationInfo {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let remote = Remote::discover_with(ISSUER, Answers { metadata, keys }).unwrap();
    let issuer = Issuer::new(ISSUER, remote).audience(AUDIENCE);
    let spent = measure(|| {
        runtime.block_on(async {
            let verifier = Verifier::builder().issuer(issuer).token_cache(0).build().unwrap();
            let _ = verifier.ready(Duration::from_millis(1)).await;
            let status = verifier.status();
            assert_ne!(status[0].last_error.as_deref(), Some("fetch_timeout: no complete answer in time"));
            drop(verifier);
            tokio::task::yield_now().await;
        });
    });
    // The source was made before, and is dropped within.
    AllocationInfo { bytes_current: 0, ..spent }
}

#[test]
fn an_attempt_allocates_a_bounded_number_of_bytes() {
    let metadata = json!({"issuer": ISSUER, "jwks_uri": "https://id.example.com/jwks"});
    let keys = format!(r#"{{"keys":[{}]}}"#, TRUSTED.jwk_json());
    let _ = attempted(metadata.to_string(), keys.clone());
    let mut dearest = Dearest::default();
    for (name, object) in objects(METADATA_BYTES - metadata.to_string().len()) {
        let hostile = extended(&metadata, &object);
        assert!(hostile.len() <= METADATA_BYTES, "{name}: {}", hostile.len());
        dearest.see(name, &attempted(hostile, keys.clone()));
    }
    dearest.is_within(METADATA_TOTAL, METADATA_PEAK);
    let mut dearest = Dearest::default();
    for (name, set) in key_sets(MAX_SET_BYTES) {
        dearest.see(&name, &attempted(metadata.to_string(), set));
    }
    dearest.is_within(ATTEMPT_TOTAL, ATTEMPT_PEAK);
}

/// For a key set of 256 KiB.
const SET_TOTAL: u64 = 7 * 512 * 1024;
const SET_PEAK: u64 = 11 * 256 * 1024;
/// The most that is read of metadata, and what that and the attempt around it may cost.
const METADATA_BYTES: usize = 64 * 1024;
const METADATA_TOTAL: u64 = 768 * 1024;
const METADATA_PEAK: u64 = 512 * 1024;
/// For an attempt that brings a key set of 256 KiB.
const ATTEMPT_TOTAL: u64 = SET_TOTAL + 512 * 1024;
const ATTEMPT_PEAK: u64 = SET_PEAK + 512 * 1024;
