//! Claims of any bytes behind a signature that holds.
//!
//! The input: six bytes of rules and time of day, then the payload.

use std::cmp::Ordering;
use std::sync::LazyLock;
use std::time::Duration;

use portcullis::{Algorithm, Profile, UnixTime, VerifiedToken, Verifier};

use super::issuer::{
    AUDIENCE, NAME, NOW, SECOND_NAME, START, decide, live_issuer, peer_accepts, second_issuer, signed,
    verifiers,
};
use super::json::{self, Decimal, Json, Unread};

/// Claims are taken and refused, with exactly the reason, as a model says that reads JSON by another parser and compares
/// times as whole numbers of billionths of a second; a token that is good now is refused at `exp` and the skew; every
/// backend says the same, and `jsonwebtoken` is known to differ where it does.
pub fn check(input: &[u8]) {
    let Some((settings, payload)) = input.split_first_chunk::<6>() else { return };
    if payload.len() > 8_192 {
        return;
    }
    let case = Case::new(*settings);
    let token = signed(case.header(), payload);
    NOW.set(case.now);
    let verifiers = case.verifiers();
    let decisions: Vec<_> = verifiers.iter().map(|verifier| decide(verifier, &token)).collect();
    let codes: Vec<_> =
        decisions.iter().map(|decision| decision.as_ref().map(drop).map_err(|code| *code)).collect();
    assert!(codes.windows(2).all(|pair| pair[0] == pair[1]), "backends differ: {codes:?}");
    let code = codes[0];
    let document = json::parse(payload);
    match &document {
        Ok(document) => {
            if let Some(want) = expected(document, &case) {
                assert_eq!(code, want, "{document:?} by {case:?}");
            }
        }
        Err(Unread::Refused) => {
            let outer = ["claims_malformed", "claim_type", "claim_repeated"];
            let several = ["claim_missing", "issuer_unknown", "algorithm_not_allowed", "key_unknown"];
            let refused = |code| outer.contains(&code) || case.several && several.contains(&code);
            assert!(code.is_err_and(refused), "{code:?}");
        }
        Err(Unread::Open) => {}
    }
    if let (Some(Ok(token)), Ok(document)) = (decisions.first(), &document) {
        check_token(token, payload, document);
    }
    for (verifier, decision) in verifiers.iter().zip(&decisions) {
        if let Ok(accepted) = decision {
            NOW.set(accepted.expires_at().saturating_add(case.skew));
            assert_eq!(decide(verifier, &token).map(drop), Err("token_expired"), "{case:?}");
        }
    }
    if let Ok(document) = &document
        && !case.several
    {
        check_peer(&token, &case, document, code);
    }
}

/// What the verifier is told.
#[derive(Debug)]
struct Case {
    profile: Profile,
    skew: Duration,
    max_age: Option<Duration>,
    /// Whether the verifier trusts a second issuer, so that `iss` is read before the signature.
    several: bool,
    algorithm: Algorithm,
    now: UnixTime,
    /// The same in billionths of a second.
    moment: i128,
    pick: usize,
}

impl Case {
    fn new([pick, high, low, fraction, far, shift]: [u8; 6]) -> Self {
        let away = i64::from(i16::from_be_bytes([high, low]));
        // Mostly near to the dates of the corpus; now and then anywhere.
        let seconds = if far == 0xff { away << (shift % 46) } else { START + away };
        let nanos = [0, 0, 1, 500_000_000, 999_999_999][usize::from(fraction % 5)];
        Self {
            profile: match (pick >> 5, pick & 1) {
                (6, _) => Profile::IdToken,
                (_, 0) => Profile::Lenient,
                _ => Profile::Rfc9068,
            },
            skew: SKEWS[usize::from(pick >> 1 & 3)],
            max_age: (pick & 8 != 0).then_some(MAX_AGE),
            several: pick & 16 != 0,
            // The dearer signature now and then.
            algorithm: if pick >> 5 == 7 { Algorithm::EdDSA } else { Algorithm::HS256 },
            now: UnixTime::from_seconds(seconds).saturating_add(Duration::from_nanos(nanos)),
            moment: i128::from(seconds) * BILLION + i128::from(nanos),
            pick: usize::from(pick & 31) + if pick >> 5 == 6 { 32 } else { 0 },
        }
    }

    fn header(&self) -> &'static str {
        match self.algorithm {
            _ if self.profile == Profile::IdToken => r#"{"alg":"HS256","kid":"h","typ":"JWT"}"#,
            Algorithm::HS256 => r#"{"alg":"HS256","kid":"h","typ":"at+jwt"}"#,
            _ => r#"{"alg":"EdDSA","kid":"e","typ":"at+jwt"}"#,
        }
    }

    fn verifiers(&self) -> &'static [Verifier] {
        static ALL: LazyLock<Vec<Vec<Verifier>>> = LazyLock::new(|| {
            (0..32u8)
                .chain(0xc0..0xe0)
                .map(|pick| {
                    let case = Case::new([pick, 0, 0, 0, 0, 0]);
                    verifiers(|| {
                        let issuer = live_issuer().profile(case.profile).clock_skew(case.skew);
                        let issuer =
                            case.max_age.into_iter().fold(issuer, |issuer, age| issuer.max_token_age(age));
                        let second = case.several.then(second_issuer);
                        [issuer].into_iter().chain(second).collect()
                    })
                })
                .collect()
        });
        &ALL[self.pick]
    }

    /// How `date`, later by `by`, stands to the present; `None` when a fraction makes it too close to call: dates with a
    /// fraction or an exponent are read as 64-bit floating point numbers.
    fn compare(&self, date: &str, by: Duration) -> Option<Ordering> {
        let exact = date.parse::<i64>().is_ok() || date.parse::<u64>().is_ok();
        let date = date.parse::<Decimal>().expect("a JSON number").billionths();
        // Beyond 64 bits dates saturate, which is as far from any present as they were.
        let doubt = if exact { 0 } else { (date.abs() >> 50) + 4 };
        let later = date + i128::try_from(by.as_nanos()).expect("small");
        let apart = later - self.moment;
        (apart.abs() > doubt || exact).then(|| later.cmp(&self.moment))
    }
}

/// What comes of the claims, or `None` where it is too close to call.
fn expected(document: &Json, case: &Case) -> Option<Result<(), &'static str>> {
    if case.several {
        match issuer_before(document) {
            Ok(NAME) => {}
            // Its rules and keys apply, and neither serve this token.
            Ok(_) if case.algorithm == Algorithm::HS256 => return Some(Err("algorithm_not_allowed")),
            Ok(_) => return Some(Err("key_unknown")),
            Err(code) => return Some(Err(code)),
        }
    }
    if let Some(code) = fault(document) {
        return Some(Err(code));
    }
    let text = |name| document.member(name).and_then(Json::text);
    let date = |name| match document.member(name) {
        Some(Json::Number(written)) => Some(&**written),
        _ => None,
    };
    let present = |name| document.member(name).is_some();
    let missing = Some(Err("claim_missing"));
    match text("iss") {
        None => return missing,
        Some(NAME) => {}
        Some(_) => return Some(Err("issuer_unknown")),
    }
    match document.member("aud") {
        None => return missing,
        Some(named)
            if case.profile == Profile::IdToken && texts(named).iter().any(|name| *name != AUDIENCE) =>
        {
            return Some(Err("audience_mismatch"));
        }
        Some(named) if texts(named).contains(&AUDIENCE) => {}
        Some(_) => return Some(Err("audience_mismatch")),
    }
    let Some(exp) = date("exp") else { return missing };
    if case.compare(exp, case.skew)? != Ordering::Greater {
        return Some(Err("token_expired"));
    }
    // Early is what the skew, taken off, still leaves in the future.
    let early = |date: &str| {
        let earlier = Case { moment: case.moment + nanos(case.skew), ..*case };
        earlier.compare(date, Duration::ZERO).map(|order| order == Ordering::Greater)
    };
    if let Some(nbf) = date("nbf")
        && early(nbf)?
    {
        return Some(Err("token_not_yet_valid"));
    }
    if let Some(max_age) = case.max_age {
        let Some(iat) = date("iat") else { return missing };
        if early(iat)? {
            return Some(Err("token_issued_in_future"));
        }
        if case.compare(iat, max_age + case.skew)? == Ordering::Less {
            return Some(Err("token_too_old"));
        }
    }
    let marked = |name, marks: &[&str]| {
        text(name).is_some_and(|text| marks.iter().any(|mark| mark.eq_ignore_ascii_case(text)))
    };
    let granted = present("scope") || present("scp");
    let neither = present("events") || marked("typ", &["Refresh", "Offline", "Logout"]);
    let id_token = ["at_hash", "c_hash", "s_hash"].into_iter().any(present)
        || marked("typ", &["ID"])
        || marked("token_use", &["id"])
        || present("nonce") && !granted;
    let access_token = granted || marked("typ", &["Bearer"]) || marked("token_use", &["access"]);
    let (wrong, required) = match case.profile {
        Profile::IdToken => ((neither || access_token).then_some("not_id_token"), &["sub", "iat"][..]),
        Profile::Lenient => ((neither || id_token).then_some("not_access_token"), &[][..]),
        _ => ((neither || id_token).then_some("not_access_token"), &["sub", "client_id", "iat", "jti"][..]),
    };
    if let Some(code) = wrong {
        return Some(Err(code));
    }
    if !required.iter().all(|name| present(name)) {
        return missing;
    }
    Some(if present("cnf") { Err("confirmation_unsupported") } else { Ok(()) })
}

/// With several issuers, `iss` alone decides first; nothing else of the document is judged then.
fn issuer_before(document: &Json) -> Result<&str, &'static str> {
    let Json::Object(members) = document else { return Err("claims_malformed") };
    let mut named = members.iter().filter(|(name, _)| name == "iss").map(|(_, value)| value);
    match (named.next(), named.next()) {
        (None, _) => Err("claim_missing"),
        (Some(Json::Text(_)), Some(_)) => Err("claim_repeated"),
        (Some(Json::Text(name)), None) if name == NAME || name == SECOND_NAME => Ok(name),
        (Some(Json::Text(_)), None) => Err("issuer_unknown"),
        (Some(_), _) => Err("claim_type"),
    }
}

/// The first fault of the document itself, in its order.
fn fault(document: &Json) -> Option<&'static str> {
    let Json::Object(members) = document else { return Some("claims_malformed") };
    for (at, (name, value)) in members.iter().enumerate() {
        if members[..at].iter().any(|(earlier, _)| earlier == name) {
            return Some("claim_repeated");
        }
        let strings = |items: &[Json]| items.iter().all(|item| item.text().is_some());
        let typed = match (&**name, value) {
            ("iss" | "sub" | "jti" | "client_id" | "azp" | "acr", value) => value.text().is_some(),
            ("aud" | "scope" | "scp", Json::Text(_)) => true,
            ("aud" | "scope" | "scp", Json::Array(items)) => strings(items),
            ("aud" | "scope" | "scp", _) => false,
            ("exp" | "nbf" | "iat", value) => matches!(value, Json::Number(_)),
            (_, value) if value.repeats() => return Some("claims_malformed"),
            ("cnf", value) => matches!(value, Json::Object(_)),
            _ => true,
        };
        if !typed {
            return Some("claim_type");
        }
    }
    None
}

fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::Array(items) => items.iter().filter_map(Json::text).collect(),
        value => value.text().into_iter().collect(),
    }
}

fn check_token(token: &VerifiedToken, payload: &[u8], document: &Json) {
    let text = |name| document.member(name).and_then(Json::text);
    assert_eq!(token.claims_json().as_bytes(), payload);
    assert_eq!((token.issuer(), token.subject()), (NAME, text("sub")));
    assert_eq!((token.token_id(), token.client_id()), (text("jti"), text("client_id")));
    let named = document.member("aud").map(texts).unwrap_or_default();
    assert!(token.audiences().eq(named));
    let granted = ["scope", "scp"].into_iter().filter_map(|name| document.member(name)).flat_map(texts);
    assert!(token.scopes().eq(granted.flat_map(|text| text.split(' ')).filter(|scope| !scope.is_empty())));
    let whole = |name| match document.member(name) {
        Some(Json::Number(written)) => written.parse().ok().map(UnixTime::from_seconds),
        _ => None,
    };
    if let Some(exp) = whole("exp") {
        assert_eq!(token.expires_at(), exp);
    }
}

/// Differences from `jsonwebtoken`, its time checks aside, as its clock is the system's:
///
/// - a date below zero or beyond 64 bits is none to it, so it misses an `exp` that we take;
/// - `iss` may be an array there; a claim that it does not read may be repeated or of any type; it knows no profile, no
///   other kinds of tokens and no `cnf`. What only it takes we refuse for one of these reasons, never as of another
///   issuer or for another audience.
fn check_peer(token: &str, case: &Case, document: &Json, code: Result<(), &'static str>) {
    let Some(theirs) = peer_accepts(token, case.algorithm) else { return };
    let ours = ["token_expired", "token_not_yet_valid", "token_too_old", "token_issued_in_future"];
    let stricter = [
        "claim_type",
        "claim_repeated",
        "claims_malformed",
        "not_access_token",
        "not_id_token",
        "confirmation_unsupported",
    ];
    // An audience beside ours is nothing to it.
    let only_ours = case.profile == Profile::IdToken;
    match code {
        Ok(()) if !theirs => {
            let exp = match document.member("exp") {
                Some(Json::Number(written)) => written.parse::<f64>().unwrap_or_default(),
                _ => panic!("accepted without `exp`"),
            };
            assert!(!(0.0..=1.8e19).contains(&exp), "only jsonwebtoken refuses {document:?}");
        }
        Err("audience_mismatch") if theirs && only_ours => {}
        Err("claim_missing") if theirs => {
            let required = ["iss", "aud", "exp"].into_iter().all(|name| document.member(name).is_some());
            assert!(required, "jsonwebtoken missed that something is missing: {document:?}");
        }
        Err(code) if theirs => {
            assert!(ours.contains(&code) || stricter.contains(&code), "only we refuse: {code}, {document:?}");
        }
        _ => {}
    }
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).expect("small")
}

const SKEWS: [Duration; 4] =
    [Duration::from_secs(60), Duration::ZERO, Duration::from_secs(300), Duration::from_millis(1_500)];
const MAX_AGE: Duration = Duration::from_secs(3_600);
const BILLION: i128 = 1_000_000_000;
