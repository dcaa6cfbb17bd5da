//! What the audit prints, and events of any text.

use std::io;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use portcullis::audit::{
    Audit, AuditEvent, AuditKind, AuditOutcome, CredentialKind, FlushError, JsonLines, RequestContext,
    Subjects, TracingSink, WhenFull,
};
use portcullis::{SubjectHasher, Verifier};
use proptest::prelude::*;

use crate::album::Album;
use crate::hostile::{self, CHOSEN, NOW, signed};
use crate::inputs::any_text;
use crate::testing::cases;

/// Functions that are called below.
pub(crate) const DRIVEN: [&str; 4] =
    ["audit/context::request_id", "audit/context::route", "audit/mod::fingerprint", "audit/mod::verifier"];

type Shown = Arc<Mutex<Vec<String>>>;

/// A verifier that writes the `Debug` of each event down, or its JSON.
fn verifier(
    name: &str,
    show: impl Fn(&AuditEvent<'_>) -> String + Send + Sync + 'static,
) -> (Verifier, Shown) {
    let shown = Shown::default();
    let book = Arc::clone(&shown);
    let sink = move |event: &AuditEvent<'_>| book.lock().unwrap().push(show(event));
    let audit = Audit::new(sink, vec![0x4d; 32]).unwrap().verifier(name);
    let builder =
        Verifier::builder().issuer(hostile::issuer()).clock(|| portcullis::UnixTime::from_seconds(NOW));
    (builder.audit(audit).build().unwrap(), shown)
}

pub(crate) fn pictures(album: &mut Album) {
    let key = [0x4d; 32];
    album.forbidden.bytes(&key);
    let hashed = Subjects::Hashed(SubjectHasher::new(key.to_vec()).unwrap());
    album.debug("Subjects", &[Subjects::Plain, hashed.clone(), Subjects::Omitted]);
    let audit = Audit::new((JsonLines::new(io::sink()).unwrap(), TracingSink), key.to_vec()).unwrap();
    album.debug("Audit", &audit.clone().subjects(hashed));
    let good = signed(hostile::header().to_string(), hostile::claims().to_string());
    album.forbidden.token(&good);
    album.display("TokenFingerprint", &audit.fingerprint(&good));
    album.debug("TracingSink", &TracingSink);
    album.debug("JsonLines", &JsonLines::new(io::sink()).unwrap());
    album.debug("AuditKind", &[AuditKind::Authentication, AuditKind::Authorization]);
    album.debug("AuditOutcome", &[AuditOutcome::Accepted, AuditOutcome::Unavailable]);
    album.debug("CredentialKind", &[CredentialKind::BearerJwt]);
    album.debug("WhenFull", &[WhenFull::Wait, WhenFull::Drop]);
    for error in [FlushError::TimedOut, FlushError::Failed] {
        album.error("FlushError", &error);
    }
    album.debug("RequestContext", &RequestContext::default().route("/orders/{id}").request_id(CHOSEN[0]));
    let (verifier, shown) = verifier("default", |event| format!("{event:?}"));
    for token in hostile::tokens().iter().chain([&good]) {
        album.forbidden.token(token);
        let Poll::Ready(_) = verifier.verify_cached(token) else { panic!("fixed keys never wait") };
    }
    shown.lock().unwrap().drain(..).for_each(|shown| album.put("AuditEvent", shown));
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn whatever_is_in_an_event_it_is_one_line_of_json(
        text in any_text(), chosen in any::<String>(), token in any_text(),
    ) {
        let (verifier, lines) = verifier(&chosen, |event| event.to_json());
        let layer = verifier.layer();
        let service = tower::service_fn(|_: http::Request<()>| async { Ok::<_, std::convert::Infallible>(http::Response::new(())) });
        let mut request = http::Request::new(());
        let context = RequestContext::default().route(&*text).request_id(&*chosen);
        request.extensions_mut().insert(context);
        let claims = hostile::with(hostile::claims(), "sub", chosen.clone().into());
        let bearer = format!("Bearer {}", signed(hostile::header().to_string(), claims.to_string()));
        request.headers_mut().insert("authorization", bearer.parse().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = tower::ServiceExt::oneshot(tower::Layer::layer(&layer, service), request);
        runtime.block_on(answer).unwrap();
        let _ = verifier.verify_cached(&token);
        let audit = Audit::new(|_: &AuditEvent<'_>| (), vec![7; 32]).unwrap();
        prop_assert_eq!(audit.fingerprint(&token).to_string().len(), 32);
        for line in lines.lock().unwrap().iter() {
            prop_assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", line);
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            prop_assert_eq!(event["verifier"].as_str(), Some(&*chosen));
        }
        prop_assert_eq!(lines.lock().unwrap().len(), 2);
    }
}
