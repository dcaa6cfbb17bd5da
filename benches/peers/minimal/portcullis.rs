//# portcullis = { path = "@repository@" }
//# tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

use portcullis::jose::JwkSet;
use portcullis::{Issuer, Verifier};

include!("resident.rs");

#[tokio::main]
async fn main() {
    let keys = JwkSet::parse(include_bytes!("jwks.json")).unwrap();
    let issuer = Issuer::new("https://id.example.com", keys).audience("https://api.example.com");
    let verifier = Verifier::builder().issuer(issuer).build().unwrap();
    report(verifier.verify(include_str!("token.txt")).await.is_ok());
}
