//! Where the library's task runs, and how a test counts it, watches it and breaks it off.
//!
//! Tests start their own tasks by [`task::spawn`](crate::task::spawn), so each that is started here is the library's.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::task::{AbortHandle, JoinHandle};

thread_local! {
    static STARTED: RefCell<Vec<(AbortHandle, Arc<Activity>)>> = const { RefCell::new(Vec::new()) };
    static LISTENING: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
}

/// The runtime; there always is one.
pub struct Handle(());

/// There is no runtime.
#[derive(Debug)]
pub struct TryCurrentError(());

impl Handle {
    /// The present runtime.
    ///
    /// # Errors
    /// None.
    pub fn try_current() -> Result<Self, TryCurrentError> {
        Ok(Self(()))
    }

    /// Starts a task.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let activity = Arc::new(Activity::default());
        let run = Run {
            future: Some(Box::pin(future)),
            gone: shuttle::sync::atomic::AtomicBool::new(false),
            activity: Arc::clone(&activity),
        };
        let task = shuttle::future::spawn(run);
        STARTED.with_borrow_mut(|started| started.push((task.abort_handle(), activity)));
        task
    }
}

/// How many tasks the library has started.
pub fn started() -> usize {
    STARTED.with_borrow(Vec::len)
}

/// Waits until each of the library's tasks has ended, or sleeps with nothing to wake up for.
pub async fn quiet() {
    poll_fn(|context| {
        if STARTED.with_borrow(|started| started.iter().all(|(_, activity)| activity.is_quiet())) {
            return Poll::Ready(());
        }
        LISTENING.with_borrow_mut(|listening| listening.push(context.waker().clone()));
        Poll::Pending
    })
    .await;
}

fn tell_of_quiet() {
    for waker in LISTENING.take() {
        waker.wake();
    }
}

/// Ends the library's last task at its next step, as a panic in it does, or the end of its runtime.
///
/// An unwinding panic would end the whole execution; either way the task's future is dropped where it stands.
pub fn break_off() {
    let last = STARTED.with_borrow(|started| started.last().cloned());
    let Some((task, activity)) = last else { return };
    activity.woken.store(true, Ordering::SeqCst);
    task.abort();
}

pub(crate) fn start() {
    STARTED.with_borrow_mut(Vec::clear);
    LISTENING.take();
}

/// What one task is at. Not shuttle's atomics: to look at it must not be a step of the schedule.
#[derive(Default)]
struct Activity {
    /// It was polled, and there was nothing to do but wait.
    sleeps: AtomicBool,
    /// Its waker was used since it was last polled.
    woken: AtomicBool,
    ended: AtomicBool,
}

impl Activity {
    fn is_quiet(&self) -> bool {
        let sleeps = self.sleeps.load(Ordering::SeqCst) && !self.woken.load(Ordering::SeqCst);
        // Its waker may outlive it.
        sleeps || self.ended.load(Ordering::SeqCst)
    }
}

struct Run<F> {
    future: Option<Pin<Box<F>>>,
    gone: shuttle::sync::atomic::AtomicBool,
    activity: Arc<Activity>,
}

impl<F: Future<Output = ()>> Future for Run<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let activity = Arc::clone(&self.activity);
        activity.sleeps.store(false, Ordering::SeqCst);
        activity.woken.store(false, Ordering::SeqCst);
        let waker = Arc::new(Alarm { activity: Arc::clone(&activity), waker: context.waker().clone() });
        let polled = match &mut self.future {
            Some(future) => future.as_mut().poll(&mut Context::from_waker(&Waker::from(waker))),
            None => Poll::Ready(()),
        };
        activity.sleeps.store(true, Ordering::SeqCst);
        tell_of_quiet();
        polled
    }
}

impl<F> Drop for Run<F> {
    fn drop(&mut self) {
        self.future = None;
        // A step, as a task is seen to have ended only some time after its future is gone.
        self.gone.store(true, Ordering::SeqCst);
        self.activity.ended.store(true, Ordering::SeqCst);
        tell_of_quiet();
    }
}

struct Alarm {
    activity: Arc<Activity>,
    waker: Waker,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.activity.woken.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
    }
}
