//! gRPC-Web, by hand over HTTP/1.1, with the translation in front of the guard and behind it.

use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use tonic::codegen::Bytes;
use tonic::codegen::http::Request;

use crate::service::Orders;
use crate::stage::{Client, loopback, token, verifier};

/// Content type, `grpc-status` wherever it stands, and the whole body as text.
async fn call(client: &Client, content_type: &str, token: Option<&str>) -> (String, Option<String>, String) {
    let request = Request::post(format!("http://{}/shop.Orders/Get", client.address));
    let mut request = request.header("content-type", content_type).header("x-grpc-web", "1");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    // One message that is not compressed, of five bytes.
    let body = Full::new(Bytes::from_static(b"\0\0\0\0\x05books"));
    let http = HttpClient::builder(TokioExecutor::new()).build_http();
    let response = http.request(request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (content_type, status) = (header("content-type").unwrap_or_default(), header("grpc-status"));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (content_type, status, String::from_utf8_lossy(&body).into_owned())
}

macro_rules! serve_web {
    ($($layer:expr),*) => {{
        let (incoming, client) = loopback().await;
        let server = tonic::transport::Server::builder()
            .accept_http1(true)$(.layer($layer))*
            .add_service(Orders::default());
        tokio::spawn(server.serve_with_incoming(incoming));
        client
    }};
}

#[tokio::test]
async fn browsers_are_served_and_refused() {
    let outside = serve_web!(tonic_web::GrpcWebLayer::new(), verifier().layer());
    let inside = serve_web!(verifier().layer(), tonic_web::GrpcWebLayer::new());
    for (place, client) in [("outside", outside), ("inside", inside)] {
        let (content_type, _, body) = call(&client, "application/grpc-web+proto", Some(&token(""))).await;
        assert_eq!(content_type, "application/grpc-web+proto", "{place}");
        assert!(body.contains("books of alice") && body.contains("grpc-status:0"), "{place}: {body:?}");
        for content_type in
            ["application/grpc-web", "application/grpc-web+proto", "application/grpc-web-text"]
        {
            let (answered, status, body) = call(&client, content_type, None).await;
            assert!(answered.starts_with("application/grpc-web"), "{place}: {answered}");
            assert_eq!((status.as_deref(), &*body), (Some("16"), ""), "{place} {content_type}");
        }
    }
}
