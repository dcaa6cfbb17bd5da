//# jwt-simple = "=0.15.0"
//# serde = { version = "1", features = ["derive"] }

use std::collections::HashSet;

use jwt_simple::prelude::*;

include!("resident.rs");

fn main() {
    let key = RS256PublicKey::from_jwk(include_str!("jwk.json")).unwrap();
    let rules = VerificationOptions {
        allowed_issuers: Some(HashSet::from(["https://id.example.com".to_owned()])),
        allowed_audiences: Some(HashSet::from(["https://api.example.com".to_owned()])),
        ..VerificationOptions::default()
    };
    report(key.verify_token::<NoCustomClaims>(include_str!("token.txt"), Some(rules)).is_ok());
}
