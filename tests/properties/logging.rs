//! What is logged while hostile tokens, keys and answers come in: the events of the crate, and of all that it uses, at
//! every level. None may repeat what a sender chose, but for the id of the key in the span of a decision.

use std::fmt::{self, Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use portcullis::http::methods;
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::tenants::{IssuerPattern, ResolveError, Tenant, Tenants};
use portcullis::tonic::RequestExt;
use portcullis::{Issuer, VerifiedToken, Verifier, require, scope};
use tower::{Layer, ServiceExt, service_fn};
use tracing::dispatcher::with_default;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

use crate::hostile::{self, AUDIENCE, CHOSEN, Forbidden, ISSUER, SHARED, VERIFIERS, signed};

/// Writes down everything.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<String>>);

impl Journal {
    fn note(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut dyn Visit)) {
        let mut fields = Fields(format!("{} {} ", metadata.target(), metadata.name()));
        record(&mut fields);
        writeln!(self.0.lock().unwrap(), "{}", fields.0).unwrap();
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, "{field}={value} ").unwrap();
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        write!(self.0, "{field}={value} {value:?} ").unwrap();
    }
}

impl Subscriber for Journal {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note(span.metadata(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        writeln!(self.0.lock().unwrap(), "{}", fields.0).unwrap();
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.note(event.metadata(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

/// Metadata first, then this document with advice from the sender, once for each attempt.
struct Hostile {
    metadata: String,
    keys: Result<String, FetchError>,
}

impl Fetch for Hostile {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        let metadata = request.url().contains("/.well-known/");
        let body = if metadata { Ok(self.metadata.clone()) } else { self.keys.clone() };
        Box::pin(async { Ok(FetchResponse::new(200, body?).with_header("cache-control", CHOSEN[5])) })
    }
}

#[test]
fn no_log_line_repeats_a_token_a_secret_or_what_a_sender_chose() {
    let journal = Journal::default();
    let mut forbidden = Forbidden::new();
    let good = signed(hostile::header().to_string(), hostile::claims().to_string());
    let tokens = [hostile::tokens(), vec![good]].concat();
    tokens.iter().for_each(|token| forbidden.token(token));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    // One thread, so all that the tasks log comes here too.
    let dispatch = Dispatch::new(journal.clone());
    // Where there is one subscriber alone, a place in the code is asked for on behalf of the thread that reaches it first,
    // and the other tests have none.
    let _second = Dispatch::new(Journal::default());
    with_default(&dispatch, || {
        runtime.block_on(async {
            tracing::info!("the journal is open");
            requests(&tokens).await;
            answers(&tokens).await;
            tenants(&tokens).await;
        });
    });
    let journal = journal.0.lock().unwrap().clone();
    for expected in [
        "the journal is open",
        "event=refresh_started",
        "event=refresh_succeeded",
        "event=refresh_failed",
        "event=key_added",
        "event=keys_fresh",
        "code=discovery_issuer_mismatch",
        "code=key_set_no_usable_key",
        "code=fetch_connect",
        "event=tenant_resolved issuer=https://id.example.com/acme",
        "event=tenant_refused issuer=https://id.example.com/nobody",
        "event=tenant_dropped issuer=https://id.example.com/acme reason=forgotten",
        "event=tenant_unresolved issuer=https://id.example.com/down code=resolver_no_answer reason=the database is down",
        "no AuthLayer guards this route: put verifier.layer() around it",
        "an extractor wants a token",
        "asks for what cannot be",
        "a gRPC method wants a token",
        "a method that is not in the table was called and refused service=shop.Orders",
        "a method that is not in the table was called and refused service=one without any entry",
        "a method whose entry stands in the table twice was called",
    ] {
        assert!(journal.contains(expected), "nothing was logged of {expected:?}");
    }
    for line in journal.lines() {
        match line.strip_prefix("kid=") {
            None => assert_eq!(forbidden.in_text(line), None, "{line}"),
            // What a span says of the key is the sender's word, and documented as such.
            Some(kid) => assert!(kid.chars().count() < 100 && !kid.contains(char::is_control), "{kid}"),
        }
    }
}

async fn requests(tokens: &[String]) {
    let inner = service_fn(|request: Request<String>| async move {
        use axum::extract::FromRequestParts;
        let (mut parts, _) = request.into_parts();
        let _ = <VerifiedToken as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    });
    let misnamed = require(scope("no name"));
    let table = methods()
        .allow("/shop.Orders/List", scope("a"))
        .allow_any_token("/shop.Orders/Twice")
        .allow_anyone("/shop.Orders/Twice");
    let paths = ["/shop.Orders/List", "/shop.Orders/Twice", "/shop.Orders/CHOSEN", "/CHOSEN/List", "/CHOSEN"]
        .map(|path| path.replace("CHOSEN", CHOSEN[0]));
    let verifier_of_all = VERIFIERS[0].layer();
    for token in tokens {
        let mut headers = HeaderMap::new();
        let credentials = HeaderValue::try_from(format!("Bearer {token}"));
        headers.extend(credentials.map(|value| (http::header::AUTHORIZATION, value)));
        headers.insert(HeaderName::from_static("x-chosen"), HeaderValue::from_static(CHOSEN[0]));
        let request = || {
            let mut request = Request::new(String::new());
            *request.headers_mut() = headers.clone();
            request
        };
        for verifier in VERIFIERS.iter() {
            let _ = verifier.layer().layer(inner).oneshot(request()).await;
            let _ = verifier.layer().optional().layer(inner).oneshot(request()).await;
        }
        let _ = inner.oneshot(request()).await;
        let _ = require(scope("a")).layer(inner).oneshot(request()).await;
        let _ = misnamed.layer(inner).oneshot(request()).await;
        let _ = tonic::Request::from_http(request()).verified();
        for path in &paths {
            let mut request = request();
            *request.uri_mut() = path.parse().unwrap();
            let _ = verifier_of_all.layer(table.layer(inner)).oneshot(request).await;
        }
    }
}

async fn answers(tokens: &[String]) {
    let good =
        format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"https://id.example.com/jwks?code={}"}}"#, CHOSEN[4]);
    let metadata = [
        good.clone(),
        good.replace(ISSUER, &format!("https://{}.example", CHOSEN[0])),
        good.replace("https://id.example.com/jwks", &format!("http://{}@id.example.com", CHOSEN[1])),
        format!("{{{:?}:1}}", CHOSEN[2]),
        CHOSEN[3].to_owned(),
    ];
    let ours = format!(r#"{{"keys":[{}]}}"#, hostile::TRUSTED.jwk_json());
    let sets = hostile::key_sets()
        .into_iter()
        .chain([format!(r#"{{"keys":[{}]}}"#, SHARED.jwk_json()), ours.clone()]);
    let mut scripts: Vec<_> = sets.map(|keys| Hostile { metadata: good.clone(), keys: Ok(keys) }).collect();
    scripts.extend(metadata.map(|metadata| Hostile { metadata, keys: Ok(ours.clone()) }));
    scripts.push(Hostile { metadata: good, keys: Err(FetchError::Connect) });
    for script in scripts {
        let issuer = Issuer::new(ISSUER, Remote::discover_with(ISSUER, script).unwrap()).audience(AUDIENCE);
        let verifier = Verifier::builder().issuer(issuer).build().unwrap();
        let _ = verifier.ready(Duration::from_secs(3)).await;
        for token in tokens.iter().take(5) {
            let _ = verifier.verify(token).await;
        }
        // Time for a renewal, and for another attempt after a failure.
        tokio::time::sleep(Duration::from_secs(700)).await;
    }
}

async fn tenants(tokens: &[String]) {
    let resolver = |tenant: Tenant| {
        let answer = match tenant.parameter() {
            Some("acme") => {
                Ok(Some(Issuer::new(tenant.issuer(), hostile::TRUSTED.jwk().clone()).audience(AUDIENCE)))
            }
            Some("down") => Err(ResolveError::no_answer("the database is down")),
            _ => Ok(None),
        };
        std::future::ready(answer)
    };
    let pattern = IssuerPattern::new("https://id.example.com/{tenant}").unwrap();
    let verifier = Verifier::builder().tenants(Tenants::matching(pattern, resolver)).build().unwrap();
    for token in tokens {
        let _ = verifier.verify(token).await;
    }
    let chosen = format!("{}/", CHOSEN[0]);
    for name in ["acme", "nobody", "down", chosen.as_str()] {
        let claims = hostile::with(hostile::claims(), "iss", format!("https://id.example.com/{name}").into());
        let _ = verifier.verify(&signed(hostile::header().to_string(), claims.to_string())).await;
    }
    verifier.forget_tenant("https://id.example.com/acme");
}
