//! Which answers replace the keys in use.

use super::*;
use crate::jose::{MAX_KEYS, MAX_SET_BYTES};

#[tokio::test(start_paused = true)]
async fn odd_answers_change_nothing_and_say_why() {
    let huge = format!("{}{}", jwks("b"), " ".repeat(MAX_SET_BYTES));
    let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; MAX_KEYS + 1].join(","));
    let secret = r#"{"keys":[{"kty":"oct","kid":"s","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    for (play, want) in [
        (Play::text(200, ""), "key_set_not_json"),
        (Play::text(200, "<html>down for maintenance</html>"), "key_set_not_json"),
        (Play::text(200, "{}"), "key_set_keys_missing"),
        (Play::text(200, r#"{"keys":[]}"#), "key_set_no_usable_key"),
        (Play::text(200, r#"{"keys":[{"kty":"RSA"}]}"#), "key_set_no_usable_key"),
        (Play::text(200, secret), "key_set_no_usable_key"),
        (Play::text(200, r#"{"keys":[],"keys":[]}"#), "key_set_repeated_member"),
        (Play::text(200, &many), "key_set_too_many_keys"),
        (Play::text(200, &huge), "fetch_too_large"),
        (Play::text(200, jwks("a").trim_end_matches('}')), "key_set_not_json"),
        (Play::text(201, &jwks("ab")), "fetch_status"),
        (Play::text(204, ""), "fetch_status"),
        (Play::text(301, &jwks("ab")), "fetch_status"),
        (Play::text(304, ""), "fetch_status"),
        (Play::text(404, &jwks("ab")), "fetch_status"),
        (Play::text(500, &jwks("ab")), "fetch_status"),
        (Play::Fail(FetchError::Tls), "fetch_tls"),
    ] {
        let source = Scripted::with("a");
        let keys = loaded(&source).await;
        source.set(JWKS, play);
        pass(secs(545)).await;
        let status = keys.status(ISSUER);
        assert_eq!(last_error(&keys).as_deref(), Some(want));
        assert_eq!((serving(&keys), status.generation), (Ok("a".to_owned()), 1), "{want}");
        assert!(status.age.unwrap() >= secs(545), "{want}: not confirmed");
        assert!(source.fetches() >= 2, "{want}");
        assert!(status.next_attempt.unwrap() <= secs(60), "{want}: retried soon");
    }
}

#[tokio::test(start_paused = true)]
async fn odd_entries_are_skipped_and_the_rest_serves() {
    let source = Scripted::with("a");
    let good = jwks("a");
    let entries = good.trim_start_matches(r#"{"keys":["#).trim_end_matches("]}");
    let private =
        entries.replace(r#""kid":"a""#, r#""kid":"p","d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#);
    let body = format!(
        r#"{{"keys":[{{"kty":"new"}},7,{private},{{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}},{entries}]}}"#
    );
    source.set(JWKS, Play::text(200, &body));
    let keys = loaded(&source).await;
    assert_eq!(serving(&keys), Ok("a".to_owned()));
    let status = keys.status(ISSUER);
    let reasons: Vec<_> = status.skipped.iter().map(|skipped| skipped.error.code()).collect();
    assert_eq!(reasons, ["key_type_unknown", "key_malformed", "key_private", "key_symmetric"]);
}

#[tokio::test(start_paused = true)]
async fn a_generation_is_a_change_of_keys_and_not_a_confirmation() {
    let source = Scripted::with("ab");
    let keys = loaded(&source).await;
    for (names, want) in [("ab", 1), ("ba", 1), ("bc", 2), ("b", 3), ("bc", 4)] {
        source.set(JWKS, Play::keys(names));
        pass(secs(545)).await;
        assert_eq!(keys.status(ISSUER).generation, want, "{names}");
        assert!(keys.status(ISSUER).age.unwrap() < secs(545), "{names}: confirmed");
    }
    let renamed = jwks("bc").replace(r#""kid":"c""#, r#""kid":"x""#);
    source.set(JWKS, Play::text(200, &renamed));
    pass(secs(545)).await;
    assert_eq!((keys.status(ISSUER).generation, serving(&keys)), (5, Ok("bx".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn keys_with_nothing_in_common_are_taken_when_seen_twice() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    source.next([Play::keys("b")]);
    pass(secs(10)).await;
    assert!(keys.would_wait(unknown(&keys)));
    pass(ms(50)).await;
    assert_eq!(last_error(&keys).as_deref(), Some("key_set_unconfirmed"));
    assert_eq!((serving(&keys), source.fetches()), (Ok("a".to_owned()), 2), "once is not enough");
    pass(secs(1)).await;
    assert_eq!((serving(&keys), source.fetches(), last_error(&keys)), (Ok("a".to_owned()), 3, None));
    // What was held is forgotten with the old keys' return: one more sight is the first again.
    source.next([Play::keys("b")]);
    pass(secs(545)).await;
    assert_eq!((serving(&keys), keys.status(ISSUER).generation), (Ok("a".to_owned()), 1));
    source.set(JWKS, Play::keys("bc"));
    pass(secs(545)).await;
    assert_eq!((serving(&keys), keys.status(ISSUER).generation), (Ok("bc".to_owned()), 2));
}

#[tokio::test(start_paused = true)]
async fn other_keys_each_time_are_never_taken_and_backed_off_from() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    source.next((0..200).map(|n| Play::keys(["b", "c", "d"][n % 3])));
    pass(secs(545)).await;
    let before = source.fetches();
    pass(secs(600)).await;
    assert_eq!(serving(&keys), Ok("a".to_owned()));
    assert!(source.fetches() - before < 80, "{} in 600 s", source.fetches() - before);
}
