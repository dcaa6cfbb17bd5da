//! What else is written: when to come again, problem details, gRPC's status.

use std::time::Duration;

use axum_core::body::Body;
use headers::{CacheControl, Header, HeaderMapExt, RetryAfter};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http_body_util::BodyExt;
use portcullis::http::Detail;
use portcullis::{Error, Rejection, Unavailable};
use proptest::prelude::*;
use serde_json::Value;
use tonic::{Code, Status};

use crate::minting::verifier;
use crate::worded::{worded, worded_for_grpc};

fn not_loaded(retry_after: Duration) -> Error {
    Unavailable::KeysNotLoaded { retry_after }.into()
}

fn forbidden(required: &str) -> Error {
    Rejection::ScopeMissing { required: required.into() }.into()
}

#[tokio::test]
async fn when_to_come_again_is_a_delay_in_whole_seconds() {
    for (wait, want) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (90_000, 90)] {
        let response = worded(verifier().layer(), not_loaded(Duration::from_millis(wait))).await;
        assert_eq!(response.status(), 503);
        let read = RetryAfter::decode(&mut response.headers().get_all(RETRY_AFTER).iter()).unwrap();
        assert_eq!(read, RetryAfter::delay(Duration::from_secs(want)), "{wait}");
        assert!(response.headers().typed_get::<CacheControl>().unwrap().no_store());
    }
}

async fn problem(detail: Detail, error: Error) -> Value {
    let response = worded(verifier().layer().detail(detail).problem_details(), error).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], status.as_u16(), "RFC 9457, section 3.1.2: the same as in the response");
    problem
}

/// The members of the example in RFC 9457, section 3, have the types of section 3.1, and what we add are names that
/// section 3.2 recommends: letters, digits and `_`, three or more, a letter first.
#[tokio::test]
async fn problems_are_made_as_rfc_9457_says() {
    let wait = not_loaded(Duration::from_secs(3));
    let stepped = Rejection::AuthenticationInsufficient {
        acr_values: "gold".into(),
        max_age: Some(Duration::from_secs(60)),
        scope: "a".into(),
    };
    for detail in [Detail::Full, Detail::Code, Detail::Bare] {
        for error in
            [forbidden("a \"b\" \u{e9}"), Rejection::Revoked.into(), wait.clone(), stepped.clone().into()]
        {
            let problem = problem(detail, error.clone()).await;
            for (name, value) in problem.as_object().unwrap() {
                let known = match name.as_str() {
                    "type" | "title" | "detail" | "instance" => value.is_string(),
                    "status" => value.is_u64(),
                    more => {
                        let mut letters = more.chars();
                        letters.next().is_some_and(|first| first.is_ascii_alphabetic())
                            && more.len() >= 3
                            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
                    }
                };
                assert!(known, "{name}: {value}");
            }
            assert_eq!(problem["type"], "about:blank");
            let title = match &error {
                Error::Unavailable(_) => "Service Unavailable",
                Error::Rejected(rejection) if rejection.status().http() == 403 => "Forbidden",
                Error::Rejected(_) => "Unauthorized",
                _ => panic!("another kind"),
            };
            assert_eq!(
                problem["title"], title,
                "section 4.2.1: that of the status, as the type is about:blank"
            );
            assert_eq!(problem.get("detail").is_some(), detail == Detail::Full);
            assert_eq!(problem.get("code").is_some(), detail != Detail::Bare);
        }
    }
    assert_eq!(problem(Detail::Bare, forbidden("a \"b\" \u{e9}")).await["scope"], "a \"b\" \u{e9}");
}

#[tokio::test]
async fn grpc_status_is_read_by_tonic() {
    for (error, code, words) in [
        (Rejection::CredentialsMissing.into(), Code::Unauthenticated, "unauthenticated"),
        (Rejection::CredentialsRepeated.into(), Code::Unauthenticated, "unauthenticated"),
        (Rejection::Revoked.into(), Code::Unauthenticated, "unauthenticated"),
        (forbidden("a"), Code::PermissionDenied, "permission denied"),
        (not_loaded(Duration::ZERO), Code::Unavailable, "unavailable"),
    ] {
        for (detail, want) in [
            (Detail::Full, format!("{error} ({})", error.code())),
            (Detail::Code, error.code().to_owned()),
            (Detail::Bare, words.to_owned()),
        ] {
            let response = worded_for_grpc(verifier().layer().detail(detail), error.clone()).await;
            assert_eq!(
                (response.status().as_u16(), &response.headers()[CONTENT_TYPE]),
                (200, &"application/grpc".parse().unwrap())
            );
            let status = Status::from_header_map(response.headers()).unwrap();
            assert_eq!((status.code(), status.message()), (code, &*want));
        }
    }
}

/// Arbitrary text seldom looks as if it were encoded already.
#[tokio::test]
async fn what_looks_encoded_is_read_back_as_it_was() {
    for required in ["100%41", "%", "%2", "%25", "%zz", "\r\n", "\u{e9}\u{1f512}", "~ !\"\\"] {
        let response = worded_for_grpc(verifier().layer(), forbidden(required)).await;
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(status.message(), format!("{} (scope_missing)", forbidden(required)), "{required}");
    }
}

proptest! {
    #![proptest_config(crate::testing::cases(256))]

    #[test]
    fn whatever_is_needed_is_read_back(required in any::<String>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let error = forbidden(&required);
            let response = worded_for_grpc(verifier().layer().detail(Detail::Full), error.clone()).await;
            let status = Status::from_header_map(response.headers()).unwrap();
            assert_eq!(status.message(), format!("{error} (scope_missing)"));
            let told = problem(Detail::Bare, error).await;
            assert_eq!(told.get("scope").and_then(Value::as_str).unwrap_or(""), required);
        });
    }

    /// The body is text in whatever body type a framework has.
    #[test]
    fn a_problem_is_one_json_object(required in any::<String>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let response = runtime.block_on(worded(verifier().layer().problem_details(), forbidden(&required)));
        let body: Body = response.into_body();
        let bytes = runtime.block_on(body.collect()).unwrap().to_bytes();
        prop_assert!(serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes).is_ok());
    }
}
