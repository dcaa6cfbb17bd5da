//# tower-oauth2-resource-server = "=0.12.5"
//# tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//# tower = { version = "0.5", features = ["util"] }
//# http = "1"
//# serde = { version = "1", features = ["derive"] }

use http::{Request, Response};
use tower::{Layer, ServiceExt};
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;
use tower_oauth2_resource_server::validation::ClaimsValidationSpec;

include!("resident.rs");
include!("claims.rs");

#[tokio::main]
async fn main() {
    let audiences = vec!["https://api.example.com".to_owned()];
    let tenant = TenantConfiguration::static_builder(include_str!("jwks.json"))
        .claims_validation(ClaimsValidationSpec::recommended("https://id.example.com", &audiences))
        .build()
        .unwrap();
    let server = OAuth2ResourceServer::<Claims>::builder().add_tenant(tenant).build().await.unwrap();
    let inner = tower::service_fn(|_: Request<()>| async {
        Ok::<_, std::convert::Infallible>(Response::new(()))
    });
    let request = Request::builder().header("authorization", concat!("Bearer ", include_str!("token.txt")));
    let response = server.into_layer().layer(inner).oneshot(request.body(()).unwrap()).await.unwrap();
    report(response.status() == 200);
}
