//! `portcullis issuer`: what it prints, what it serves, whom it turns away, and its page in a real browser.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod browser;
mod cdp;
mod door;
mod program;
mod served;
mod told;
