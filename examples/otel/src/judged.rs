//! Whether the collector has what it must have, and nothing else.

use std::fmt;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use portcullis::testkit::TestIssuer;

use crate::calls::{Call, Decision, USER};
use crate::collector::{Export, attribute};

/// One line for each call, and those for all.
pub(crate) struct Judged(Vec<(String, Vec<String>)>);

impl Judged {
    pub(crate) fn of(calls: &[Call], export: &Export, issuer: &TestIssuer) -> Self {
        let mut lines: Vec<_> = calls
            .iter()
            .map(|call| {
                let Decision { outcome, reason, cache, .. } = call.decision;
                let reason = reason.or(call.unmet).map_or_else(String::new, |reason| format!(", {reason}"));
                let cache = cache.map_or_else(String::new, |cache| format!(", cache {cache}"));
                let line = format!("{}: {}, decision {outcome}{reason}{cache}", call.what, call.status);
                (line, wrong_with(call, export, issuer))
            })
            .collect();

        let mut all = Wrong::default();
        all.same("spans", export.spans().len(), 2 * calls.len());
        lines.push(("a span for each request, one for each decision, no other".to_owned(), all.0));

        let mut all = Wrong::default();
        let secrets = calls.iter().filter_map(|call| call.token.as_deref()).chain([USER]);
        all.same("found", export.pieces_of(secrets).len(), 0);
        // The twin: what is there is found.
        all.same("the issuer found", export.pieces_of([issuer.identifier()]).len(), 1);
        lines.push(("no piece of any token, and no user, in all that was exported".to_owned(), all.0));
        Self(lines)
    }

    pub(crate) fn is_as_it_must_be(&self) -> bool {
        self.0.iter().all(|(_, wrong)| wrong.is_empty())
    }
}

fn wrong_with(call: &Call, export: &Export, issuer: &TestIssuer) -> Vec<String> {
    let mut wrong = Wrong::default();
    let Some(request) = request_of(call, export) else {
        return vec!["its caller's trace has no one span of a request".to_owned()];
    };
    let of_request = |name| attribute(&request.attributes, name);
    wrong.same("kind", request.kind(), SpanKind::Server);
    wrong.same("name", &*request.name, format!("GET {}", call.route));
    wrong.same("http.route", of_request("http.route"), Some(call.route));
    wrong.same("status", of_request("http.response.status_code"), Some(call.status.to_string()));

    let unmet = request.events.iter().filter(|event| {
        attribute(&event.attributes, "event").is_some_and(|name| name == "requirement_judged")
    });
    let unmet: Vec<_> = unmet.filter_map(|event| attribute(&event.attributes, "reason")).collect();
    wrong.same("what the route lacked", unmet, call.unmet.as_slice());

    let decisions: Vec<_> = export.children(request).collect();
    let [decision] = decisions.as_slice() else {
        wrong.0.push(format!("{} children", decisions.len()));
        return wrong.0;
    };
    let of_decision = |name| attribute(&decision.attributes, name);
    wrong.same("name of the child", &*decision.name, "decision");
    wrong.same("its target", of_decision("target"), Some("portcullis::decision"));
    wrong.same("its trace", &decision.trace_id, &request.trace_id);
    let Decision { outcome, reason, cache, scheme } = call.decision;
    wrong.same("outcome", of_decision("outcome"), Some(outcome));
    wrong.same("reason", of_decision("reason"), reason);
    wrong.same("cache", of_decision("cache"), cache);
    wrong.same("scheme", of_decision("scheme"), Some(scheme));
    // Nothing is known of the key of a token that was not there.
    let brought = scheme != "none";
    wrong.same("issuer", of_decision("issuer"), brought.then(|| issuer.identifier()));
    wrong.same("kid", of_decision("kid"), brought.then(|| issuer.key_id()));
    let age = of_decision("key_age_ms").map(|age| age.parse::<u64>().is_ok());
    wrong.same("key_age_ms is a number", age, brought.then_some(true));
    wrong.0
}

/// The span in the caller's trace whose parent is the caller's; of a caller without one, the only root.
fn request_of<'export>(call: &Call, export: &'export Export) -> Option<&'export Span> {
    let mut found = export.spans().iter().filter(|span| match &call.caller {
        Some((trace, caller)) => hex(&span.trace_id) == *trace && hex(&span.parent_span_id) == *caller,
        None => span.parent_span_id.is_empty(),
    });
    found.next().filter(|_| found.next().is_none())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn same(&mut self, what: &str, came: impl fmt::Debug, wanted: impl fmt::Debug) {
        let (came, wanted) = (format!("{came:?}"), format!("{wanted:?}"));
        if came != wanted {
            self.0.push(format!("{what}: {came} in place of {wanted}"));
        }
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (line, wrong) in &self.0 {
            writeln!(f, "{}  {line}", if wrong.is_empty() { "ok   " } else { "WRONG" })?;
            for wrong in wrong {
                writeln!(f, "         {wrong}")?;
            }
        }
        Ok(())
    }
}
