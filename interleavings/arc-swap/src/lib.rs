//! Stands in for `arc-swap`: a lock in place of the lock-free cell, so that each load and each store is a point where
//! the scheduler may switch to another task.

use std::ops::Deref;
use std::sync::{Arc, PoisonError};

use shuttle::sync::Mutex;

/// A value that is replaced as a whole.
pub struct ArcSwapAny<T>(Mutex<T>);

/// One that is always there.
pub type ArcSwap<T> = ArcSwapAny<Arc<T>>;

/// One that may be absent.
pub type ArcSwapOption<T> = ArcSwapAny<Option<Arc<T>>>;

impl<T> ArcSwapAny<Arc<T>> {
    /// Starts with this value.
    pub fn from_pointee(value: T) -> Self {
        Self(Mutex::new(Arc::new(value)))
    }
}

impl<T: Default> Default for ArcSwapAny<Arc<T>> {
    fn default() -> Self {
        Self::from_pointee(T::default())
    }
}

impl<T> ArcSwapAny<Option<Arc<T>>> {
    /// Starts with none.
    pub fn empty() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Default for ArcSwapAny<Option<Arc<T>>> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: Clone> ArcSwapAny<T> {
    /// The present value.
    pub fn load(&self) -> Guard<T> {
        Guard(self.load_full())
    }

    /// The present value, kept alive.
    pub fn load_full(&self) -> T {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the value.
    pub fn store(&self, value: T) {
        drop(self.swap(value));
    }

    /// Replaces the value and gives the one before.
    pub fn swap(&self, value: T) -> T {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), value)
    }
}

impl<T> ArcSwapAny<Arc<T>> {
    /// Replaces the value by what is made of it and gives the one before. Nobody comes between.
    pub fn rcu(&self, make: impl FnOnce(&Arc<T>) -> T) -> Arc<T> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let made = Arc::new(make(&held));
        std::mem::replace(&mut *held, made)
    }
}

/// A value as it was when it was loaded.
pub struct Guard<T>(T);

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
