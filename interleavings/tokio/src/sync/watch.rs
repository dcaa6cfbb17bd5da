//! A channel that keeps the last value.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use shuttle::sync::Mutex;

use super::{lock, wake};

struct Channel<T> {
    state: Mutex<State<T>>,
    senders: AtomicUsize,
}

struct State<T> {
    value: T,
    version: u64,
    is_closed: bool,
    /// Those who wait for another version.
    waiting: Vec<Waker>,
}

/// A channel and one who listens.
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(value);
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// Sends values.
pub struct Sender<T>(Arc<Channel<T>>);

impl<T> Sender<T> {
    /// A channel that nobody listens to yet.
    pub fn new(value: T) -> Self {
        let state = State { value, version: 0, is_closed: false, waiting: Vec::new() };
        Self(Arc::new(Channel { state: Mutex::new(state), senders: AtomicUsize::new(1) }))
    }

    /// Listens from now on: the present value counts as seen.
    pub fn subscribe(&self) -> Receiver<T> {
        let seen = lock(&self.0.state).version;
        Receiver { channel: Arc::clone(&self.0), seen }
    }

    /// Replaces the value, then wakes those who listen.
    pub fn send_replace(&self, value: T) -> T {
        let mut state = lock(&self.0.state);
        let before = std::mem::replace(&mut state.value, value);
        state.version += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        wake(waiting);
        before
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.senders.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.0.senders.fetch_sub(1, Ordering::SeqCst) == 1 {
            let mut state = lock(&self.0.state);
            state.is_closed = true;
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            wake(waiting);
        }
    }
}

/// Receives values.
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
    seen: u64,
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { channel: Arc::clone(&self.channel), seen: self.seen }
    }
}

impl<T> Receiver<T> {
    /// Takes the present value for seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = lock(&self.channel.state).version;
    }

    /// Waits for a value that was not seen.
    ///
    /// # Errors
    /// [`RecvError`] when nobody can send any more.
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        poll_fn(|context| {
            let mut state = lock(&self.channel.state);
            if state.version != self.seen {
                self.seen = state.version;
                return Poll::Ready(Ok(()));
            }
            if state.is_closed {
                return Poll::Ready(Err(RecvError(())));
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Waits for a value of which this is true, the present one included.
    ///
    /// # Errors
    /// [`RecvError`] when nobody can send any more.
    pub async fn wait_for(&mut self, mut is_it: impl FnMut(&T) -> bool) -> Result<Ref<T>, RecvError>
    where
        T: Copy,
    {
        loop {
            {
                let state = lock(&self.channel.state);
                self.seen = state.version;
                if is_it(&state.value) {
                    return Ok(Ref(state.value));
                }
            }
            self.changed().await?;
        }
    }
}

/// The value that was waited for. A copy: tokio's is a lock that is held, and the library lets go of it at once.
pub struct Ref<T>(T);

impl<T> Deref for Ref<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Nobody can send any more.
#[derive(Debug)]
pub struct RecvError(());
