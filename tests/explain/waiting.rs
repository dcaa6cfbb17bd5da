//! An explanation waits for keys and tenants as a verification does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::tenants::{ResolveError, Tenant, Tenants};
use portcullis::testkit::Mint;
use portcullis::{Issuer, Verifier};
use tokio::time::{Instant, advance};

use crate::explained::{agreed, failed, is_sound};

const OURS: &str = "https://id.example.com";

/// Publishes what a mint has, or nothing.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Option<Mint>>>);

impl Published {
    fn by(mint: &Mint) -> Self {
        Self(Arc::new(Mutex::new(Some(mint.clone()))))
    }
}

impl Fetch for Published {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        let keys = self.0.lock().unwrap().as_ref().map(Mint::jwks_json);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            keys.map(|keys| FetchResponse::new(200, keys.into_bytes())).ok_or(FetchError::Connect)
        })
    }
}

fn verifier(mint: &Mint, published: &Published) -> Verifier {
    let keys = Remote::jwks_url_with("https://id.example.com/jwks", published.clone()).unwrap();
    let issuer = Issuer::new(mint.identifier(), keys).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap()
}

fn found(explanation: &portcullis::explain::Explanation, name: &str) -> String {
    let check = explanation.checks().iter().find(|check| check.name == name).unwrap();
    check.found.clone().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_first_explanation_waits_for_the_keys() {
    let mint = Mint::new(OURS);
    let verifier = verifier(&mint, &Published::by(&mint));
    let (token, start) = (mint.token().mint(), Instant::now());
    let explanation = verifier.explain(&token).await;
    assert_eq!(start.elapsed().as_millis() / 100, 1, "one fetch was waited for");
    is_sound(&explanation, &token);
    assert!(explanation.decision().is_ok(), "{explanation}");
    assert_eq!(found(&explanation, "keys"), "fresh, 1 key, 0 s old");
    advance(Duration::from_secs(31)).await;
    assert_eq!(found(&agreed(&verifier, &token, None).await, "keys"), "fresh, 1 key, 31 s old");
}

#[tokio::test(start_paused = true)]
async fn without_keys_it_fails_at_them_and_says_why() {
    let mint = Mint::new(OURS);
    let verifier = verifier(&mint, &Published::default());
    let token = mint.token().mint();
    let explanation = verifier.explain(&token).await;
    is_sound(&explanation, &token);
    let check = failed(&explanation).unwrap();
    assert_eq!((check.name, explanation.decision().unwrap_err().code()), ("keys", "keys_not_loaded"));
    let want = "loading, 0 keys; the last attempt to get them failed: fetch_connect";
    assert!(check.found.as_ref().unwrap().starts_with(want), "{check:?} {:?}", check.found);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_waited_for_and_the_record_begins_anew() {
    let mint = Mint::new(OURS);
    let verifier = verifier(&mint, &Published::by(&mint));
    let _ = agreed(&verifier, &mint.token().mint(), None).await;
    advance(Duration::from_secs(60)).await;
    mint.rotate();
    let token = mint.token().mint();
    let explanation = verifier.explain(&token).await;
    is_sound(&explanation, &token);
    assert!(explanation.decision().is_ok(), "{explanation}");
    let expected = |name| &explanation.checks().iter().find(|check| check.name == name).unwrap().expected;
    assert_eq!(expected("key"), "\"key-2\" for ES256");
    assert_eq!(expected("signature"), "holds under key \"key-2\"");
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_waited_for() {
    let (mint, knows) = (Mint::new(OURS), Arc::new(AtomicBool::new(false)));
    let (keys, known) = (mint.clone(), Arc::clone(&knows));
    let tenants = Tenants::listed([OURS], move |_: Tenant| {
        let issuer = Issuer::new(OURS, keys.jwks()).audience(keys.audience());
        let knows = known.load(Ordering::SeqCst);
        async move { if knows { Ok(Some(issuer)) } else { Err(ResolveError::no_answer("down")) } }
    });
    let verifier = Verifier::builder().tenants(tenants).clock(mint.clock()).build().unwrap();
    let token = mint.token().mint();
    let explanation = verifier.explain(&token).await;
    is_sound(&explanation, &token);
    assert_eq!(explanation.decision().unwrap_err().code(), "tenant_unresolved");
    let check = failed(&explanation).unwrap();
    assert_eq!((check.name, check.expected.as_str()), ("issuer", "a tenant"));

    knows.store(true, Ordering::SeqCst);
    advance(Duration::from_secs(60)).await;
    let explanation = verifier.explain(&token).await;
    is_sound(&explanation, &token);
    assert!(explanation.decision().is_ok(), "{explanation}");
    assert_eq!(found(&explanation, "issuer"), format!("\"{OURS}\""));

    let stranger = mint.token().claim("iss", "https://stranger.example.com").mint();
    let explanation = agreed(&verifier, &stranger, None).await;
    assert_eq!(explanation.decision().unwrap_err().code(), "issuer_unknown");
}
