//! Plays an authorization server for development.
//!
//! Keys live in memory, the port is on loopback, and anybody who reaches it gets a token. One page of it mints tokens,
//! tampers with them and shows what the checks say: `page/`.

mod announce;
mod commands;
mod door;
mod minting;
mod oauth;
mod page;
mod ring;
mod routes;
mod server;
mod site;
mod stop;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use portcullis::Algorithm;
use portcullis::jose::Family;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, interval_at};

use crate::exit::Exit;
use announce::{Announcer, Manner};
use commands::Command;
use minting::{Life, Wish};
use server::Server;
use site::Site;
use stop::Stop;

/// Plays an authorization server for development: prints a token, and how to use and to trust it.
///
/// Listens on 127.0.0.1 alone. Anybody who reaches the port gets a token, so it must never be what a production service
/// trusts.
///
/// Commands on standard input, a line each: `token`, `expired token`, `wrong audience`, `rotate`, `withdraw`, `help`, `quit`.
#[derive(Args, Debug)]
#[command(after_long_help = EXIT)]
pub(crate) struct IssuerServer {
    /// The port of 127.0.0.1 to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The path at the end of the issuer's identifier, such as `/tenant`
    #[arg(long, default_value = "", value_parser = issuer_path)]
    issuer_path: String,

    /// Whom tokens are meant for, unless they say otherwise.
    #[arg(long, default_value = "https://api.example.com", value_parser = NonEmptyStringValueParser::new())]
    audience: String,

    /// What tokens are signed with: ES256, RS256, EdDSA or any other algorithm with a public key
    #[arg(long, default_value = "ES256", value_parser = algorithm)]
    algorithm: Algorithm,

    /// What tokens grant, unless they say otherwise: scopes, separated by spaces
    #[arg(long, default_value = "")]
    scope: String,

    /// Whom tokens are about, unless they say otherwise.
    #[arg(long, default_value = "alice", value_parser = NonEmptyStringValueParser::new())]
    subject: String,

    /// How long tokens are good, such as `5m` or `1h`
    #[arg(long, default_value = "1h", value_parser = lifetime)]
    ttl: Duration,

    /// The address of your API, for the `curl` lines.
    #[arg(long, default_value = "http://127.0.0.1:8080/", value_parser = NonEmptyStringValueParser::new())]
    api: String,

    /// Signs with a new key that often, such as `10m`; the key before stays published
    #[arg(long, value_parser = lifetime)]
    rotate_every: Option<Duration>,

    /// Prints one JSON object in one line, and one for each command.
    #[arg(long)]
    json: bool,

    /// Quits when standard input ends, for scripts that start it and might die.
    #[arg(long)]
    until_eof: bool,
}

impl IssuerServer {
    pub(crate) async fn run(self) -> ExitCode {
        let manner = if self.json { Manner::Json } else { Manner::Text };
        let mut announcer = Announcer::new(manner);
        match self.serve(&mut announcer).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                announcer.fault(&fault);
                Exit::Usage.into()
            }
        }
    }

    /// Serves until told to stop.
    ///
    /// # Errors
    /// A sentence about what could not be had: the port, the keys, standard output.
    async fn serve(self, announcer: &mut Announcer) -> Result<(), String> {
        let Self { port, until_eof, rotate_every, .. } = self;
        let mut stop = Stop::heard();
        let server =
            Server::bind(port).await.map_err(|error| format!("cannot listen on port {port}: {error}"))?;
        let site = Arc::new(self.open(server.address()).await?);
        let _serving = server.serve(Arc::clone(&site));
        let token = site.mint(&Wish::default()).await?;
        announcer.start(&site, &token)?;

        let mut commands = commands::from_stdin();
        let mut rotations = rotate_every.and_then(every);
        loop {
            let command = tokio::select! {
                () = stop.asked() => return Ok(()),
                () = tick(&mut rotations) => Command::Rotate,
                command = next(&mut commands) => command,
            };
            match command {
                Command::Token => announcer.token("token", &site.mint(&Wish::default()).await?)?,
                Command::ExpiredToken => {
                    let wish = Wish { life: Life::Over, ..Wish::default() };
                    announcer.token("expired token", &site.mint(&wish).await?)?;
                }
                Command::WrongAudience => {
                    let wish = Wish { audience: Some(OTHER_AUDIENCE.to_owned()), ..Wish::default() };
                    announcer.token("wrong audience", &site.mint(&wish).await?)?;
                }
                Command::Rotate => announcer.keys("rotate", &site.rotate().await?)?,
                Command::Withdraw => announcer.keys("withdraw", &site.withdraw().await?)?,
                Command::Help => announcer.help()?,
                Command::Unknown => announcer.unknown()?,
                Command::Quit => return Ok(()),
                Command::End if until_eof => return Ok(()),
                Command::End => {}
            }
        }
    }

    async fn open(self, address: SocketAddr) -> Result<Site, String> {
        let Self { issuer_path, audience, algorithm, scope, subject, ttl, api, .. } = self;
        let defaults = site::Defaults { audience, algorithm, scope, subject, lifetime: ttl, api };
        Site::open(address, &issuer_path, defaults).await
    }
}

/// The next command; none will come any more once standard input has ended.
async fn next(commands: &mut mpsc::Receiver<Command>) -> Command {
    match commands.recv().await {
        Some(command) => command,
        None => std::future::pending().await,
    }
}

fn every(period: Duration) -> Option<Interval> {
    Instant::now().checked_add(period).map(|first| interval_at(first, period))
}

async fn tick(rotations: &mut Option<Interval>) {
    match rotations {
        Some(rotations) => _ = rotations.tick().await,
        None => std::future::pending().await,
    }
}

fn issuer_path(text: &str) -> Result<String, String> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-._~".contains(character);
    let inner = text.strip_prefix('/').unwrap_or(text);
    let segments = inner.strip_suffix('/').unwrap_or(inner).split('/');
    let good = |segment: &str| !segment.is_empty() && !segment.starts_with('.') && segment.chars().all(plain);
    if text.is_empty()
        || text == "/"
        || (text.starts_with('/') && text.len() <= 200 && segments.clone().all(good))
    {
        Ok(text.to_owned())
    } else {
        Err("a path starts with a slash and has letters, digits, `-`, `.`, `_`, `~` between its slashes"
            .to_owned())
    }
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    match Algorithm::from_name(name) {
        Some(algorithm) if algorithm.family() != Family::Hmac => Ok(algorithm),
        Some(_) => {
            Err("a shared secret cannot be published as a key; choose one with a public key".to_owned())
        }
        None => Err("no such algorithm".to_owned()),
    }
}

/// A time span of whole seconds, from one second to a year.
fn lifetime(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text.trim())
        .map_err(|_| "give a number and its unit, such as `90s`, `5m` or `1h`".to_owned())?;
    if span.subsec_nanos() == 0 && (SHORTEST..=LONGEST).contains(&span) {
        Ok(span)
    } else {
        Err("a lifetime is one second to 366 days, in whole seconds".to_owned())
    }
}

const EXIT: &str = "\
Exit status:
  0  it was told to quit
  2  it cannot start as it stands, for instance as the port is taken, or cannot go on";

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
const OTHER_AUDIENCE: &str = "https://other-api.example.com";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_issuers() {
        for good in ["", "/", "/tenant", "/tenant/", "/a/b-c.d_e~f"] {
            assert_eq!(issuer_path(good).as_deref(), Ok(good));
        }
        for bad in ["tenant", "//", "/a//b", "/../x", "/.well-known", "/a?b", "/a b", "/%61", "/é"] {
            assert!(issuer_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lifetimes_at_their_edges() {
        assert_eq!(lifetime(" 1h "), Ok(Duration::from_secs(3_600)));
        assert_eq!(lifetime("1s"), Ok(SHORTEST));
        assert_eq!(lifetime("366d"), Ok(LONGEST));
        for bad in ["", "0s", "999ms", "1500ms", "366d 1s", "-1h", "soon"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_are_no_keys_to_publish() {
        assert_eq!(algorithm("EdDSA"), Ok(Algorithm::EdDSA));
        for bad in ["HS256", "none", "es256", ""] {
            assert!(algorithm(bad).is_err(), "{bad}");
        }
    }
}
