//! How long ago the user authenticated, by the clock at the moment of the question.

use std::time::Duration;

use portcullis::require::max_age;
use portcullis::testkit::{Mint, TestClock};
use portcullis::{Algorithm, UnixTime};
use serde_json::json;

use crate::stage::{minted, verified, verifier};

const NOW: i64 = 1_700_000_000;

fn mint() -> Mint {
    let clock = TestClock::at(UnixTime::from_seconds(NOW));
    Mint::builder("https://id.example.com").algorithm(Algorithm::EdDSA).clock(clock).build()
}

#[test]
fn an_age_is_met_up_to_its_last_second_and_the_skew() {
    let mint = mint();
    let (verifier, requirement) = (verifier(&mint), max_age(Duration::from_secs(300)));
    for (name, auth_time, want) in [
        ("just now", NOW, Ok(())),
        ("the age and the skew", NOW - 360, Ok(())),
        ("a second more", NOW - 361, Err("authentication_insufficient")),
        ("the skew ahead", NOW + 60, Ok(())),
        ("a second more ahead", NOW + 61, Err("authentication_insufficient")),
    ] {
        let token = verified(&verifier, &minted(&mint, &json!({"auth_time": auth_time})));
        assert_eq!(token.require(&requirement).map_err(|rejection| rejection.code()), want, "{name}");
    }
}

#[test]
fn a_token_that_is_held_or_kept_ages() {
    let mint = mint();
    let (verifier, requirement) = (verifier(&mint), max_age(Duration::from_secs(60)));
    let text = minted(&mint, &json!({"auth_time": NOW}));
    let [held, _, kept] = [0, 1, 2].map(|_| verified(&verifier, &text));
    assert_eq!(verifier.token_cache().unwrap().hits, 1, "the third is a copy from the cache");
    mint.clock().advance(Duration::from_secs(120));
    let again = verified(&verifier, &text);
    for token in [&held, &kept, &again] {
        assert_eq!(token.require(&requirement), Ok(()));
    }
    mint.clock().advance(Duration::from_secs(1));
    let last = verified(&verifier, &text);
    for token in [&held, &kept, &again, &last] {
        assert_eq!(token.require(&requirement).unwrap_err().code(), "authentication_insufficient");
    }
}
