//! A clock that stands still until the test moves it, and the timeouts that it ends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::Add;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

thread_local! {
    static CLOCK: RefCell<Clock> = const { RefCell::new(Clock::new()) };
}

struct Clock {
    now: Duration,
    timers: BTreeMap<u64, (Instant, Waker)>,
    next_timer: u64,
}

impl Clock {
    const fn new() -> Self {
        Self { now: Duration::ZERO, timers: BTreeMap::new(), next_timer: 0 }
    }
}

pub(crate) fn start() {
    // Wakers of an execution that is over are dropped outside the borrow.
    drop(CLOCK.replace(Clock::new()));
}

/// Moves the clock and wakes those whose time has come.
pub fn advance(by: Duration) {
    let due: Vec<_> = CLOCK.with_borrow_mut(|clock| {
        clock.now += by;
        let now = Instant(clock.now);
        clock.timers.extract_if(.., |_, (deadline, _)| *deadline <= now).collect()
    });
    for (_, (_, waker)) in due {
        waker.wake();
    }
}

/// A moment of the clock.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Instant(Duration);

impl Instant {
    /// The present moment.
    pub fn now() -> Self {
        CLOCK.with_borrow(|clock| Self(clock.now))
    }

    /// The time since a moment, or none if that is to come.
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(self.0 + by)
    }
}

/// The time was over first.
#[derive(Debug)]
pub struct Elapsed(());

/// Waits for `future`, for this long at most.
pub fn timeout<F: Future>(wait: Duration, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
    timeout_at(Instant::now() + wait, future)
}

/// Waits for `future`, until `deadline` at most. Like tokio's, it looks at the future first.
pub async fn timeout_at<F: Future>(deadline: Instant, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut timer = Timer { deadline, armed: None };
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => timer.poll(context).map(|()| Err(Elapsed(()))),
    })
    .await
}

/// Waits so long.
pub async fn sleep(wait: Duration) {
    let _ = timeout(wait, std::future::pending::<()>()).await;
}

struct Timer {
    deadline: Instant,
    armed: Option<u64>,
}

impl Timer {
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        CLOCK.with_borrow_mut(|clock| {
            if clock.now >= self.deadline.0 {
                return Poll::Ready(());
            }
            let id = *self.armed.get_or_insert(clock.next_timer);
            clock.next_timer = clock.next_timer.max(id + 1);
            clock.timers.insert(id, (self.deadline, context.waker().clone()));
            Poll::Pending
        })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let Some(id) = self.armed else { return };
        drop(CLOCK.with_borrow_mut(|clock| clock.timers.remove(&id)));
    }
}
