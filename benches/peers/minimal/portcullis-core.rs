//# portcullis = { path = "@repository@", default-features = false, features = ["aws-lc"] }

use portcullis::jose::JwkSet;
use portcullis::{Issuer, Verifier};

include!("resident.rs");

fn main() {
    let keys = JwkSet::parse(include_bytes!("jwks.json")).unwrap();
    let issuer = Issuer::new("https://id.example.com", keys).audience("https://api.example.com");
    let verifier = Verifier::builder().issuer(issuer).build().unwrap();
    let verdict = verifier.verify_cached(include_str!("token.txt"));
    report(matches!(verdict, std::task::Poll::Ready(Ok(_))));
}
