//! The one task that fetches.

use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::timeout;

use super::attempt::{Answer, Attempted, Located, RefreshError, attempt};
use super::cache_control;
use super::events;
use super::holding::{Holding, Term};
use super::intake::{Change, Held, Intake, Judged};
use super::refresh::{Ledger, Shared};
use super::schedule::{Cause, Ended, Jitter};
use super::snapshot::Keeper;
use crate::keys::status::{KeyOrigin, KeyState};

/// Makes one attempt after the other, each when it is due, until nobody holds the keys any more.
///
/// Between steps, and while a fetch is under way, it keeps nothing alive but the plan.
pub(super) async fn run(source: Weak<Shared>) {
    let _end = TaskEnd(Weak::clone(&source));
    let Some(shared) = source.upgrade() else { return };
    let plan = Arc::clone(&shared.plan);
    let nudge = Arc::clone(&shared.nudge);
    drop(shared);
    let mut intake = Intake::new(plan.owner.clone());
    let mut keeper = plan
        .snapshot
        .clone()
        .map(|snapshot| Keeper::new(snapshot, plan.owner.clone(), Arc::clone(&plan.clock)));
    let mut located: Option<Located> = None;
    loop {
        let Some(shared) = source.upgrade() else { return };
        let now = shared.now();
        let turn = shared.tell_state();
        let step = begin_or_wait(&shared, now);
        let granted = shared.holding().term.map_or(Duration::ZERO, |term| term.max_age);
        drop(shared);
        let cause = match step {
            Step::Begun(cause) => cause,
            Step::Wait(wait) => {
                let wait = turn.map_or(wait, |turn| wait.min(turn));
                // In time or nudged: either way the schedule is asked again.
                let _ = timeout(wait, nudge.notified()).await;
                continue;
            }
        };
        let known = intake.known(cause, now, granted);
        let attempted = attempt(&*plan.fetch, &plan.place, located.take(), known, now);
        let Some(attempted) = telling(&source, turn, attempted).await else { return };
        let Some(shared) = source.upgrade() else { return };
        located = attempted.located;
        let worked = finish(&shared, &mut intake, keeper.as_mut(), attempted.outcome, now);
        if let Some(located) = &mut located {
            located.suspect = worked == Worked::No;
        }
    }
}

/// Waits for the attempt, and meanwhile tells of states that passing time brings. `None` when nobody holds the keys.
async fn telling(
    source: &Weak<Shared>,
    mut turn: Option<Duration>,
    attempted: impl Future<Output = Attempted>,
) -> Option<Attempted> {
    let mut attempted = pin!(attempted);
    while let Some(wait) = turn {
        if let Ok(attempted) = timeout(wait, attempted.as_mut()).await {
            return Some(attempted);
        }
        turn = source.upgrade()?.tell_state();
    }
    Some(attempted.await)
}

/// What the task does next.
enum Step {
    Begun(Cause),
    Wait(Duration),
}

/// Marks an attempt as begun if one is due, or says how long to wait.
fn begin_or_wait(shared: &Shared, now: Duration) -> Step {
    let mut ledger = shared.ledger();
    let wait = ledger.schedule.next_start().saturating_sub(now);
    if !wait.is_zero() {
        return Step::Wait(wait);
    }
    let cause = ledger.schedule.begin(now);
    let turned_away = std::mem::take(&mut ledger.turned_away);
    drop(ledger);
    events::refresh_started(shared.plan.issuer(), cause, turned_away);
    Step::Begun(cause)
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
    keeper: Option<&mut Keeper>,
    outcome: Result<Answer, RefreshError>,
    started: Duration,
) -> Worked {
    let now = shared.now();
    let timing = &shared.plan.timing;
    let before = Arc::clone(&shared.holding());
    let embedded = before.term.is_some_and(|term| term.origin == KeyOrigin::Embedded);
    let current = match before.state(now) {
        KeyState::Fixed | KeyState::Loading => Held::Nothing,
        // An old release's keys are not to be held against what the source says.
        _ if embedded => Held::Expired(&before.set),
        KeyState::Expired => Held::Expired(&before.set),
        KeyState::Fresh | KeyState::Grace => Held::Usable(&before.set),
    };
    let judged = outcome.and_then(|answer| {
        let (Answer::Document { response, .. } | Answer::Unchanged { response }) = &answer;
        let max_age = cache_control::max_age(response, timing.default_max_age);
        Ok((intake.judge(answer, current, started)?, max_age))
    });
    match judged {
        Ok((Judged::Taken { set, change }, max_age)) => {
            let generation = match change {
                Change::Same => before.generation,
                Change::Other => before.generation.saturating_add(1),
            };
            // Counted from the start: the answer was written after that, and nobody knows how long.
            let term = Term {
                origin: KeyOrigin::Source,
                since: started,
                age_then: Duration::ZERO,
                max_age,
                max_stale: timing.max_stale,
            };
            let holding = Arc::new(Holding { set, generation, term: Some(term) });
            let next = conclude(shared, Ended::Renewed { max_age }, |ledger| {
                shared.hold(Arc::clone(&holding));
                ledger.last_error = None;
                ledger.last_success = Some(now);
                ledger.failures = 0;
            });
            let issuer = shared.plan.issuer();
            if change == Change::Other {
                events::keys_changed(issuer, generation, &before.set, &holding.set);
            }
            shared.plan.counts.refreshed("ok");
            events::refresh_succeeded(issuer, generation, &holding.set, next);
            shared.tell_state();
            if let (Some(keeper), Some(document)) = (keeper, intake.document()) {
                keeper.keep(document, now, now.saturating_sub(started), max_age, change);
            }
            Worked::Yes
        }
        Ok((Judged::Held { again }, _)) => {
            fail(shared, Ended::Held { again }, RefreshError::Unconfirmed);
            Worked::Yes
        }
        Err(error) => {
            fail(shared, Ended::Failed { retry_after: error.retry_after() }, error);
            Worked::No
        }
    }
}

fn fail(shared: &Shared, ended: Ended, error: RefreshError) {
    let mut failures = 0;
    let next = conclude(shared, ended, |ledger| {
        ledger.failures = ledger.failures.saturating_add(1);
        failures = ledger.failures;
        ledger.last_error = Some(error.clone());
    });
    shared.plan.counts.refreshed(error.code());
    events::refresh_failed(shared.plan.issuer(), &error, failures, next);
}

/// Writes the end of an attempt into the ledger, then tells those who wait. The time until the next attempt.
fn conclude(shared: &Shared, ended: Ended, write: impl FnOnce(&mut Ledger)) -> Duration {
    let now = shared.now();
    let mut ledger = shared.ledger();
    write(&mut ledger);
    ledger.schedule.end(now, ended, Jitter::new(fastrand::u32(..Jitter::STEPS)));
    ledger.ended = ledger.ended.saturating_add(1);
    let number = ledger.ended;
    let next = ledger.schedule.next_start().saturating_sub(now);
    drop(ledger);
    shared.publish_end(number);
    next
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
            let failed = Ended::Failed { retry_after: None };
            ledger.schedule.end(shared.now(), failed, Jitter::new(fastrand::u32(..Jitter::STEPS)));
            ledger.failures = ledger.failures.saturating_add(1);
            ledger.last_error = Some(RefreshError::BrokenOff);
        }
        ledger.ended = ledger.ended.saturating_add(1);
        let number = ledger.ended;
        drop(ledger);
        shared.publish_end(number);
    }
}
