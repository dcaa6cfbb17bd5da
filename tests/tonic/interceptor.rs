//! The interceptor, where a layer cannot stand.

use std::time::Duration;

use portcullis::http::{Anonymous, Detail, methods};
use portcullis::tenants::{Tenant, Tenants};
use portcullis::{Issuer, VerifiedToken, Verifier, scope};
use tonic::service::interceptor::InterceptedService;
use tonic::service::{Interceptor, InterceptorLayer};
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::service::{Health, Orders};
use crate::stage::{KINDS, MINT, of_alice, serve, token, verifier};
use crate::unavailable::{self, PATIENCE, Source};

#[tokio::test]
async fn it_judges_calls_of_every_kind() {
    let guarded = InterceptedService::new(Orders::default(), verifier().interceptor());
    let client = serve!([], guarded, Health);
    let expired = of_alice("").expired_for(Duration::from_secs(600)).mint();
    for method in KINDS {
        assert!(client.call(method, Some(&token(""))).await.is_ok(), "{method}");
        for (token, reason) in [(None, "CREDENTIALS_MISSING"), (Some(&*expired), "TOKEN_EXPIRED")] {
            let want = (Code::Unauthenticated, reason.to_owned());
            assert_eq!(client.refused(method, token).await, want, "{method}");
        }
    }
    assert_eq!(client.call("/shop.Health/Check", None).await.unwrap(), ["serving"]);
    let missing = (Code::PermissionDenied, "SCOPE_MISSING".to_owned());
    assert_eq!(client.refused("Delete", Some(&token("orders:read"))).await, missing);
    assert_eq!(client.call("Delete", Some(&token("orders:delete"))).await.unwrap(), ["gone"]);
}

#[tokio::test]
async fn it_lets_anonymous_calls_pass_where_it_is_told_to() {
    let interceptor = verifier().interceptor().optional();
    let client = serve!([], InterceptedService::new(Orders::default(), interceptor));
    assert_eq!(client.call("Who", None).await.unwrap(), ["anonymous"]);
    assert_eq!(client.call("Who", Some(&token(""))).await.unwrap(), ["alice"]);
    assert_eq!(client.call("Who", Some("bad")).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(client.call("Get", None).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_table_of_methods_stands_behind_it() {
    let table = methods().allow("/shop.Orders/Get", scope("orders:read"));
    let client = serve!([InterceptorLayer::new(verifier().interceptor()), table], Orders::default());
    assert_eq!(client.call("Get", Some(&token("orders:read"))).await.unwrap(), ["books of alice"]);
    for (method, scopes) in [("Get", "admin"), ("Who", "orders:read")] {
        let status = client.call(method, Some(&token(scopes))).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{method}");
    }
}

#[tokio::test]
async fn it_does_not_wait_for_keys() {
    let source = Source::new(true);
    let verifier = unavailable::verifier(&source, PATIENCE);
    let client = serve!([InterceptorLayer::new(verifier.interceptor())], Orders::default());
    let status = client.call("Get", Some(&token(""))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let details = status.check_error_details().unwrap();
    assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(1)));
    assert_eq!(details.error_info().unwrap().reason, "KEYS_NOT_LOADED");
    // The call had the keys sent for.
    source.asked().await;
    source.open();
    verifier.ready(PATIENCE).await.unwrap();
    assert_eq!(client.call("Get", Some(&token(""))).await.unwrap(), ["books of alice"]);
}

#[tokio::test]
async fn it_asks_for_a_tenant_that_is_not_here() {
    let (asked, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let resolver = move |_: Tenant| {
        asked.send(()).unwrap();
        async { Ok(Some(Issuer::new(MINT.identifier(), MINT.jwks()).audience(MINT.audience()))) }
    };
    let tenants = Tenants::listed([MINT.identifier()], resolver);
    let verifier = Verifier::builder().tenants(tenants).clock(MINT.clock()).build().unwrap();
    let client = serve!([InterceptorLayer::new(verifier.interceptor())], Orders::default());
    let status = client.call("Get", Some(&token(""))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let reason = status.get_details_error_info().unwrap().reason;
    assert_eq!(reason, "TENANT_UNRESOLVED");
    answered.recv().await.expect("the call had the tenant asked for");
    verifier.verify(&token("")).await.unwrap();
    assert_eq!(client.call("Get", Some(&token(""))).await.unwrap(), ["books of alice"]);
    let stranger = of_alice("").claim("iss", "https://stranger.example").mint();
    assert_eq!(client.call("Get", Some(&stranger)).await.unwrap_err().code(), Code::Unauthenticated);
    assert!(answered.try_recv().is_err(), "asked once");
}

#[test]
fn it_says_as_much_as_it_is_told_to() {
    let told = |detail| {
        let status = verifier().interceptor().detail(detail).call(Request::new(())).unwrap_err();
        let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
        (status.message().to_owned(), reason)
    };
    let pair = |message: &str, reason: &str| (message.to_owned(), reason.to_owned());
    let full = pair("no credentials were sent (credentials_missing)", "CREDENTIALS_MISSING");
    assert_eq!(told(Detail::Full), full);
    assert_eq!(told(Detail::Code), pair("credentials_missing", "CREDENTIALS_MISSING"));
    assert_eq!(told(Detail::Bare), pair("unauthenticated", ""));
}

#[test]
fn what_a_call_brings_along_counts_for_nothing() {
    let mut good = Request::new(());
    good.metadata_mut().insert("authorization", format!("Bearer {}", token("")).parse().unwrap());
    let planted = verifier().interceptor().call(good).unwrap();
    assert!(planted.extensions().get::<VerifiedToken>().is_some());
    let mut again = Request::new(());
    *again.extensions_mut() = planted.extensions().clone();
    assert!(verifier().interceptor().call(again).is_err());
    let mut again = Request::new(());
    *again.extensions_mut() = planted.extensions().clone();
    let anonymous = verifier().interceptor().optional().call(again).unwrap();
    assert!(anonymous.extensions().get::<VerifiedToken>().is_none());
    assert!(anonymous.extensions().get::<Anonymous>().is_some());
    let mut again = anonymous;
    again.metadata_mut().insert("authorization", format!("Bearer {}", token("")).parse().unwrap());
    let known = verifier().interceptor().call(again).unwrap();
    assert!(known.extensions().get::<VerifiedToken>().is_some());
    assert!(known.extensions().get::<Anonymous>().is_none());
}
