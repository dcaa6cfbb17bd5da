//# jwt-authorizer = "=0.15.0"
//# tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//# serde = { version = "1", features = ["derive"] }

use jwt_authorizer::{Authorizer, JwtAuthorizer, Validation};

include!("resident.rs");
include!("claims.rs");

#[tokio::main]
async fn main() {
    let rules =
        Validation::new().iss(&["https://id.example.com"]).aud(&["https://api.example.com"]).nbf(true);
    let authorizer: Authorizer<Claims> =
        JwtAuthorizer::from_jwks_text(include_str!("jwks.json")).validation(rules).build().await.unwrap();
    report(authorizer.check_auth(include_str!("token.txt")).await.is_ok());
}
