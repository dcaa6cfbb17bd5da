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

use std::path::{Path, PathBuf};

use portcullis::jose::{Header, Jwk, JwkSet, MAX_KEYS, MAX_TOKEN_BYTES, UnverifiedToken};

#[path = "../fuzz/src/lib.rs"]
mod targets;

use targets::issuer::{LIVE, decide, signed};

/// The files of a corpus.
fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "the corpus of {target} is missing");
    files
}

/// Runs a property over each file of a corpus; a failure names the file.
fn replay(target: &str, property: fn(&[u8])) {
    for file in corpus(target) {
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

/// What reading allocates, at one moment and in all, is bounded by the size of what is read: for the corpora, and for
/// texts of 512 bytes to 16 KiB that make readers work.
#[test]
fn memory_is_bounded_by_the_size_of_the_input() {
    type Reader = (&'static str, fn(&[u8]));
    let readers: [Reader; 6] = [
        ("header", |input| drop(Header::parse(input))),
        ("compact_token", |input| drop(UnverifiedToken::parse(text(input), MAX_TOKEN_BYTES))),
        ("claims", |input| drop(decide(&LIVE[0], text(input)))),
        ("jwk", |input| drop(Jwk::parse(text(input)))),
        ("jwk_set", |input| drop(JwkSet::parse(input))),
        ("key_input", |input| drop((Jwk::from_der(input), Jwk::from_pem(text(input))))),
    ];
    let signed = |payload: &[u8]| signed(r#"{"alg":"HS256","kid":"h"}"#, payload).into_bytes();
    for (target, read) in readers {
        let seeds = corpus(target).into_iter().map(|file| std::fs::read(file).unwrap());
        let sizes = [512, 4 * 1_024, 16 * 1_024];
        let grown = PATTERNS.iter().flat_map(|pattern| sizes.map(|size| grown(*pattern, size)));
        let inputs = seeds.chain(grown).map(|input| match target {
            "claims" => signed(input.get(6..).unwrap_or_default()),
            _ => input,
        });
        // What is made once and kept is nobody's input.
        read(&signed(b"{}"));
        for input in inputs {
            let spent = allocation_counter::measure(|| read(&input));
            let size = u64::try_from(input.len()).unwrap();
            let shown = String::from_utf8_lossy(&input[..input.len().min(60)]).into_owned();
            // A set keeps a note of each entry that it does not use, which may be longer than the entry.
            let notes = if target == "jwk_set" { u64::try_from(MAX_KEYS).unwrap() } else { 0 };
            let (bytes, count) = (1_024 + 16 * size + 256 * notes, 160 + size / 4 + 8 * notes);
            assert!(spent.bytes_max <= bytes, "{target}, {size} bytes: {spent:?} for {shown:?}");
            assert!(spent.count_total <= count, "{target}, {size} bytes: {spent:?} for {shown:?}");
        }
    }
}

fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).unwrap_or_default()
}

/// `pattern` again and again, each time with another number where it says so, between what opens and closes it.
fn grown((open, pattern, close): (&str, &str, &str), size: usize) -> Vec<u8> {
    let mut text = open.to_owned();
    for number in 0.. {
        if text.len() >= size {
            break;
        }
        text.push_str(&pattern.replace('#', &number.to_string()));
    }
    text.push_str(close);
    text.into_bytes()
}

/// What makes readers work: many members, deep values, escapes, many entries, long texts of one kind.
const PATTERNS: [(&str, &str, &str); 14] = [
    ("{\"a\":0", ",\"#\":0", "}"),
    ("{\"a\":0", ",\"\\u0061#\":[]", "}"),
    ("{\"a\":", "[", ""),
    ("{\"a\":", "{\"a\":", ""),
    ("{\"a\":[0", ",{\"a\":0}", "]}"),
    ("{\"kid\":\"", "\\u0061", "\"}"),
    ("{\"aud\":[\"\"", ",\"\\u0061\"", "]}"),
    ("{\"scope\":\"", "a ", "\"}"),
    ("{\"key_ops\":[\"\"", ",\"#\"", "]}"),
    ("{\"keys\":[0", ",{\"kty\":\"oct\",\"kid\":\"#\",\"k\":\"AA\"}", "]}"),
    ("{\"keys\":[0", ",0", "]}"),
    ("{\"x\":1", "0", "}"),
    ("-----BEGIN PUBLIC KEY-----\n", "AAAA", "\n-----END PUBLIC KEY-----\n"),
    ("\u{30}\u{7f}", "\u{30}\u{7f}", ""),
];
