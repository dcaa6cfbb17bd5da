//! How property tests run.

use proptest::test_runner::{Config, RngSeed};

/// So many cases, the same in every run: a test that fails fails for the change at hand, and again when it is looked at.
///
/// `PROPTEST_CASES` and `PROPTEST_RNG_SEED` in the environment look at more, and at others. What they find becomes a case
/// of an ordinary test, so nothing is written to disk.
pub(crate) fn cases(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(0x706f_7274), failure_persistence: None, ..Config::default() }
}
