//! One day of an issuer's life, 24 hours of it on a paused clock: rotations of every kind, outages, garbage, a captive
//! portal, a flood. Every answer to every request is compared with an oracle that knows what was published and what was
//! told, and with the bounds.
//!
//! `just day` plays it with a million requests; the test run with fewer.

#![cfg(feature = "testkit")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod issuer;
mod oracle;
mod requests;

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use issuer::{DAY, Issuer, KEYS};
use portcullis::keys::remote::Remote;
use portcullis::testkit::TestClock;
use portcullis::{Algorithm, UnixTime, Verifier};
use requests::{AUDIENCE, Dice, IDENTIFIER, Requests};
use tokio::time::{Instant, sleep_until};

/// So many unless `PORTCULLIS_DAY_REQUESTS` says otherwise.
const REQUESTS: u64 = 40_000;

#[tokio::test(start_paused = true)]
async fn no_request_of_a_day_is_answered_wrongly() {
    let requests =
        std::env::var("PORTCULLIS_DAY_REQUESTS").map_or(REQUESTS, |number| number.parse().unwrap());
    let morning = Instant::now();
    let noted = TestClock::at(UnixTime::from_seconds(1_800_000_000));
    let cast = Requests::new(&noted);
    let issuer = Arc::new(Issuer::new(morning, cast.keys()));
    let keys = Remote::jwks_url_with(KEYS, Arc::clone(&issuer)).unwrap();
    let anchor = portcullis::Issuer::new(IDENTIFIER, keys).audience(AUDIENCE).algorithms([Algorithm::EdDSA]);
    let clock = move || UnixTime::from_seconds(1_800_000_000).saturating_add(morning.elapsed());
    let verifier = Verifier::builder().issuer(anchor).clock(clock).build().unwrap();
    let mut dice = Dice(7);
    let mut waiting = Vec::new();
    for number in 0..requests {
        let gone = DAY.as_millis() * u128::from(number) / u128::from(requests);
        sleep_until(morning + Duration::from_millis(u64::try_from(gone).unwrap())).await;
        issuer.live_on();
        let (ask, token) = cast.draw(&mut dice, issuer.signing(), issuer.is_flooded());
        let asked = Instant::now();
        match verifier.verify_cached(&token) {
            Poll::Ready(answer) => issuer.judge(&ask, answer, asked),
            Poll::Pending => {
                let (verifier, issuer) = (verifier.clone(), Arc::clone(&issuer));
                waiting.push(tokio::spawn(async move {
                    let answer = verifier.verify(&token).await;
                    assert!(asked.elapsed() <= Duration::from_secs(2), "the wait budget");
                    issuer.judge(&ask, answer, asked);
                }));
            }
        }
        if waiting.len() > 1_000 {
            for waiter in waiting.drain(..) {
                waiter.await.unwrap();
            }
        }
    }
    for waiter in waiting {
        waiter.await.unwrap();
    }
    issuer.report(requests);
}
