//! The corpora of the fuzz targets, and every crash that was ever found, through the same properties on the stable
//! toolchain.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]
#![allow(unreachable_pub, reason = "the properties are public to the fuzz targets")]

use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
mod targets;

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

macro_rules! corpora {
    ($($target:ident)*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target), targets::$target::check);
        })*

        /// A target that nobody replays would be found out only by its crashes.
        #[test]
        fn every_target_is_replayed() {
            let manifest = include_str!("../fuzz/Cargo.toml");
            let names = manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/"));
            let names: Vec<_> = names.map(|name| name.trim_end_matches(".rs\"")).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
        }
    };
}

corpora! {
    authorization_header cache_control challenge claims compact_token discovery header jwk jwk_set key_input request
}
