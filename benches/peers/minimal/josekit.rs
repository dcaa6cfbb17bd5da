//# josekit = "=0.10.3"

use josekit::jwk::Jwk;
use josekit::jws::RS256;
use josekit::jwt::{self, JwtPayloadValidator};

include!("resident.rs");

fn main() {
    let jwk = Jwk::from_bytes(include_bytes!("jwk.json")).unwrap();
    let verifier = RS256.verifier_from_jwk(&jwk).unwrap();
    let mut rules = JwtPayloadValidator::new();
    rules.set_issuer("https://id.example.com");
    rules.set_audience("https://api.example.com");
    let (claims, _) = jwt::decode_with_verifier(include_str!("token.txt"), &verifier).unwrap();
    report(rules.validate(&claims).is_ok());
}
