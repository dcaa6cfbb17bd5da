//# axum-jwt-auth = "=0.7.0"
//# jsonwebtoken = { version = "10", features = ["rust_crypto"] }
//# tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//# serde = { version = "1", features = ["derive"] }
//# serde_json = "1"

use axum_jwt_auth::{JwtDecoder, LocalDecoder};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation};

include!("resident.rs");
include!("claims.rs");

#[tokio::main]
async fn main() {
    let jwk: Jwk = serde_json::from_str(include_str!("jwk.json")).unwrap();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_issuer(&["https://id.example.com"]);
    rules.set_audience(&["https://api.example.com"]);
    rules.validate_nbf = true;
    let decoder = LocalDecoder::builder().keys(vec![key]).validation(rules).build().unwrap();
    let token: Result<TokenData<Claims>, _> = decoder.decode(include_str!("token.txt")).await;
    report(token.is_ok());
}
