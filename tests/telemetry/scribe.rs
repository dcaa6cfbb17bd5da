//! A subscriber that writes down all that it is told.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// Spans with their fields, and events with theirs.
#[derive(Clone, Default)]
pub(crate) struct Scribe(Arc<Mutex<Vec<Entry>>>);

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) target: String,
    pub(crate) level: Level,
    pub(crate) is_span: bool,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Entry {
    fn of(metadata: &'static Metadata<'static>) -> Self {
        Self {
            name: metadata.name(),
            target: metadata.target().to_owned(),
            level: *metadata.level(),
            is_span: metadata.is_span(),
            fields: BTreeMap::new(),
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

impl Scribe {
    /// Hears all of this thread's until the guard is dropped.
    ///
    /// With a single subscriber `tracing` asks that of the thread that meets an event first, which may be another test's, and
    /// takes its answer for everybody's; so there is a second.
    pub(crate) fn listening() -> (Self, (tracing::subscriber::DefaultGuard, Dispatch)) {
        let scribe = Self::default();
        let second = Dispatch::new(Self::default());
        let guard = tracing::subscriber::set_default(scribe.clone());
        (scribe, (guard, second))
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap().clone()
    }

    /// The spans of decisions.
    pub(crate) fn decisions(&self) -> Vec<Entry> {
        let entries = self.entries().into_iter();
        entries.filter(|entry| entry.is_span && entry.target == "portcullis::decision").collect()
    }
}

impl Subscriber for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("portcullis")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut notes = self.0.lock().unwrap();
        let mut entry = Entry::of(attributes.metadata());
        attributes.record(&mut entry);
        notes.push(entry);
        Id::from_u64(u64::try_from(notes.len()).unwrap())
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut self.0.lock().unwrap()[number(span)]);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut notes = self.0.lock().unwrap();
        let mut entry = Entry::of(event.metadata());
        event.record(&mut entry);
        notes.push(entry);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn number(span: &Id) -> usize {
    usize::try_from(span.into_u64()).unwrap() - 1
}
