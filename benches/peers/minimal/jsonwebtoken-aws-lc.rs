//# jsonwebtoken = { version = "=11.1.0", default-features = false, features = ["aws_lc_rs", "use_pem"] }
//# serde = { version = "1", features = ["derive"] }
//# serde_json = "1"

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

include!("resident.rs");
include!("claims.rs");

fn main() {
    let jwk: Jwk = serde_json::from_str(include_str!("jwk.json")).unwrap();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_issuer(&["https://id.example.com"]);
    rules.set_audience(&["https://api.example.com"]);
    rules.validate_nbf = true;
    report(decode::<Claims>(include_str!("token.txt"), &key, &rules).is_ok());
}
