//! The key source under thousands of schedules: who runs next is drawn at each lock, counter, channel and await.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod breaking;
mod changing;
mod first;
mod health;
mod script;
mod waiting;

use std::time::Duration;

use portcullis::Verifier;
use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};

/// Plays a scene under `SCHEDULES` schedules with switches anywhere, and as many with one to three, each at a random
/// step; or under the one in `SCHEDULE`, as a failure printed it.
fn under_all_schedules<S: Future<Output = ()> + 'static>(scene: fn() -> S) {
    under_schedules(number("SCHEDULES", 500), scene);
}

fn under_schedules<S: Future<Output = ()> + 'static>(schedules: usize, scene: fn() -> S) {
    if let Ok(schedule) = std::env::var("SCHEDULE") {
        return play(ReplayScheduler::new_from_encoded(&schedule), scene);
    }
    play(RandomScheduler::new_from_seed(SEED, schedules), scene);
    for switches in 1..=MAX_SWITCHES {
        play(PctScheduler::new_from_seed(SEED, switches, schedules / MAX_SWITCHES), scene);
    }
}

fn play<S: Future<Output = ()> + 'static>(scheduler: impl Scheduler + 'static, scene: fn() -> S) {
    let mut config = Config::new();
    // Signatures are checked and JSON is read on the stacks of the tasks.
    config.stack_size = 512 * 1024;
    // A task that spins is a failure, too.
    config.max_steps = MaxSteps::FailAfter(200_000);
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || {
        tokio::start();
        fastrand::seed(SEED);
        shuttle::future::block_on(scene());
    });
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Lets time pass once the library's task has nothing left to do: it never oversleeps, as a clock that moves between two
/// of its lines would make it.
async fn pass(time: Duration) {
    tokio::runtime::quiet().await;
    tokio::time::advance(time);
}

/// What a verifier says of the token of this key: `Ok`, or the stable word.
async fn verified(verifier: &Verifier, key: char) -> Result<(), &'static str> {
    verifier.verify(script::token(key)).await.map(drop).map_err(|error| error.code())
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// From one attempt for unknown keys to the next.
const INTERVAL: Duration = secs(10);
/// The draws are the same at each run.
const SEED: u64 = 4;
const MAX_SWITCHES: usize = 3;
