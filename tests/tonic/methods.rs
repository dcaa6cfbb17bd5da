//! What single methods ask for.

use std::sync::atomic::Ordering;

use portcullis::http::{MethodTable, methods};
use portcullis::scope;
use tonic::Code;
use tonic::service::LayerExt;

use crate::service::{Health, Orders};
use crate::stage::{KINDS, serve, token, verifier};

fn table() -> MethodTable {
    methods()
        .allow("/shop.Orders/Get", scope("orders:read"))
        .allow("/shop.Orders/Watch", scope("orders:read").or(scope("admin")))
        .allow("/shop.Orders/Upload", scope("orders:write"))
        .allow_any_token("/shop.Orders/Chat")
        .allow_anyone("/shop.Health/Check")
}

#[tokio::test]
async fn each_method_asks_for_its_own() {
    let orders = Orders::default();
    let client = serve!([verifier().layer().grpc_details(), table()], orders.clone());
    for (scopes, served) in [
        ("orders:read", &["Get", "Watch", "Chat"][..]),
        ("orders:write", &["Upload", "Chat"]),
        ("admin", &["Watch", "Chat"]),
        ("orders", &["Chat"]),
    ] {
        let token = token(scopes);
        for method in KINDS {
            orders.calls.store(0, Ordering::SeqCst);
            if served.contains(&method) {
                client.call(method, Some(&token)).await.unwrap();
            } else {
                let want = (Code::PermissionDenied, "SCOPE_MISSING".to_owned());
                assert_eq!(client.refused(method, Some(&token)).await, want, "{scopes} {method}");
            }
            let reached = usize::from(served.contains(&method));
            assert_eq!(orders.calls.load(Ordering::SeqCst), reached, "{scopes} {method}");
        }
    }
}

#[tokio::test]
async fn a_method_that_is_not_listed_is_refused_whatever_the_token() {
    let orders = Orders::default();
    let client = serve!([verifier().layer().grpc_details(), table()], orders.clone());
    let everything = token("orders:read orders:write orders:delete admin");
    let want = (Code::PermissionDenied, "REQUIREMENT_IMPOSSIBLE".to_owned());
    for method in [
        "Delete",
        "Who",
        "Nowhere",
        "/shop.Orders/get",
        "/shop.Orders/Get/",
        "//shop.Orders/Get",
        "/Get",
        "/",
    ] {
        assert_eq!(client.refused(method, Some(&everything)).await, want, "{method}");
        let want = (Code::Unauthenticated, "CREDENTIALS_MISSING".to_owned());
        assert_eq!(client.refused(method, None).await, want, "{method}");
    }
    assert_eq!(orders.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn otherwise_speaks_for_what_is_not_listed() {
    let table = table().otherwise(scope("admin"));
    let client = serve!([verifier().layer().grpc_details(), table], Orders::default());
    assert_eq!(client.call("Who", Some(&token("admin"))).await.unwrap(), ["alice"]);
    let missing = (Code::PermissionDenied, "SCOPE_MISSING".to_owned());
    assert_eq!(client.refused("Who", Some(&token("orders:read"))).await, missing);
    assert_eq!(client.refused("Get", Some(&token("admin"))).await, missing, "what is listed is not softened");
}

#[tokio::test]
async fn a_service_may_have_an_entry_for_the_rest_of_it() {
    let table =
        methods().allow("/shop.Orders/*", scope("orders:read")).allow("/shop.Orders/Who", scope("admin"));
    let client = serve!([verifier().layer().grpc_details(), table], Orders::default(), Health);
    let reader = token("orders:read");
    assert_eq!(client.call("Get", Some(&reader)).await.unwrap(), ["books of alice"]);
    assert_eq!(client.call("Who", Some(&token("admin"))).await.unwrap(), ["alice"]);
    let missing = (Code::PermissionDenied, "SCOPE_MISSING".to_owned());
    assert_eq!(client.refused("Who", Some(&reader)).await, missing, "the nearer entry counts");
    assert_eq!(client.refused("Get", Some(&token("admin"))).await, missing);
    let unlisted = (Code::PermissionDenied, "REQUIREMENT_IMPOSSIBLE".to_owned());
    for path in ["/shop.Health/Check", "/shop.OrdersArchive/Get", "/shop.Orders/", "/x/shop.Orders/Get"] {
        assert_eq!(client.refused(path, Some(&reader)).await, unlisted, "{path}");
    }
}

#[tokio::test]
async fn anyone_may_call_a_public_method_past_an_optional_layer() {
    let client = serve!([verifier().layer().optional(), table()], Orders::default(), Health);
    assert_eq!(client.call("/shop.Health/Check", None).await.unwrap(), ["serving"]);
    assert_eq!(client.call("/shop.Health/Check", Some(&token(""))).await.unwrap(), ["serving"]);
    for method in ["Get", "Chat", "Delete"] {
        assert_eq!(client.call(method, None).await.unwrap_err().code(), Code::Unauthenticated, "{method}");
    }
    let strict = serve!([verifier().layer(), table()], Orders::default(), Health);
    let status = strict.call("/shop.Health/Check", None).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "the layer outside lets nobody pass without a token");
}

#[tokio::test]
async fn a_faulty_table_opens_nothing() {
    let faulty = methods()
        .allow("/shop.Orders/Get", scope("orders:read"))
        .allow_anyone("/shop.Orders/Get")
        .allow("/shop.Orders/Who", scope("not a name"))
        .allow_anyone("shop.Orders/Email")
        .allow_anyone("/shop/Orders/Email")
        .allow_anyone("*")
        .allow_anyone("/shop.Health/*")
        .allow_any_token("/shop.Health/*");
    let doubtful = methods().otherwise(scope("a")).otherwise(scope("orders:read"));
    let second = serve!([verifier().layer(), doubtful], Orders::default());
    let stray =
        methods().allow("/shop.Orders/*", scope("orders:read")).allow("shop.Orders/Delete", scope("x"));
    let third = serve!([verifier().layer(), stray], Orders::default());
    let client = serve!([verifier().layer(), faulty], Orders::default(), Health);
    let good = token("orders:read not a name");
    assert_eq!(third.call("Delete", Some(&good)).await.unwrap_err().code(), Code::Internal);
    assert_eq!(second.call("Get", Some(&good)).await.unwrap_err().code(), Code::Internal);
    for (method, code) in [
        ("Get", Code::Internal),
        ("Who", Code::Internal),
        ("Email", Code::PermissionDenied),
        ("/shop.Health/Check", Code::Internal),
    ] {
        assert_eq!(client.call(method, Some(&good)).await.unwrap_err().code(), code, "{method}");
    }
}

#[tokio::test]
async fn a_table_that_no_layer_guards_is_our_fault() {
    let client = serve!([], table().named_layer(Orders::default()), table().named_layer(Health));
    let good = token("orders:read");
    for method in ["Get", "Chat", "Delete"] {
        assert_eq!(client.call(method, Some(&good)).await.unwrap_err().code(), Code::Internal, "{method}");
    }
    assert_eq!(client.call("/shop.Health/Check", None).await.unwrap(), ["serving"]);
}
