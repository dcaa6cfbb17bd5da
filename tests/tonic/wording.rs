//! The same words, whoever refuses.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use portcullis::http::{Detail, require};
use portcullis::{Error, Rejection, Unavailable, scope};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::layer::util::Stack;
use tower::util::ServiceFn;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::service::Orders;
use crate::stage::{serve, token, verifier};

fn told(status: &Status) -> (Code, String, String, String) {
    let info = status.get_details_error_info();
    let scope = info.as_ref().and_then(|info| info.metadata.get("scope").cloned());
    let reason = info.map(|info| info.reason).unwrap_or_default();
    (status.code(), status.message().to_owned(), reason, scope.unwrap_or_default())
}

#[tokio::test]
async fn a_method_and_a_route_layer_refuse_alike() {
    for (detail, message, reason) in [
        (Detail::Full, "scope missing, needed: orders:delete (scope_missing)", "SCOPE_MISSING"),
        (Detail::Code, "scope_missing", "SCOPE_MISSING"),
        (Detail::Bare, "permission denied", "INSUFFICIENT_SCOPE"),
    ] {
        let want =
            (Code::PermissionDenied, message.to_owned(), reason.to_owned(), "orders:delete".to_owned());
        let layer = verifier().layer().grpc_details().detail(detail);
        let by_method = serve!([layer.clone()], Orders::default());
        let by_route = serve!([layer, require(scope("orders:delete"))], Orders::default());
        for client in [by_method, by_route] {
            let status = client.call("Delete", Some(&token("orders:read"))).await.unwrap_err();
            assert_eq!(told(&status), want);
            assert_eq!(client.call("Delete", Some(&token("orders:delete"))).await.unwrap(), ["gone"]);
        }
    }
}

#[tokio::test]
async fn a_layer_that_says_less_says_less_of_what_methods_refuse() {
    let client = serve!([verifier().layer().detail(Detail::Bare)], Orders::default());
    let status = client.call("Delete", Some(&token(""))).await.unwrap_err();
    assert_eq!((status.message(), status.details()), ("permission denied", &[][..]));
    let plain = serve!([verifier().layer()], Orders::default());
    let status = plain.call("Delete", Some(&token(""))).await.unwrap_err();
    assert_eq!(status.message(), "scope missing, needed: orders:delete (scope_missing)");
    assert!(status.get_details_error_info().is_some(), "as the method made it");
}

#[tokio::test]
async fn a_status_of_the_applications_own_is_left_alone() {
    let client = serve!([verifier().layer().detail(Detail::Bare)], Orders::default());
    let status = client.call("Hidden", Some(&token(""))).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "no such order"));
}

#[test]
fn what_a_step_up_asks_for_is_in_the_details() {
    let step_up = |max_age: Option<u64>| Rejection::AuthenticationInsufficient {
        acr_values: "gold silver".into(),
        max_age: max_age.map(Duration::from_secs),
        scope: "pay".into(),
    };
    let status = Status::from(step_up(Some(300)));
    assert_eq!(status.code(), Code::Unauthenticated);
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.reason, "AUTHENTICATION_INSUFFICIENT");
    let mut metadata: Vec<_> = info.metadata.iter().map(|(name, value)| (&**name, &**value)).collect();
    metadata.sort_unstable();
    assert_eq!(metadata, [("acr_values", "gold silver"), ("max_age", "300"), ("scope", "pay")]);
    let info = Status::from(step_up(None)).get_details_error_info().unwrap();
    assert!(!info.metadata.contains_key("max_age"));
}

#[test]
fn a_status_keeps_its_error_and_says_when_to_return() {
    let unavailable = Unavailable::KeysExpired { retry_after: Duration::from_millis(2_500) };
    let status = Status::from(unavailable.clone());
    assert_eq!(status.code(), Code::Unavailable);
    let details = status.get_error_details();
    assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(3)));
    assert_eq!(details.error_info().unwrap().reason, "KEYS_EXPIRED");
    let source = std::error::Error::source(&status).unwrap();
    assert_eq!(source.downcast_ref::<Error>(), Some(&unavailable.into()));
    let status = Status::from(Error::from(Rejection::SignatureInvalid));
    assert!(status.get_error_details().retry_info().is_none());
}

#[tokio::test]
async fn a_status_that_only_keeps_the_error_as_its_cause_is_the_applications_own() {
    let error = || Error::from(Rejection::ScopeMissing { required: "a".into() });
    let ours = Status::from(error());
    for (code, message, want) in [
        (ours.code(), ours.message(), "permission denied"),
        (ours.code(), "ask your manager", "ask your manager"),
        (Code::NotFound, ours.message(), ours.message()),
    ] {
        let method = service_fn(|_: Request<String>| {
            let mut status = Status::new(code, message);
            status.set_source(Arc::new(error()));
            ready(Ok::<_, Infallible>(status.into_http::<String>()))
        });
        let request = Request::post("/shop.Orders/Delete").header("content-type", "application/grpc");
        let request = request.header("authorization", format!("Bearer {}", token("")));
        let guarded = verifier().layer().detail(Detail::Bare).layer(method);
        let response = guarded.oneshot(request.body(String::new()).unwrap()).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!((status.code(), status.message()), (code, want));
    }
}

/// What is left of a method's refusal behind these layers: the response, from the inside out.
async fn behind<L>(layer: L) -> Response<String>
where
    L: Layer<Method>,
    L::Service: Service<Request<String>, Response = Response<String>, Error = Infallible>,
{
    let request = Request::post("/shop.Orders/Delete").header("content-type", "application/grpc");
    let request = request.header("authorization", format!("Bearer {}", token("")));
    let method: fn(_) -> _ = refuses;
    layer.layer(service_fn(method)).oneshot(request.body(String::new()).unwrap()).await.unwrap()
}

type Method = ServiceFn<fn(Request<String>) -> Ready<Result<Response<String>, Infallible>>>;

fn refuses(_: Request<String>) -> Ready<Result<Response<String>, Infallible>> {
    ready(Ok(Status::from(Rejection::ScopeMissing { required: "a".into() }).into_http()))
}

#[tokio::test]
async fn a_layer_outside_finds_the_error_and_words_are_chosen_once() {
    let error = Error::from(Rejection::ScopeMissing { required: "a".into() });
    let (plain, bare) = (verifier().layer(), verifier().layer().detail(Detail::Bare));
    let full = "scope missing, needed: a (scope_missing)";
    for (response, message) in [
        (behind(plain.clone()).await, full),
        (behind(bare.clone()).await, "permission denied"),
        (behind(Stack::new(plain.clone(), bare.clone())).await, full),
        (behind(Stack::new(bare, plain)).await, "permission denied"),
    ] {
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!((status.code(), status.message()), (Code::PermissionDenied, message));
        assert_eq!(response.extensions().get::<Error>(), Some(&error));
    }
}
