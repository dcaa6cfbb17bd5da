//! The file, watched.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use portcullis::{Settings, Unavailable};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::current::Current;
use crate::routes::Rules;

/// What came of the changes so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Files that took over.
    pub(crate) taken: u32,
    /// Why files were not taken.
    pub(crate) refused: Vec<String>,
}

/// Looks at the file's time and length four times a second: that works on every file system, mounted secrets and config maps
/// included, and needs neither a signal nor another crate.
pub(crate) struct Follower {
    file: PathBuf,
    seen: Option<Stamp>,
    outcome: watch::Sender<Outcome>,
}

type Stamp = (SystemTime, u64);

impl Follower {
    /// To be made before the file is first read: what is written after that is a change.
    pub(crate) fn new(file: PathBuf) -> Self {
        let seen = stamp(&file);
        Self { file, seen, outcome: watch::Sender::new(Outcome::default()) }
    }

    pub(crate) fn outcomes(&self) -> watch::Receiver<Outcome> {
        self.outcome.subscribe()
    }

    pub(crate) async fn follow(mut self, current: Current) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // Taken before the file is read: what is written meanwhile is another change.
            let now = stamp(&self.file);
            if now.is_none() || now == self.seen {
                continue;
            }
            self.seen = now;
            match self.take(&current).await {
                Ok(()) => {
                    println!("  log: {} has taken over", self.file.display());
                    self.outcome.send_modify(|outcome| outcome.taken += 1);
                }
                Err(error) => {
                    // An issuer that is down comes back without a change of the file.
                    if error.is::<Unavailable>() {
                        self.seen = None;
                    }
                    self.refuse(error.to_string());
                }
            }
        }
    }

    /// Says once why the file is not taken, however often it is tried.
    fn refuse(&self, reason: String) {
        if self.outcome.borrow().refused.last() != Some(&reason) {
            println!("  log: {} is refused, what was before stays: {reason}", self.file.display());
            self.outcome.send_modify(|outcome| outcome.refused.push(reason));
        }
    }

    /// Builds all that is new beside what serves, and exchanges it in one step.
    async fn take(&self, current: &Current) -> Result<(), Box<dyn Error + Send + Sync>> {
        let file = self.file.clone();
        // Reads the file, and what it points to.
        let built = tokio::task::spawn_blocking(move || Rules::of(&Settings::from_file(file)?));
        let rules = built.await??;
        // A verifier without keys would refuse what the old one lets in.
        rules.verifier.ready(PATIENCE).await?;
        let generation = self.outcome.borrow().taken + 2;
        current.replace(rules.guarded(generation));
        Ok(())
    }
}

fn stamp(file: &std::path::Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

const EVERY: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(2);
