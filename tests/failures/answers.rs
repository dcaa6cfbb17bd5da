//! The issuer, or somebody in its place, answers with what is no key set.

use portcullis::jose::{MAX_KEYS, MAX_SET_BYTES};
use portcullis::keys::remote::FetchResponse;
use portcullis::testkit::Mint;

use crate::source::Play;
use crate::stage::{INTERVAL, ISSUER, SERVED, Stage, UNKNOWN, is_no_good, pass, secs};

/// A good set, which must not be read where it is not the answer.
fn good() -> String {
    Mint::new(ISSUER).jwks_json()
}

#[tokio::test(start_paused = true)]
async fn status_500() {
    is_no_good(Play::text(500, good()), "fetch_status").await;
}

#[tokio::test(start_paused = true)]
async fn status_404() {
    is_no_good(Play::text(404, good()), "fetch_status").await;
}

#[tokio::test(start_paused = true)]
async fn status_403() {
    is_no_good(Play::text(403, good()), "fetch_status").await;
}

/// Neither time nor strangers make us ask before the issuer wants to be asked; and no header keeps us away for more than a
/// minute.
#[tokio::test(start_paused = true)]
async fn status_429_with_retry_after() {
    let busy = |wait: &str| Play::Answer(FetchResponse::new(429, good()).with_header("retry-after", wait));
    is_no_good(busy("5"), "fetch_status").await;
    for (wait, kept) in [("0", 10), ("30", 30), ("60", 60), ("86400", 60), ("99999999999999999999", 60)] {
        let stage = Stage::new().opened().await;
        pass(INTERVAL).await;
        stage.source.first([busy(wait)]);
        assert_eq!(stage.sees(&stage.invented(0)).await, UNKNOWN);
        assert_eq!(stage.fetches(), 2);
        let new = stage.mint.rotate_with_overlap();
        let token = stage.mint.token().key(&new).mint();
        for _ in 1..kept {
            if kept > 10 {
                assert_eq!(stage.sees_at_once(&token), UNKNOWN, "Retry-After: {wait}");
                assert_eq!(stage.fetches(), 2, "Retry-After: {wait}");
            }
            pass(secs(1)).await;
        }
        pass(secs(2)).await;
        assert_eq!(stage.sees(&token).await, SERVED, "Retry-After: {wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_no_answer() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = FetchResponse::new(status, good()).with_header("location", "https://id.example.com/");
        is_no_good(Play::Answer(elsewhere), "fetch_status").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_in_place_of_the_keys() {
    is_no_good(Play::text(200, "<!doctype html><title>Sign in</title>"), "key_set_not_json").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_at_all() {
    is_no_good(Play::text(200, ""), "key_set_not_json").await;
    is_no_good(Play::text(204, ""), "fetch_status").await;
}

#[tokio::test(start_paused = true)]
async fn truncated_json() {
    let set = good();
    is_no_good(Play::text(200, &set.as_bytes()[..set.len() / 2]), "key_set_not_json").await;
    is_no_good(Play::text(200, &set.as_bytes()[..set.len() - 1]), "key_set_not_json").await;
}

#[tokio::test(start_paused = true)]
async fn a_set_without_keys() {
    is_no_good(Play::text(200, r#"{"keys":[]}"#), "key_set_no_usable_key").await;
}

#[tokio::test(start_paused = true)]
async fn keys_missing() {
    is_no_good(Play::text(200, "{}"), "key_set_keys_missing").await;
    is_no_good(Play::text(200, r#"{"error":"try again"}"#), "key_set_keys_missing").await;
}

#[tokio::test(start_paused = true)]
async fn keys_of_the_wrong_type() {
    is_no_good(Play::text(200, r#"{"keys":null}"#), "key_set_keys_missing").await;
    is_no_good(Play::text(200, r#"{"keys":{"key-1":{}}}"#), "key_set_keys_missing").await;
    is_no_good(Play::text(200, "[]"), "key_set_not_json").await;
}

#[tokio::test(start_paused = true)]
async fn keys_that_stand_twice() {
    let set = good();
    let twice = set.replacen('{', r#"{"keys":[],"#, 1);
    is_no_good(Play::text(200, twice), "key_set_repeated_member").await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_keys() {
    let entries = |entry: &str, many: usize| format!(r#"{{"keys":[{}]}}"#, vec![entry; many].join(","));
    is_no_good(Play::text(200, entries("{}", 10_000)), "key_set_too_many_keys").await;
    is_no_good(Play::text(200, entries("{}", MAX_KEYS + 1)), "key_set_too_many_keys").await;
    let set = good();
    let key = set.strip_prefix(r#"{"keys":["#).unwrap().strip_suffix("]}").unwrap();
    is_no_good(Play::text(200, entries(key, 10_000)), "fetch_too_large").await;
    // As many as are read.
    let stage = Stage::new();
    for _ in 1..MAX_KEYS {
        stage.mint.add_raw_key("{}");
    }
    let stage = stage.opened().await;
    assert_eq!(stage.skipped().len(), MAX_KEYS - 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_of_300_kib() {
    let padded = |set: String, bytes: usize| Play::text(200, set.clone() + &" ".repeat(bytes - set.len()));
    is_no_good(padded(good(), 300 * 1_024), "fetch_too_large").await;
    is_no_good(padded(good(), MAX_SET_BYTES + 1), "fetch_too_large").await;
    let stage = Stage::new();
    stage.plays(padded(stage.mint.jwks_json(), MAX_SET_BYTES));
    stage.opened().await;
}

/// What a bomb is before it goes off: a body that is not unpacked.
#[tokio::test(start_paused = true)]
async fn a_packed_set() {
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    is_no_good(Play::text(200, packed), "key_set_not_json").await;
}
