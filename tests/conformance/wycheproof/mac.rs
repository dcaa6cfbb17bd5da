//! HMAC. Tags are compared whole, and a secret has at least the length of the hash (RFC 7518, section 3.2).

use portcullis::Algorithm;
use portcullis::jose::Jwk;
use serde_json::json;

use super::{by_label, groups, label, tests, unhex};
use crate::judge::SharedKey;
use crate::suite::Suite;
use crate::support::{b64, text};

pub(super) const FILES: [(&str, Algorithm); 3] =
    [("hmac_sha256", Algorithm::HS256), ("hmac_sha384", Algorithm::HS384), ("hmac_sha512", Algorithm::HS512)];

pub(super) fn cases(suite: &mut Suite) {
    for (file, algorithm) in FILES {
        let hash_bytes = algorithm.digest().unwrap().bytes();
        for group in groups(file) {
            for test in tests(&group) {
                let [secret, message, tag] = ["key", "msg", "tag"].map(|member| unhex(text(test, member)));
                let jwk = json!({"kty": "oct", "k": b64(&secret)}).to_string();
                let (id, label) = (&test["tcId"], label(test));
                let (name, want) = if secret.len() < hash_bytes {
                    (format!("wycheproof/{file}/short secret/{id}"), "secret_too_short")
                } else if tag.len() != hash_bytes {
                    (format!("wycheproof/{file}/truncated tag/{id}"), "signature_invalid")
                } else {
                    (format!("wycheproof/{file}/{id}"), by_label(label))
                };
                let doors = vec![("JWK", Jwk::parse(&jwk)), ("bytes", Jwk::from_secret(secret, algorithm))];
                // The doors of a short secret refuse it at different steps, so what was read differs.
                let keys: Vec<_> =
                    doors.into_iter().map(|door| SharedKey::new(algorithm, vec![door])).collect();
                suite.case(name, label, want, move |backend| {
                    let answers: Vec<_> = keys.iter().map(|key| key.judge(backend, &message, &tag)).collect();
                    if answers[0] == answers[1] { answers[0].clone() } else { format!("{answers:?}") }
                });
            }
        }
    }
}
