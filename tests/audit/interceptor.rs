//! The same in tonic's interceptors, which know no method and cannot wait.

use portcullis::Issuer;
use portcullis::Verifier;
use portcullis::audit::RequestContext;
use portcullis::testkit::{Answer, TestIssuer};
use tonic::Request;
use tonic::service::Interceptor as _;

use crate::stage::{Book, audited, text, verdict};

fn call(authorization: Option<&str>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(value) = authorization {
        request.metadata_mut().insert("authorization", value.parse().unwrap());
    }
    request.extensions_mut().insert(RequestContext::default().request_id("req-1"));
    request
}

#[test]
fn each_call_is_one_event() {
    let (mint, verifier, book) = audited();
    let good = format!("Bearer {}", mint.token().mint());
    let missing = ["authentication", "refused", "credentials_missing"];
    let unsupported = ["authentication", "refused", "scheme_unsupported"];
    for (credentials, closed, open, scheme) in [
        (Some(&*good), ["authentication", "accepted", "-"], ["authentication", "accepted", "-"], "bearer"),
        (None, missing, ["authentication", "anonymous", "-"], "none"),
        (Some("Basic eDp5"), unsupported, unsupported, "none"),
        (
            Some("Bearer a.b.c"),
            ["authentication", "refused", "token_malformed"],
            ["authentication", "refused", "token_malformed"],
            "bearer",
        ),
    ] {
        for (mut interceptor, want) in
            [(verifier.interceptor(), closed), (verifier.interceptor().optional(), open)]
        {
            let passed = interceptor.call(call(credentials)).is_ok();
            let event = book.event();
            assert_eq!((verdict(&event), text(&event, "scheme")), (want, scheme), "{credentials:?}");
            assert_eq!(passed, want[1] != "refused", "{credentials:?}");
            assert_eq!(event.get("credential").is_some(), scheme == "bearer", "{credentials:?}");
            assert_eq!((text(&event, "request_id"), event.get("method")), ("req-1", None));
        }
    }
}

#[tokio::test]
async fn a_call_that_would_have_to_wait_is_one_event_too() {
    let (server, book) = (TestIssuer::start().await, Book::default());
    server.answer(Answer::Hang);
    let issuer =
        Issuer::jwks_url(server.identifier(), server.jwks_url()).unwrap().audience(server.audience());
    let verifier =
        Verifier::builder().issuer(issuer).clock(server.clock()).audit(book.audit()).build().unwrap();
    let token = server.token().mint();
    assert!(verifier.interceptor().call(call(Some(&format!("Bearer {token}")))).is_err());
    let event = book.event();
    assert_eq!(verdict(&event), ["authentication", "unavailable", "keys_not_loaded"]);
    assert_eq!(text(&event, "issuer"), server.identifier());
    assert_eq!(text(&event, "token_fingerprint"), book.audit().fingerprint(&token).to_string());
}
