//! Says which checks a token passes, at which it fails, why, and what to do.

mod answer;
mod input;
mod report;
mod setup;
mod unverified;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use portcullis::{Algorithm, Clock as _, Profile, SystemClock, UnixTime};

use crate::exit::Exit;
use crate::hints::{Case, Hint, hint};
use crate::source::{Recorder, settled};
use crate::terminal::{Paint, answer as write_answer, progress, refuse};
pub(crate) use unverified::Unverified;

/// Says why a token is refused: which checks it passes, at which it fails, and what to do about it.
///
/// The library decides, by the code that guards services; the keys are fetched by its rules: https only, but to this very
/// machine, and no redirects. The signature of the token is never shown.
///
/// What is pasted may have `Authorization:`, `Bearer`, quotes, line ends or other text around it, be the issuer's whole JSON
/// answer, or be a challenge with `reason="…"` in place of a token.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Explain {
    /// The token; `-`, or nothing where something is piped in, for stdin.
    ///
    /// Prefer stdin or the environment: arguments are seen in process lists and kept in the shell's history.
    #[arg(value_name = "TOKEN", env = "PORTCULLIS_TOKEN", hide_env_values = true, num_args = 1..)]
    token: Vec<String>,
    /// The issuer that the service trusts, exactly as `iss` has it. Left out, it is taken from the token, and the answer
    /// says only whether the token is consistent.
    #[arg(long, value_name = "URL", help_heading = SERVICE)]
    issuer: Option<String>,
    /// What the service is called in `aud`; may be repeated. Left out, it is taken from the token, and not compared.
    #[arg(long, value_name = "AUD", help_heading = SERVICE)]
    audience: Vec<String>,
    /// A client whose tokens the service takes, by `client_id`; may be repeated.
    #[arg(long, value_name = "ID", help_heading = SERVICE)]
    client: Vec<String>,
    /// How the issuer marks its tokens.
    #[arg(long, value_enum, default_value_t = ProfileName::Rfc9068, help_heading = SERVICE)]
    profile: ProfileName,
    /// An algorithm that the service allows, such as RS256; may be repeated. Default: RS256, PS256, ES256, ES384, EdDSA.
    #[arg(long, value_name = "ALG", value_parser = algorithm, value_delimiter = ',', help_heading = SERVICE)]
    algorithm: Vec<Algorithm>,
    /// By how much clocks may disagree, such as `60s`, at most 300s.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = SERVICE)]
    skew: Option<Duration>,
    /// Where the keys are, if not where the issuer's metadata says: a file or an address.
    #[arg(long, value_name = "FILE|URL", help_heading = SERVICE)]
    jwks: Option<String>,
    /// Certificate authorities, in PEM, that alone are trusted to vouch for the issuer's server.
    #[arg(long, value_name = "FILE", help_heading = SERVICE)]
    root_certificates: Option<PathBuf>,
    /// The settings of the service (feature `settings`), .toml or .json, in place of all of the above.
    #[arg(long, value_name = "FILE", help_heading = SERVICE, conflicts_with_all = ["issuer", "audience", "client", "profile", "algorithm", "skew", "jwks", "root_certificates"])]
    settings: Option<PathBuf>,
    /// A scope that the route asks for; may be repeated.
    #[arg(long, value_name = "SCOPE", help_heading = ROUTE)]
    scope: Vec<String>,
    /// A requirement of the settings that the route asks for, by its name.
    #[arg(long, value_name = "NAME", help_heading = ROUTE, requires = "settings")]
    requirement: Option<String>,
    /// Judges as of this moment: seconds since 1970, or `2026-01-01T00:00:00Z`. Default: now.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<UnixTime>,
    /// Prints one JSON object, and nothing else, to stdout.
    #[arg(long)]
    json: bool,
}

/// How an issuer marks its tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum ProfileName {
    /// Access tokens exactly by RFC 9068: `typ` is `at+jwt`.
    Rfc9068,
    /// Access tokens of providers that do not follow it.
    Lenient,
    /// ID tokens.
    IdToken,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Rfc9068 => Self::Rfc9068,
            ProfileName::Lenient => Self::Lenient,
            ProfileName::IdToken => Self::IdToken,
        }
    }
}

impl Explain {
    pub(crate) async fn run(self) -> Exit {
        let input = match input::read(&self.token) {
            Ok(input) => input,
            Err(why) => return refuse(Exit::Usage, why),
        };
        if let Some(code) = &input.reason {
            return self.tell_reason(code);
        }
        let token = Unverified::read(&input.token);
        let mut setup = match setup::setup(&self, &token) {
            Ok(setup) => setup,
            Err(why) => return refuse(why.exit, why.text),
        };
        for issuer in setup.expected.issuers.iter().filter(|_| setup.fetches) {
            progress(format_args!("fetching the keys of {issuer} …"));
        }
        settled(&setup.verifier).await;
        let answer = answer::explained(&setup.verifier, &input.token, setup.requirement.as_ref()).await;
        let now = self.now();
        let status = setup.verifier.status();
        setup.expected.named = setup.recorder.as_ref().and_then(Recorder::named_issuer);
        let hint = answer.decision().err().and_then(|error| {
            let (expected, code) = (&setup.expected, error.code());
            hint(&Case { code, error: Some(error), token: &token, expected, status: &status, now })
        });
        let notes = [input.notes, setup.notes].concat();
        let report =
            report::Report { answer: &answer, token: &token, hint, notes, assumed: &setup.assumed, now };
        write_answer(&if self.json { report.json() } else { report.text(Paint::of_stdout()) }, report.exit())
    }

    fn now(&self) -> UnixTime {
        self.at.unwrap_or_else(|| SystemClock.now())
    }

    /// What a reason code means that stands in a refusal, where there is no token to look at.
    fn tell_reason(&self, code: &str) -> Exit {
        let expected = match setup::said(self) {
            Ok(expected) => expected,
            Err(why) => return refuse(why.exit, why.text),
        };
        let token = Unverified::default();
        let case =
            Case { code, error: None, token: &token, expected: &expected, status: &[], now: self.now() };
        let Some(Hint { cause, advice }) = hint(&case) else {
            return refuse(
                Exit::Usage,
                format_args!("{code} is no reason code of portcullis; the application may have its own"),
            );
        };
        let json = serde_json::json!({"outcome": "refused", "code": code, "cause": cause, "hint": advice});
        let text = format!(
            "refused: {code}\n\ncause  {cause}\nhint   {advice}\n\nMore can be said of the token itself: portcullis explain - < token\n"
        );
        write_answer(&if self.json { format!("{json}\n") } else { text }, Exit::Bad)
    }
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    let all = || Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ");
    Algorithm::from_name(name).ok_or_else(|| format!("one of {}", all()))
}

fn moment(text: &str) -> Result<UnixTime, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(UnixTime::from_seconds(seconds));
    }
    let time: SystemTime = humantime::parse_rfc3339_weak(text)
        .map_err(|_| "give seconds since 1970, or a time in UTC such as 2026-01-01T00:00:00Z".to_owned())?;
    Ok(time.into())
}

const SERVICE: &str = "What the service trusts";
const ROUTE: &str = "What the route asks for";

const EXAMPLES: &str = "\
Examples:
  pbpaste | portcullis explain - --issuer https://id.example.com --audience https://api.example.com
  PORTCULLIS_TOKEN=… portcullis explain --settings portcullis.toml --requirement orders_write
  portcullis explain - --json < token | jq -r .code

Exit status:
  0  the token is accepted
  1  the token is refused
  2  the command cannot be carried out as it stands
  3  nothing could be decided: the keys cannot be had";
