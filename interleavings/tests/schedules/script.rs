//! A scripted source of keys, and tokens that they sign.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::{Clock, Issuer, UnixTime, Verifier};
use ring::signature::{Ed25519KeyPair, KeyPair};
use tokio::sync::watch;
use tokio::task::yield_now;

/// What the source does when it is asked. Not a lock of the schedule's: to look at the script is no step.
#[derive(Clone, Copy)]
pub(super) enum Play {
    /// Publishes these keys.
    Keys(&'static str),
    Fails,
    /// Ends the task that asks, the first time; then publishes `a`.
    BreaksOff,
}

/// A source of keys that counts and can be held up.
pub(super) struct Source {
    play: Mutex<Play>,
    in_flight: AtomicUsize,
    begun: watch::Sender<usize>,
    is_open: watch::Sender<bool>,
    is_gone: watch::Sender<bool>,
}

impl Source {
    pub(super) fn with(play: Play) -> Arc<Self> {
        Arc::new(Self {
            play: Mutex::new(play),
            in_flight: AtomicUsize::new(0),
            begun: watch::Sender::new(0),
            is_open: watch::Sender::new(true),
            is_gone: watch::Sender::new(false),
        })
    }

    pub(super) fn set(&self, play: Play) {
        *self.play.lock().unwrap() = play;
    }

    /// Has answers wait.
    pub(super) fn close(&self) {
        self.is_open.send_replace(false);
    }

    pub(super) fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// Waits until so many fetches have begun.
    pub(super) async fn begun(&self, fetches: usize) {
        self.begun.subscribe().wait_for(|begun| *begun >= fetches).await.unwrap();
    }

    /// How many fetches have begun.
    pub(super) async fn fetches(&self) -> usize {
        *self.begun.subscribe().wait_for(|_| true).await.unwrap()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Waits until the library has let go of the source.
    pub(super) async fn gone(&self) {
        self.is_gone.subscribe().wait_for(|is_gone| *is_gone).await.unwrap();
    }

    /// A verifier with this source's keys.
    pub(super) fn verifier(self: &Arc<Self>) -> Verifier {
        let keys = Remote::jwks_url_with("https://id.example.com/jwks", Held(Arc::clone(self))).unwrap();
        let issuer = Issuer::new(ISSUER, keys).audience(AUDIENCE);
        Verifier::builder().issuer(issuer).clock(Noon).build().unwrap()
    }
}

/// What the library holds of the source.
struct Held(Arc<Source>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.is_gone.send_replace(true);
    }
}

impl Fetch for Held {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        let source = &*self.0;
        Box::pin(async move {
            let already = source.in_flight.fetch_add(1, Ordering::SeqCst);
            let _in_flight = InFlight(source);
            assert_eq!(already, 0, "two fetches at once");
            // As it is when the request arrives: what is published later is in the next answer.
            let play = *source.play.lock().unwrap();
            let begun = source.fetches().await;
            source.begun.send_replace(begun + 1);
            yield_now().await;
            source.is_open.subscribe().wait_for(|is_open| *is_open).await.unwrap();
            match play {
                Play::Keys(names) => Ok(answer(names)),
                Play::BreaksOff if begun > 0 => Ok(answer("a")),
                Play::BreaksOff => {
                    tokio::runtime::break_off();
                    std::future::pending().await
                }
                Play::Fails => Err(FetchError::Connect),
            }
        })
    }
}

struct InFlight<'s>(&'s Source);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

fn answer(names: &str) -> FetchResponse {
    let keys: Vec<_> = names.chars().map(|name| jwk(name).as_str()).collect();
    FetchResponse::new(200, format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
        .with_header("cache-control", "max-age=600")
}

/// One key, and two tokens that it signed.
struct Signer {
    jwk: String,
    token: String,
    elsewhere: String,
}

/// Signed once: a schedule costs less than a signature.
static SIGNERS: LazyLock<[Signer; 2]> = LazyLock::new(|| ['a', 'b'].map(Signer::new));

impl Signer {
    fn new(name: char) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[u8::try_from(name).unwrap(); 32]).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{name}","x":"{x}"}}"#);
        let header = format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{name}"}}"#);
        let token = |audience: &str| {
            let payload = format!(
                r#"{{"iss":"{ISSUER}","aud":"{audience}","sub":"u","client_id":"c","jti":"t","iat":{NOON},"exp":{}}}"#,
                NOON + 3_600,
            );
            let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(payload));
            let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
            format!("{signed}.{signature}")
        };
        Self { jwk, token: token(AUDIENCE), elsewhere: token("https://other-api.example.com") }
    }
}

fn signer(name: char) -> &'static Signer {
    let [a, b] = &*SIGNERS;
    if name == 'a' { a } else { b }
}

fn jwk(name: char) -> &'static String {
    &signer(name).jwk
}

/// A token that the key of this name signed.
pub(super) fn token(name: char) -> &'static str {
    &signer(name).token
}

/// One for another audience: whether it is refused for that tells whether its key serves.
pub(super) fn token_for_another(name: char) -> &'static str {
    &signer(name).elsewhere
}

/// The time of day, which plays no part here.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(NOON)
    }
}

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";
const NOON: i64 = 1_800_000_000;
