//! What tasks meet at.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use shuttle::sync::atomic::AtomicUsize;
use shuttle::sync::{Mutex, MutexGuard};

pub mod watch;

/// Wakes one task, at once or when it comes to wait.
pub struct Notify(Mutex<Notice>);

#[derive(Default)]
struct Notice {
    permit: bool,
    waiting: Vec<(u64, Waker)>,
    next: u64,
}

impl Notice {
    fn wake_one(&mut self) -> Option<Waker> {
        (!self.waiting.is_empty()).then(|| self.waiting.remove(0).1)
    }
}

impl Notify {
    /// Nobody is to be woken.
    #[expect(clippy::new_without_default, reason = "the library has no use for it")]
    pub fn new() -> Self {
        Self(Mutex::default())
    }

    /// Wakes one that waits, or the next that comes.
    pub fn notify_one(&self) {
        let mut notice = lock(&self.0);
        notice.permit = true;
        let waker = notice.wake_one();
        drop(notice);
        wake(waker);
    }

    /// Waits to be woken.
    pub fn notified(&self) -> Notified<'_> {
        Notified { notify: self, id: None }
    }
}

/// Waits to be woken. One that was and is dropped before it knows leaves that to another.
pub struct Notified<'n> {
    notify: &'n Notify,
    id: Option<u64>,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut notice = lock(&self.notify.0);
        if std::mem::take(&mut notice.permit) {
            return Poll::Ready(());
        }
        let id = self.id.unwrap_or(notice.next);
        notice.next = notice.next.max(id + 1);
        notice.waiting.retain(|(other, _)| *other != id);
        notice.waiting.push((id, context.waker().clone()));
        drop(notice);
        self.id = Some(id);
        Poll::Pending
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut notice = lock(&self.notify.0);
        notice.waiting.retain(|(other, _)| *other != id);
        let waker = if notice.permit { notice.wake_one() } else { None };
        drop(notice);
        wake(waker);
    }
}

/// So many at a time.
pub struct Semaphore(AtomicUsize);

/// One of those; given back when dropped.
pub struct OwnedSemaphorePermit(Arc<Semaphore>);

/// There was none left.
#[derive(Debug)]
pub struct TryAcquireError(());

/// One of those that are borrowed; given back when dropped.
pub struct SemaphorePermit<'s>(&'s Semaphore);

/// It was closed, which none ever is.
#[derive(Debug)]
pub struct AcquireError(());

impl Semaphore {
    /// This many.
    pub fn new(permits: usize) -> Self {
        Self(AtomicUsize::new(permits))
    }

    /// One of them, if there is one left.
    ///
    /// # Errors
    /// [`TryAcquireError`] when there is not.
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Ok(OwnedSemaphorePermit(self)),
            Err(_) => Err(TryAcquireError(())),
        }
    }
}

impl Semaphore {
    /// One of them, as soon as there is one. It asks again at each step: no scene waits here.
    ///
    /// # Errors
    /// None.
    pub async fn acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        while self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err() {
            crate::task::yield_now().await;
        }
        Ok(SemaphorePermit(self))
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Outside of every lock: a waker is foreign code.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        waker.wake();
    }
}
