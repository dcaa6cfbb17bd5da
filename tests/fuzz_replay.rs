//! The corpora of the fuzz targets, and every crash that was ever found, through the same properties on the stable
//! toolchain.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]
#![allow(unreachable_pub, reason = "the properties are public to the fuzz targets")]

use std::path::Path;

#[cfg(feature = "tower")]
#[path = "../fuzz/src/authorization_header.rs"]
mod authorization_header;
#[path = "../fuzz/src/compact_token.rs"]
mod compact_token;
#[path = "../fuzz/src/jwk_set.rs"]
mod jwk_set;

/// Runs a property over each file of a corpus; a failure names the file.
fn replay(target: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "the corpus of {target} is missing");
    for file in files {
        let input = std::fs::read(&file).unwrap();
        let outcome = std::panic::catch_unwind(|| property(&input));
        assert!(
            outcome.is_ok(),
            "{target} does not hold for {}",
            file.file_name().unwrap().to_string_lossy()
        );
    }
}

#[test]
fn compact_token_corpus() {
    replay("compact_token", compact_token::check);
}

#[test]
fn jwk_set_corpus() {
    replay("jwk_set", jwk_set::check);
}

#[cfg(feature = "tower")]
#[test]
fn authorization_header_corpus() {
    replay("authorization_header", authorization_header::check);
}
