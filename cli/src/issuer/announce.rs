//! What is printed.

use std::io::{self, Write};

use humantime::format_duration;
use portcullis::Algorithm;
use serde_json::{Value, json};

use super::minting::{DEFAULT_CLIENT, Minted};
use super::site::{KeyReport, Site};

/// For whom is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manner {
    Text,
    /// An object a line.
    Json,
}

/// Writes to standard output; says there what commands have led to, and nothing of what visitors do.
pub(super) struct Announcer {
    manner: Manner,
}

impl Announcer {
    pub(super) const fn new(manner: Manner) -> Self {
        Self { manner }
    }

    /// Tells all that one needs.
    pub(super) fn start(&mut self, site: &Site, minted: &Minted) -> Result<(), String> {
        let advice = Advice::new(site, minted);
        match self.manner {
            Manner::Json => print(&format!("{}\n", advice.object(site, minted))),
            Manner::Text => print(&advice.text(site, minted)),
        }
    }

    pub(super) fn token(&mut self, command: &str, minted: &Minted) -> Result<(), String> {
        match self.manner {
            Manner::Text => print(&format!("{}\n", minted.token)),
            Manner::Json => {
                let mut object = json!(minted);
                if let Some(members) = object.as_object_mut() {
                    members.insert("command".to_owned(), command.into());
                }
                print(&format!("{object}\n"))
            }
        }
    }

    pub(super) fn keys(&mut self, command: &str, keys: &[KeyReport]) -> Result<(), String> {
        match self.manner {
            Manner::Json => print(&format!("{}\n", json!({ "command": command, "keys": keys }))),
            Manner::Text => {
                let line = |key: &KeyReport| {
                    let role = if key.signs { "signs" } else { "published" };
                    format!("  {} {} {role}\n", key.key_id, key.algorithm)
                };
                print(&format!("keys now:\n{}", keys.iter().map(line).collect::<String>()))
            }
        }
    }

    pub(super) fn help(&mut self) -> Result<(), String> {
        self.remark("help", COMMANDS)
    }

    pub(super) fn unknown(&mut self) -> Result<(), String> {
        self.remark("unknown", COMMANDS)
    }

    /// Says why it ends before it should.
    pub(super) fn fault(&mut self, fault: &str) {
        // There is nobody left to tell if this cannot be written.
        let _ = writeln!(io::stderr().lock(), "portcullis issuer: {fault}");
    }

    fn remark(&self, command: &str, text: &str) -> Result<(), String> {
        match self.manner {
            Manner::Text => print(&format!("{text}\n")),
            Manner::Json => print(&format!("{}\n", json!({ "command": command, "message": text }))),
        }
    }
}

/// Lines to be pasted.
struct Advice {
    call: String,
    ask: String,
    trust: String,
}

impl Advice {
    fn new(site: &Site, minted: &Minted) -> Self {
        let defaults = site.defaults();
        let bearer = quoted(&format!("Authorization: Bearer {}", minted.token));
        let scope = match defaults.scope.as_str() {
            "" => String::new(),
            scope => format!(" --data-urlencode {}", quoted(&format!("scope={scope}"))),
        };
        let algorithms = if Algorithm::DEFAULT.contains(&defaults.algorithm) {
            String::new()
        } else {
            format!("\n    .algorithms([Algorithm::{:?}])", defaults.algorithm)
        };
        Self {
            call: format!("curl -i -H {bearer} {}", quoted(&defaults.api)),
            ask: format!(
                "curl -d grant_type=client_credentials -d client_id={DEFAULT_CLIENT}{scope} {}",
                quoted(&site.address_of("/token"))
            ),
            trust: format!(
                "let issuer = Issuer::discover({:?})?\n    .audience({:?}){algorithms};\n\
                 let verifier = Verifier::builder().issuer(issuer).build()?;",
                site.identifier(),
                defaults.audience
            ),
        }
    }

    fn object(&self, site: &Site, minted: &Minted) -> Value {
        json!({
            "warning": WARNING,
            "issuer": site.identifier(),
            "audience": site.defaults().audience,
            "page": site.page(),
            "jwks_uri": site.address_of("/jwks"),
            "token_endpoint": site.address_of("/token"),
            "token": minted.token,
            "subject": minted.subject,
            "scope": minted.scope,
            "expires_in": minted.expires_in,
            "algorithm": minted.algorithm,
            "key_id": minted.key_id,
            "curl": { "api": self.call, "token": self.ask },
            "rust": self.trust,
        })
    }

    fn text(&self, site: &Site, minted: &Minted) -> String {
        let Self { call, ask, trust } = self;
        let granted = match minted.scope.as_str() {
            "" => String::new(),
            scope => format!(" and grants {scope}"),
        };
        format!(
            "{WARNING}\n\n  issuer    {}\n  audience  {}\n  keys      {}\n  page      {}\n\n\
             A token. It is about {}, is good for {}{granted}:\n\n{}\n\n\
             Call your API with it:\n\n{call}\n\nAsk for another one, as a client does:\n\n{ask}\n\n\
             Let your API trust it, on your own machine alone:\n\n{trust}\n\n{COMMANDS}\n",
            site.identifier(),
            site.defaults().audience,
            site.address_of("/jwks"),
            site.page(),
            minted.subject,
            format_duration(site.defaults().lifetime),
            minted.token,
        )
    }
}

/// A word for a POSIX shell, whatever stands in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| format!("cannot write to standard output: {error}"))
}

const WARNING: &str = "For development: anybody who reaches this port gets a token.";
const COMMANDS: &str =
    "Commands: token, expired token, wrong audience, rotate, withdraw (old keys), help, quit.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
