//! Ctrl-C, and the signal by which supervisors stop a program.

/// Hears both from the moment that it is made, so that one that comes at once is not missed.
pub(super) struct Stop {
    #[cfg(unix)]
    signals: [Option<tokio::signal::unix::Signal>; 2],
}

#[cfg(unix)]
impl Stop {
    pub(super) fn heard() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        // Where one cannot be heard, it ends the program by itself.
        Self { signals: [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()) }
    }

    /// Ends with the first of them.
    pub(super) async fn asked(&mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => _ = signal.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
impl Stop {
    pub(super) fn heard() -> Self {
        Self {}
    }

    /// Ends with Ctrl-C.
    pub(super) async fn asked(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
