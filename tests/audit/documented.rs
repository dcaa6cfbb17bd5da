//! The schema and the table of the documentation are those of the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use portcullis::audit::{Subjects, TracingSink, WhenFull};
use portcullis::testkit::Flaw;
use portcullis::{SubjectHasher, require, scope};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::stage::{Book, app, ask, ask_with, audited, builder};

const PAGE: &str = include_str!("../../docs/audit.md");
const SCHEMA: &str = include_str!("../../docs/audit.schema.json");

/// Events of all kinds.
async fn all_kinds() -> Vec<Value> {
    let (mint, verifier, book) = audited();
    let hashed = Subjects::Hashed(SubjectHasher::new(vec![9; 32]).unwrap());
    let hashed = builder(&mint).audit(book.audit().subjects(hashed).verifier("partners")).build().unwrap();
    for verifier in [verifier, hashed] {
        let routes = Router::new().route("/orders/1", get(|| async {}).route_layer(require(scope("a"))));
        let app = app(routes.layer(verifier.layer().optional()));
        for token in [
            mint.token().scope("a").mint(),
            mint.token().scope("b").mint(),
            mint.token().flawed(Flaw::Expired),
        ] {
            ask_with(&app, &token).await;
        }
        ask(&app, &[]).await;
        ask(&app, &[("authorization", "Basic eDp5")]).await;
        let _ = verifier.verify("a.b.c").await;
    }
    book.events()
}

/// The rows of the table of members: name, type, when, OCSF, ECS.
fn rows() -> BTreeMap<&'static str, Vec<&'static str>> {
    let (_, rest) = PAGE.split_once("\n## The members of an event\n").unwrap();
    let table = rest.split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| {
        let name = line.strip_prefix("| `")?.split_once('`')?.0;
        Some((name, line.trim_matches('|').split('|').map(str::trim).collect()))
    });
    rows.collect()
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn of_event(schema: &Value) -> &Value {
    &schema["oneOf"][0]
}

#[tokio::test]
async fn every_event_is_as_the_schema_says() {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("audit.json", schema()).unwrap();
    let index = compiler.compile("audit.json", &mut schemas).unwrap();
    let judge = |value: &Value| schemas.validate(value, index).map_err(|error| error.to_string());
    let events = all_kinds().await;
    assert!(events.len() > 12);
    for event in &events {
        judge(event).unwrap_or_else(|error| panic!("{event:#}: {error}"));
        for (member, wrong) in
            [("outcome", "granted"), ("event", "login"), ("time", "now"), ("token_fingerprint", "ey")]
        {
            let mut event = event.clone();
            event[member] = wrong.into();
            assert!(judge(&event).is_err(), "{member}");
        }
        let mut newer = event.clone();
        newer["of_a_later_release"] = 1.into();
        assert_eq!(judge(&newer), Ok(()), "members may be added");
    }
    let lost: Value = serde_json::from_str(r#"{"schema_version":1,"event":"audit_lost","lost":3}"#).unwrap();
    assert_eq!(judge(&lost), Ok(()));
    assert!(PAGE.contains(r#"{"schema_version":1,"event":"audit_lost","lost":3}"#));
    assert_eq!(WhenFull::default(), WhenFull::Wait);
}

#[tokio::test]
async fn table_schema_json_and_tracing_have_the_same_members() {
    let events = all_kinds().await;
    let mut seen: BTreeSet<_> =
        events.iter().flat_map(|event| event.as_object().unwrap().keys().cloned()).collect();
    // Fixed keys have no age; a test of a wait for keys sees it.
    seen.insert("key_age_ms".to_owned());
    let (rows, schema) = (rows(), schema());
    let documented: BTreeSet<_> = rows.keys().map(|name| (*name).to_owned()).collect();
    let described: BTreeSet<_> =
        of_event(&schema)["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(documented, seen);
    assert_eq!(described, seen);
    let always: BTreeSet<_> = seen
        .iter()
        .filter(|name| events.iter().all(|event| event.get(name.as_str()).is_some()))
        .cloned()
        .collect();
    let required: BTreeSet<_> = of_event(&schema)["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(required, always);
    for (name, cells) in &rows {
        let [_, kind, when, ocsf, ecs] = cells[..] else { panic!("{name}: {cells:?}") };
        assert_eq!(when == "always", always.contains(*name), "{name}");
        assert!(!ocsf.is_empty() && !ecs.is_empty(), "{name}");
        let described = of_event(&schema)["properties"][*name]["type"].as_str().unwrap();
        assert_eq!(kind.split(',').next().unwrap() == "number", described == "integer", "{name}");
    }
    let fields = Fields::default();
    let (mint, book) = (portcullis::testkit::Mint::new(crate::stage::ID), Book::default());
    let audit = portcullis::audit::Audit::new((book, TracingSink), vec![7; 32]).unwrap();
    let verifier = builder(&mint).audit(audit).build().unwrap();
    let _listening = tracing::subscriber::set_default(fields.clone());
    verifier.verify(&mint.token().mint()).await.unwrap();
    let (target, level, names) = fields.0.lock().unwrap().pop().unwrap();
    assert_eq!((&*target, &*level), ("portcullis::audit", "INFO"));
    assert_eq!(names, seen);
}

/// Target, level and all fields of the audit's events, recorded or not.
#[derive(Clone, Default)]
struct Fields(Arc<Mutex<Vec<Told>>>);

type Told = (String, String, BTreeSet<String>);

struct Nothing;

impl Visit for Nothing {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

impl Subscriber for Fields {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "portcullis::audit"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Nothing);
        let metadata = event.metadata();
        let names = metadata.fields().iter().map(|field| field.name().to_owned()).collect();
        self.0.lock().unwrap().push((metadata.target().to_owned(), metadata.level().to_string(), names));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
