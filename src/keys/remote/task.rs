//! The one task that fetches.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::timeout;

use super::attempt::{Located, RefreshError, attempt};
use super::cache_control;
use super::fetch::FetchResponse;
use super::intake::{Change, Held, Intake, Judged};
use super::refresh::{Confirmed, Holding, Shared};
use super::schedule::{Ended, Freshness, Jitter};

/// Makes one attempt after the other, each when it is due, until nobody holds the keys any more.
///
/// Between steps, and while a fetch is under way, it keeps nothing alive but the plan.
pub(super) async fn run(source: Weak<Shared>) {
    let _end = TaskEnd(Weak::clone(&source));
    let Some(shared) = source.upgrade() else { return };
    let plan = Arc::clone(&shared.plan);
    let nudge = Arc::clone(&shared.nudge);
    drop(shared);
    let mut intake = Intake::new(plan.issuer.clone(), plan.allowed, plan.backend);
    let mut located: Option<Located> = None;
    loop {
        let Some(shared) = source.upgrade() else { return };
        let now = shared.now();
        let wait = begin_or_wait(&shared, now);
        drop(shared);
        if let Some(wait) = wait {
            // In time or nudged: either way the schedule is asked again.
            let _ = timeout(wait, nudge.notified()).await;
            continue;
        }
        let attempted = attempt(&*plan.fetch, &plan.place, located.take(), now).await;
        let Some(shared) = source.upgrade() else { return };
        located = attempted.located;
        let worked = finish(&shared, &mut intake, attempted.outcome, now);
        if let Some(located) = &mut located {
            located.suspect = worked == Worked::No;
        }
    }
}

/// Marks an attempt as begun if one is due, or says how long to wait.
fn begin_or_wait(shared: &Shared, now: Duration) -> Option<Duration> {
    let mut ledger = shared.ledger();
    let wait = ledger.schedule.next_start().saturating_sub(now);
    if wait.is_zero() {
        ledger.schedule.begin(now);
        return None;
    }
    Some(wait)
}

/// Whether the key set's address still leads to key sets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Worked {
    Yes,
    No,
}

/// Takes what the attempt brought, or leaves everything as it was, and tells those who wait.
fn finish(
    shared: &Shared,
    intake: &mut Intake,
    outcome: Result<FetchResponse, RefreshError>,
    started: Duration,
) -> Worked {
    let now = shared.now();
    let timing = &shared.plan.timing;
    let before = shared.holding.load_full();
    let current = match before.freshness(now, timing) {
        None => Held::Nothing,
        Some((Freshness::Expired, _)) => Held::Expired(&before.set),
        Some((Freshness::Fresh | Freshness::Grace, _)) => Held::Usable(&before.set),
    };
    let judged = outcome.and_then(|response| {
        let default = timing.default_max_age;
        let max_age = cache_control::max_age(response.cache_control(), response.age(), default);
        Ok((intake.judge(response.into_body(), current)?, max_age))
    });
    let (ended, taken, error) = match judged {
        Ok((Judged::Taken { set, change }, max_age)) => {
            let generation = match change {
                Change::Same => before.generation,
                Change::Other => before.generation.saturating_add(1),
            };
            // Counted from the start: the answer was written after that, and nobody knows how long.
            let confirmed = Some(Confirmed { at: started, max_age });
            (Ended::Renewed { max_age }, Some((Holding { set, generation, confirmed }, change)), None)
        }
        Ok((Judged::Held { again }, _)) => (Ended::Held { again }, None, Some(RefreshError::Unconfirmed)),
        Err(error) => (Ended::Failed, None, Some(error)),
    };
    let worked = if ended == Ended::Failed { Worked::No } else { Worked::Yes };
    let report = match (&taken, &error) {
        (Some((holding, Change::Other)), _) => Report::Changed {
            generation: holding.generation,
            keys: holding.set.keys().len(),
            skipped: holding.set.skipped().len(),
        },
        (_, Some(error)) => Report::Failed(error.code()),
        (_, None) => Report::Confirmed,
    };
    conclude(shared, taken.map(|(holding, _)| holding), ended, error, report);
    worked
}

/// What the operator is told.
enum Report {
    Changed { generation: u64, keys: usize, skipped: usize },
    Confirmed,
    Failed(&'static str),
}

/// Writes the end of an attempt into the ledger, then tells waiters and the log.
fn conclude(
    shared: &Shared,
    taken: Option<Holding>,
    ended: Ended,
    error: Option<RefreshError>,
    report: Report,
) {
    let now = shared.now();
    let mut ledger = shared.ledger();
    if let Some(holding) = taken {
        shared.holding.store(Arc::new(holding));
    }
    ledger.schedule.end(now, ended, Jitter::new(fastrand::u32(..Jitter::STEPS)));
    ledger.last_error = error;
    ledger.ended = ledger.ended.saturating_add(1);
    let number = ledger.ended;
    let next = ledger.schedule.next_start().saturating_sub(now);
    drop(ledger);
    shared.publish_end(number);
    let issuer = shared.plan.issuer.as_str();
    match report {
        Report::Changed { generation, keys, skipped } => {
            tracing::info!(target: TARGET, issuer, generation, keys, skipped, next_attempt = ?next, "keys changed");
        }
        Report::Confirmed => {
            tracing::debug!(target: TARGET, issuer, next_attempt = ?next, "keys confirmed");
        }
        Report::Failed(code) => {
            tracing::warn!(target: TARGET, issuer, code, next_attempt = ?next, "keys not renewed");
        }
    }
}

/// Sees to it that an end of the task, by its runtime's or a panic in [`Fetch`](super::Fetch), leaves nobody waiting and
/// lets another task be started.
struct TaskEnd(Weak<Shared>);

impl Drop for TaskEnd {
    fn drop(&mut self) {
        let Some(shared) = self.0.upgrade() else { return };
        let mut ledger = shared.ledger();
        shared.forget_task();
        if ledger.schedule.is_running() {
            ledger.schedule.end(shared.now(), Ended::Failed, Jitter::new(fastrand::u32(..Jitter::STEPS)));
            ledger.last_error = Some(RefreshError::BrokenOff);
        }
        ledger.ended = ledger.ended.saturating_add(1);
        let number = ledger.ended;
        drop(ledger);
        shared.publish_end(number);
    }
}

const TARGET: &str = "portcullis::keys";
