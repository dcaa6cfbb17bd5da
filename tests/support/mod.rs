//! What several test binaries need: a mint, a clock and readers of vectors.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

pub mod der;
pub mod fixture;
pub mod mint;

use std::collections::BTreeSet;
use std::task::Poll;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::{Clock, Error, Rejection, UnixTime, VerifiedToken, Verifier};
use serde_json::Value;

/// A clock that stands still.
pub fn standing_at(seconds: i64) -> impl Clock + 'static {
    move || UnixTime::from_seconds(seconds)
}

/// The verdict of a verifier with fixed keys, which never waits.
pub fn decide(verifier: &Verifier, token: &str) -> Result<VerifiedToken, Rejection> {
    match verifier.verify_cached(token) {
        Poll::Ready(Ok(token)) => Ok(token),
        Poll::Ready(Err(Error::Rejected(rejection))) => Err(rejection),
        Poll::Ready(Err(error)) => panic!("fixed keys are always there: {error}"),
        Poll::Pending => panic!("fixed keys never wait"),
    }
}

/// The verdict as its reason code, or `ok`.
pub fn verdict(verifier: &Verifier, token: &str) -> &'static str {
    decide(verifier, token).map_or_else(|rejection| rejection.code(), |_| "ok")
}

/// Base64url without padding.
pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes behind base64url without padding.
pub fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect(text)
}

/// A file of `tests/vectors`, read as JSON.
pub fn vectors(path: &str) -> Value {
    serde_json::from_str(&vectors_text(path)).expect(path)
}

/// A file of `tests/vectors`, read as text.
pub fn vectors_text(path: &str) -> String {
    let path = format!("{}/tests/vectors/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).expect(&path)
}

/// The names of the JSON files in a folder of `tests/vectors`.
pub fn vectors_in(folder: &str) -> BTreeSet<String> {
    let folder = format!("{}/tests/vectors/{folder}", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(&folder).expect(&folder);
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".json")).collect()
}

/// A string member that must be there.
pub fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}"))
}
