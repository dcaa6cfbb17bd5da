//! Project Wycheproof: signatures and keys, each through our own key.

mod mac;
mod signature;
mod web;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::suite::{Label, Suite};
use crate::support::{text, vectors, vectors_in};

pub fn cases(suite: &mut Suite) {
    let signatures = signature::FILES.map(|(name, ..)| name);
    let named = signatures.into_iter().chain(mac::FILES.map(|(name, _)| name)).chain(web::FILES);
    let named: BTreeSet<_> = named.map(|name| format!("{name}_test.json")).collect();
    assert_eq!(vectors_in("wycheproof"), named, "a file that no runner reads, or none that one does");
    signature::cases(suite);
    mac::cases(suite);
    web::cases(suite);
}

/// The groups of a file whose number of tests is what it says of itself.
fn groups(name: &str) -> Vec<Value> {
    let file = vectors(&format!("wycheproof/{name}_test.json"));
    let groups = file["testGroups"].as_array().expect(name).clone();
    let found: usize = groups.iter().map(|group| tests(group).len()).sum();
    assert_eq!(Some(found), file["x_cases"].as_u64().and_then(|n| n.try_into().ok()), "{name}");
    groups
}

fn tests(group: &Value) -> &[Value] {
    group["tests"].as_array().expect("tests")
}

/// The label of a test; where upstream's is known to be wrong or a matter of policy, the corrected one.
fn label(test: &Value) -> Label {
    match test["x_expected"].as_str().unwrap_or_else(|| text(test, "result")) {
        "valid" => Label::Valid,
        "invalid" => Label::Invalid,
        "acceptable" | "policy" => Label::Open,
        other => panic!("unknown label {other}"),
    }
}

/// What the label alone makes of a signature. What is merely acceptable is refused.
fn by_label(label: Label) -> &'static str {
    if label == Label::Valid { "ok" } else { "signature_invalid" }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).expect(text)).unwrap();
    assert!(text.len().is_multiple_of(2), "{text}");
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
