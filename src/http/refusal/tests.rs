//! Refusals as they are written.

use std::time::Duration;

use super::*;
use crate::error::{Rejection, Unavailable};

fn request(content_type: &str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())])
}

fn refused(error: impl Into<Error>, content_type: &str) -> Response<()> {
    refuse(error, "api", &request(content_type))
}

fn header<'r>(response: &'r Response<()>, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn rejections_over_http() {
    for (rejection, status) in [
        (Rejection::CredentialsMissing, 401),
        (Rejection::SchemeUnsupported, 401),
        (Rejection::CredentialsRepeated, 400),
        (Rejection::SignatureInvalid, 401),
        (Rejection::ScopeMissing { required: "a".into() }, 403),
    ] {
        let response = refused(rejection.clone(), "application/json");
        assert_eq!(response.status(), status, "{rejection}");
        assert!(header(&response, "www-authenticate").unwrap().starts_with("Bearer realm=\"api\""));
        assert_eq!(header(&response, "cache-control"), Some("no-store"));
        assert_eq!(header(&response, "grpc-status"), None);
        assert_eq!(response.extensions().get::<Error>(), Some(&Error::Rejected(rejection)));
    }
}

#[test]
fn rejections_over_grpc_are_trailers_only() {
    for (rejection, status) in [
        (Rejection::CredentialsMissing, "16"),
        (Rejection::CredentialsRepeated, "16"),
        (Rejection::SignatureInvalid, "16"),
        (Rejection::ScopeMissing { required: "a".into() }, "7"),
    ] {
        let response = refused(rejection.clone(), "application/grpc");
        assert_eq!(response.status(), 200, "{rejection}");
        assert_eq!(header(&response, "content-type"), Some("application/grpc"));
        assert_eq!(header(&response, "grpc-status"), Some(status), "{rejection}");
        let message = format!("{rejection} ({})", rejection.code());
        assert_eq!(header(&response, "grpc-message"), Some(&*message));
        assert_eq!(header(&response, "www-authenticate"), None);
        assert_eq!(response.extensions().get::<Error>(), Some(&Error::Rejected(rejection)));
    }
}

#[test]
fn for_want_of_keys_the_client_is_told_when_to_return() {
    for (wait, want) in [
        (Duration::ZERO, "1"),
        (Duration::from_millis(1), "1"),
        (Duration::from_secs(1), "1"),
        (Duration::from_millis(1_001), "2"),
        (Duration::from_secs(60), "60"),
        (Duration::MAX, "18446744073709551615"),
    ] {
        let response = refused(Unavailable::KeysNotLoaded { retry_after: wait }, "text/plain");
        assert_eq!(response.status(), 503);
        assert_eq!(header(&response, "retry-after"), Some(want), "{wait:?}");
        assert_eq!(header(&response, "www-authenticate"), None);
    }
    let response = refused(Unavailable::KeysExpired { retry_after: Duration::ZERO }, "application/grpc");
    assert_eq!((response.status(), header(&response, "grpc-status")), (StatusCode::OK, Some("14")));
}

#[test]
fn a_wiring_fault_says_nothing_and_blames_nobody() {
    let plain: Response<()> = Refusal::new(Fault::Wiring, Dialect::Http).unfinished();
    assert_eq!((plain.status(), plain.headers().len()), (StatusCode::INTERNAL_SERVER_ERROR, 1));
    assert!(plain.extensions().get::<Error>().is_none());
    let dialect = Dialect::Grpc("application/grpc");
    let grpc: Response<()> = Refusal::new(Fault::Wiring, dialect).unfinished();
    assert_eq!(header(&grpc, "grpc-status"), Some("13"));
}

#[test]
fn what_is_told_over_grpc() {
    let expired = Unavailable::KeysExpired { retry_after: Duration::ZERO };
    let scope = Rejection::ScopeMissing { required: "a".into() };
    for (error, detail, want) in [
        (
            Error::from(Rejection::SignatureInvalid),
            Detail::Full,
            "the signature does not hold (signature_invalid)",
        ),
        (Rejection::SignatureInvalid.into(), Detail::Code, "signature_invalid"),
        (Rejection::SignatureInvalid.into(), Detail::Bare, "unauthenticated"),
        (scope.into(), Detail::Bare, "permission denied"),
        (expired.into(), Detail::Bare, "unavailable"),
    ] {
        assert_eq!(grpc_words(&error, detail), want);
    }
}

#[test]
fn a_refusal_from_within_is_worded_by_the_layer_outside() {
    let manner = Manner { resource_metadata: Some("https://a/".into()), ..Manner::named("api") };
    let rejection = Rejection::ScopeMissing { required: "a".into() };
    let refusal = || Refusal::of(rejection.clone().into(), Dialect::Http).unfinished::<String>();
    let finished = |mut response: Response<String>, dialect| {
        finish(&mut response, dialect, &manner, &crate::http::ProblemDetails);
        response
    };

    let mut response = refusal();
    response.headers_mut().insert("x-request-id", HeaderValue::from_static("1"));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    let response = finished(response, Dialect::Http);
    assert!(!response.headers().contains_key(CONTENT_LENGTH), "that of the body before");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-request-id"]),
        (403, &HeaderValue::from_static("1"))
    );
    let challenges: Vec<_> = response.headers().get_all(WWW_AUTHENTICATE).iter().collect();
    assert_eq!(challenges.len(), 1, "the first is gone");
    let challenge = challenges[0].to_str().unwrap();
    assert!(challenge.starts_with(r#"Bearer realm="api", error="insufficient_scope""#), "{challenge}");
    assert!(challenge.ends_with(r#"resource_metadata="https://a/""#), "{challenge}");
    assert!(response.body().contains(r#""code":"scope_missing""#));
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");

    let grpc = finished(refusal(), Dialect::Grpc("application/grpc"));
    assert_eq!((grpc.status().as_u16(), grpc.headers()["grpc-status"].to_str().unwrap()), (200, "7"));
    assert!(!grpc.headers().contains_key(WWW_AUTHENTICATE), "the words of HTTP are gone");

    let mut hidden = refusal();
    *hidden.status_mut() = StatusCode::NOT_FOUND;
    let hidden = finished(hidden, Dialect::Http);
    assert_eq!((hidden.status().as_u16(), &**hidden.body()), (404, ""), "meant to look different");
    let twice = finished(finished(refusal(), Dialect::Http), Dialect::Grpc("application/grpc"));
    assert_eq!(twice.status(), 403, "worded once, by the innermost layer");
    let other = finished(Response::new("mine".to_owned()), Dialect::Http);
    assert_eq!((other.status().as_u16(), &**other.body()), (200, "mine"));
}

#[test]
fn a_refusal_in_disguise_says_nothing_of_what_it_was() {
    let manner = Manner::named("api");
    let refusal = |dialect| {
        let rejection = Rejection::ScopeMissing { required: "secret:read".into() };
        Refusal::of(rejection.into(), dialect).unfinished::<String>()
    };
    for finished in [true, false] {
        let end = |response: &mut Response<String>, dialect| {
            if finished { finish(response, dialect, &manner, &NoBody) } else { leave(response) }
        };
        let mut hidden = refusal(Dialect::Http);
        *hidden.status_mut() = StatusCode::NOT_FOUND;
        end(&mut hidden, Dialect::Http);
        assert_eq!(hidden.status(), StatusCode::NOT_FOUND);
        assert!(!hidden.headers().contains_key(WWW_AUTHENTICATE), "{hidden:?}");
        assert_eq!(hidden.headers()[CACHE_CONTROL], "no-store", "what protects stays");

        let mut own = refusal(Dialect::Http);
        *own.status_mut() = StatusCode::UNAUTHORIZED;
        own.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate"));
        end(&mut own, Dialect::Http);
        assert_eq!(own.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(own.headers()[WWW_AUTHENTICATE], "Negotiate");

        let grpc = Dialect::Grpc("application/grpc");
        let mut hidden = refusal(grpc);
        hidden.headers_mut().insert(GRPC_STATUS, HeaderValue::from_static("5"));
        hidden.headers_mut().insert(GRPC_DETAILS, HeaderValue::from_static("CAcSA25vdA"));
        end(&mut hidden, grpc);
        assert_eq!(hidden.headers()[GRPC_STATUS], "5", "NOT_FOUND, and no longer PERMISSION_DENIED");
        for name in [GRPC_MESSAGE, GRPC_DETAILS] {
            assert!(!hidden.headers().contains_key(&name), "{hidden:?}");
        }

        let mut own = refusal(grpc);
        own.headers_mut().insert(GRPC_STATUS, HeaderValue::from_static("5"));
        own.headers_mut().insert(GRPC_MESSAGE, HeaderValue::from_static("no such order"));
        end(&mut own, grpc);
        assert_eq!(own.headers()[GRPC_MESSAGE], "no such order");
    }
}

#[test]
fn grpc_messages_are_percent_encoded() {
    assert_eq!(grpc_message("50 % of é\n"), "50 %25 of %C3%A9%0A");
}
