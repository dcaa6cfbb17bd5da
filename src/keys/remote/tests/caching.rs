//! Asking on condition, and being asked to stay away.

use super::*;

fn tagged(names: &str, tag: &str) -> Play {
    let answer = FetchResponse::new(200, jwks(names)).with_header("etag", tag);
    Play::Answer(answer.with_header("cache-control", "max-age=600"))
}

fn unchanged(max_age: &str) -> Play {
    Play::Answer(FetchResponse::new(304, "").with_header("cache-control", max_age))
}

async fn loaded_with(play: Play) -> (Arc<Scripted>, RemoteKeys) {
    let source = Scripted::with("a");
    source.next([play]);
    let keys = loaded(&source).await;
    (source, keys)
}

#[tokio::test(start_paused = true)]
async fn keys_that_did_not_change_are_confirmed_without_being_sent() {
    let (source, keys) = loaded_with(tagged("a", "\"1\"")).await;
    assert_eq!(source.condition(), None, "there was nothing to compare with");
    source.set(JWKS, unchanged("max-age=900"));
    pass(secs(545)).await;
    assert_eq!((source.fetches(), source.condition().as_deref()), (2, Some("if-none-match: \"1\"")));
    assert_eq!(
        (state(&keys), serving(&keys), last_error(&keys)),
        (KeyState::Fresh, Ok("a".to_owned()), None)
    );
    assert!(keys.status(ISSUER).age.unwrap() < secs(130), "young again");
    assert_eq!(keys.status(ISSUER).generation, 1);
    // The advice of the 304 counts, so the next attempt is after 630 s at the earliest.
    pass(secs(500)).await;
    assert_eq!(source.fetches(), 2);
    // And expired keys are good again by the word of their source.
    source.set(JWKS, Play::Fail(FetchError::Connect));
    pass(secs(5_000)).await;
    assert_eq!(state(&keys), KeyState::Expired);
    source.set(JWKS, unchanged("max-age=900"));
    pass(secs(61)).await;
    assert_eq!((state(&keys), serving(&keys)), (KeyState::Fresh, Ok("a".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_asked_for_without_condition() {
    let (source, keys) = loaded_with(tagged("a", "\"never changed\"")).await;
    source.set(JWKS, tagged("ab", "\"never changed\""));
    pass(secs(10)).await;
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
    assert_eq!((serving(&keys), source.condition()), (Ok("ab".to_owned()), None));
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_never_changes_hides_a_change_for_a_day_at_most() {
    let stuck = |names| Play::Stuck(FetchResponse::new(200, jwks(names)).with_header("etag", "\"1\""));
    let (source, keys) = loaded_with(stuck("ab")).await;
    source.set(JWKS, stuck("b"));
    pass(secs(24 * 60 * 60 - 600)).await;
    assert_eq!(
        (serving(&keys), source.condition().as_deref()),
        (Ok("ab".to_owned()), Some("if-none-match: \"1\""))
    );
    pass(secs(599)).await;
    assert_eq!(serving(&keys), Ok("b".to_owned()));
}

/// A renewal that was told "unchanged" would be believed for another day.
#[tokio::test(start_paused = true)]
async fn nor_for_longer_where_an_answer_holds_for_a_day() {
    let whole_day = |names| {
        let answer = FetchResponse::new(200, jwks(names)).with_header("etag", "\"1\"");
        Play::Stuck(answer.with_header("cache-control", "max-age=86400"))
    };
    let (source, keys) = loaded_with(whole_day("ab")).await;
    source.set(JWKS, whole_day("b"));
    pass(secs(24 * 60 * 60)).await;
    assert_eq!((serving(&keys), source.condition()), (Ok("b".to_owned()), None));
}

#[tokio::test(start_paused = true)]
async fn who_did_not_ask_whether_keys_changed_cannot_be_told_that_they_did_not() {
    let (source, keys) = loaded_with(Play::keys("a")).await;
    source.set(JWKS, unchanged("max-age=900"));
    pass(secs(545)).await;
    assert_eq!((last_error(&keys).as_deref(), source.condition()), (Some("fetch_status"), None));
    pass(secs(100)).await;
    assert_eq!(state(&keys), KeyState::Grace, "it confirmed nothing");
    let source = Scripted::with("a");
    source.set(JWKS, unchanged("max-age=900"));
    let keys = build(remote(&source));
    pass(ms(50)).await;
    assert_eq!((state(&keys), last_error(&keys).as_deref()), (KeyState::Loading, Some("fetch_status")));
}

#[tokio::test(start_paused = true)]
async fn a_changed_document_is_known_by_its_own_tag() {
    let (source, keys) = loaded_with(tagged("a", "\"1\"")).await;
    source.set(JWKS, tagged("ab", "\"2\""));
    pass(secs(545)).await;
    assert_eq!(serving(&keys), Ok("ab".to_owned()));
    pass(secs(545)).await;
    assert_eq!(source.condition().as_deref(), Some("if-none-match: \"2\""));
    // Keys that were only seen once are not what the next request is compared with.
    source.next([tagged("c", "\"3\"")]);
    pass(secs(545)).await;
    assert_eq!(
        (serving(&keys), source.condition().as_deref()),
        (Ok("ab".to_owned()), Some("if-none-match: \"2\""))
    );
}

fn refusal(status: u16, retry_after: &str) -> Play {
    Play::Answer(FetchResponse::new(status, "").with_header("retry-after", retry_after))
}

#[tokio::test(start_paused = true)]
async fn a_source_that_wants_to_be_left_alone_is_left_alone_for_a_minute_at_most() {
    for (status, retry_after, wait) in
        [(429, "30", 30), (503, "30", 30), (429, "86400", 60), (503, "99999999999999999999", 60)]
    {
        let (source, keys) = loaded_with(Play::keys("a")).await;
        source.set(JWKS, refusal(status, retry_after));
        pass(secs(10)).await;
        assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
        source.set(JWKS, Play::keys("ab"));
        // Strangers cannot make us impolite.
        for _ in 0..wait - 1 {
            pass(secs(1)).await;
            assert!(!keys.would_wait(unknown(&keys)));
            assert_eq!(source.fetches(), 2, "{status} {retry_after}");
        }
        pass(secs(2)).await;
        assert_eq!((source.fetches(), serving(&keys)), (3, Ok("ab".to_owned())), "{status} {retry_after}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_servers_of_one_name_that_share_no_key_end_with_the_keys_of_one() {
    let (source, keys) = loaded_with(Play::keys("a")).await;
    source.next((0..3).map(|n| Play::keys(["b", "c"][n % 2])));
    source.set(JWKS, Play::keys("b"));
    pass(secs(10)).await;
    assert!(keys.would_wait(unknown(&keys)));
    pass(secs(10)).await;
    assert_eq!((serving(&keys), source.fetches()), (Ok("b".to_owned()), 4));
}
