//# jwtk = "=0.5.0"
//# serde = { version = "1", features = ["derive"] }
//# serde_json = "1"

use jwtk::jwk::JwkSet;

include!("resident.rs");

fn main() {
    let set: JwkSet = serde_json::from_str(include_str!("jwks.json")).unwrap();
    let token = set.verifier().verify::<serde_json::Map<String, serde_json::Value>>(include_str!("token.txt")).unwrap();
    let claims = token.claims();
    let audience = claims.aud.iter().any(|audience| audience == "https://api.example.com");
    report(audience && claims.iss.as_deref() == Some("https://id.example.com"));
}
