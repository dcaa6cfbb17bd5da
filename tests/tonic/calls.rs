//! Calls of all four kinds, with tokens good and bad.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tonic::Code;
use tonic::service::LayerExt;
use tonic_types::StatusExt;

use crate::service::{Health, Orders};
use crate::stage::{KINDS, of_alice, serve, token, verifier};

#[tokio::test]
async fn a_good_token_is_served_in_calls_of_every_kind() {
    let client = serve!([verifier().layer()], Orders::default());
    let good = token("orders:read");
    for (method, want) in [
        ("Get", &["books of alice"][..]),
        ("Watch", &["1 for alice", "2 for alice", "3 for alice"]),
        ("Upload", &["2 of alice"]),
        ("Chat", &["books?", "pens?"]),
        ("Email", &["alice@example.com"]),
        ("Who", &["alice"]),
    ] {
        assert_eq!(client.call(method, Some(&good)).await.unwrap(), want, "{method}");
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_in_calls_of_every_kind() {
    let orders = Orders::default();
    let client = serve!([verifier().layer().grpc_details()], orders.clone());
    let expired = of_alice("orders:read").expired_for(Duration::from_secs(600)).mint();
    let elsewhere = of_alice("orders:read").audience("https://other.example.com").mint();
    for method in KINDS {
        for (token, reason) in [
            (None, "CREDENTIALS_MISSING"),
            (Some(&*expired), "TOKEN_EXPIRED"),
            (Some(&*elsewhere), "AUDIENCE_MISMATCH"),
            (Some("not.a.token"), "TOKEN_MALFORMED"),
        ] {
            let want = (Code::Unauthenticated, reason.to_owned());
            assert_eq!(client.refused(method, token).await, want, "{method}");
        }
    }
    assert_eq!(orders.calls.load(Ordering::SeqCst), 0, "none came through");
}

#[tokio::test]
async fn a_stream_is_refused_before_its_first_message() {
    let orders = Orders::default();
    let client = serve!([verifier().layer()], orders.clone());
    let status = client.open(None).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(orders.calls.load(Ordering::SeqCst), 0);
    client.open(Some(&token("orders:read"))).await.unwrap();
    assert_eq!(orders.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_layer_around_one_service_leaves_the_other_public() {
    let client = serve!([], verifier().layer().named_layer(Orders::default()), Health);
    assert_eq!(client.call("/shop.Health/Check", None).await.unwrap(), ["serving"]);
    assert_eq!(client.call("Get", None).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(client.call("Get", Some(&token(""))).await.unwrap(), ["books of alice"]);
}

#[tokio::test]
async fn a_method_that_nobody_guards_is_our_fault() {
    let client = serve!([], Orders::default());
    for method in ["Get", "Who", "Email", "Delete", "Watch"] {
        let status = client.call(method, Some(&token("orders:delete"))).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"), "{method}");
    }
}

#[tokio::test]
async fn without_a_token_past_an_optional_layer() {
    let client = serve!([verifier().layer().optional()], Orders::default());
    assert_eq!(client.call("Who", None).await.unwrap(), ["anonymous"]);
    assert_eq!(client.call("Who", Some(&token(""))).await.unwrap(), ["alice"]);
    for method in KINDS {
        let want = (Code::Unauthenticated, "CREDENTIALS_MISSING".to_owned());
        assert_eq!(client.refused(method, None).await, want, "{method}");
    }
    let status = client.call("Who", Some("bad")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "credentials that are sent must be good");
}

#[tokio::test]
async fn claims_of_another_shape_are_a_mismatch() {
    let client = serve!([verifier().layer()], Orders::default());
    let want = (Code::Unauthenticated, "CLAIMS_MISMATCH".to_owned());
    assert_eq!(client.refused("Number", Some(&token(""))).await, want);
    let without = of_alice("").without("email").mint();
    assert_eq!(client.refused("Email", Some(&without)).await, want);
}

#[tokio::test]
async fn a_cancelled_call_ends_in_the_service() {
    let (told, mut hanging) = mpsc::channel(1);
    let orders = Orders { hanging: Some(told), ..Orders::default() };
    let client = serve!([verifier().layer()], orders.clone());
    let good = token("");
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call("Hang", Some(&good)).await }
    });
    hanging.recv().await.unwrap();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    hanging.recv().await.expect("what was done for the call has been dropped");
    assert_eq!(
        client.call("Get", Some(&token(""))).await.unwrap(),
        ["books of alice"],
        "the channel goes on"
    );
}

#[tokio::test]
async fn code_message_and_details_say_the_same() {
    let client = serve!([verifier().layer().grpc_details()], Orders::default());
    let status = client.call("Get", None).await.unwrap_err();
    assert_eq!(status.message(), "no credentials were sent (credentials_missing)");
    let details = status.check_error_details().unwrap();
    let info = details.error_info().unwrap();
    assert_eq!((&*info.reason, &*info.domain), ("CREDENTIALS_MISSING", "crates.io/crates/portcullis"));
    assert!(info.metadata.is_empty() && details.retry_info().is_none());

    let plain = serve!([verifier().layer()], Orders::default());
    let status = plain.call("Get", None).await.unwrap_err();
    assert_eq!(status.message(), "no credentials were sent (credentials_missing)");
    assert!(status.details().is_empty(), "only where they were asked for");
}
