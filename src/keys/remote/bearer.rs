//! A token that somebody else keeps current in a file, and the one server that is sent it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use reqwest::header::HeaderValue;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::{Origin, Url};

use super::address::{self, Part};
use super::attempt::FETCH_TIMEOUT;
use super::fetch::FetchError;
use super::file;
use crate::error::ConfigError;
use crate::jose::MAX_TOKEN_BYTES;

/// A token file and the server that its content is for.
pub(super) struct BearerFile {
    server: Origin,
    path: PathBuf,
    /// A file system that hangs holds one thread, not one for each fetch.
    one_read: Arc<Semaphore>,
}

impl BearerFile {
    pub(super) fn new(server: &str, path: PathBuf) -> Result<Self, ConfigError> {
        let refused = |reason| ConfigError::Address { address: address::shown(server), reason };
        let url = address::check(server, Part::Document).map_err(refused)?;
        if url.scheme() != "https" {
            return Err(refused("a token is sent over https only"));
        }
        Ok(Self { server: url.origin(), path, one_read: Arc::new(Semaphore::new(1)) })
    }

    /// Whether what is asked for is on the server.
    pub(super) fn is_for(&self, url: &Url) -> bool {
        self.server == url.origin()
    }

    /// The value of `Authorization`, as the file has it now.
    pub(super) async fn read(&self) -> Result<HeaderValue, FetchError> {
        let content = timeout(FETCH_TIMEOUT, self.content()).await.map_err(|_| FetchError::Timeout)??;
        bearer(content)
    }

    async fn content(&self) -> Result<Vec<u8>, FetchError> {
        let permit = Arc::clone(&self.one_read).acquire_owned().await.map_err(|_| FetchError::Broken)?;
        let path = self.path.clone();
        let content = spawn_blocking(move || {
            let content = file::read(&path, MAX_TOKEN_BYTES);
            drop(permit);
            content
        });
        content.await.map_err(|_| FetchError::Broken)?
    }
}

/// `Bearer` and the token, in a header that no log shows.
fn bearer(content: Vec<u8>) -> Result<HeaderValue, FetchError> {
    let malformed = || FetchError::File(io::ErrorKind::InvalidData);
    let token = String::from_utf8(content).map_err(|_| malformed())?;
    let token = token.trim_end();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed());
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| malformed())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word() {
        for (content, want) in [
            (&b"eyJ.e30.c2ln"[..], Some("Bearer eyJ.e30.c2ln")),
            (b"eyJ.e30.c2ln\n", Some("Bearer eyJ.e30.c2ln")),
            (b"a\r\n \n", Some("Bearer a")),
            (b"", None),
            (b"\n", None),
            (b"a b", None),
            (b"a\r\nHost: other", None),
            (b"a\0", None),
            (b"\xff", None),
            ("\u{e9}".as_bytes(), None),
        ] {
            let got = bearer(content.to_vec());
            let shown = got.as_ref().ok().map(|value| value.to_str().unwrap());
            assert_eq!(shown, want, "{content:?}");
            match got {
                Ok(value) => assert_eq!(format!("{value:?}"), "Sensitive"),
                Err(error) => assert_eq!(error, FetchError::File(io::ErrorKind::InvalidData)),
            }
        }
    }

    #[test]
    fn a_token_is_for_one_server_over_tls() {
        let file = BearerFile::new("https://kubernetes.default.svc/openid", PathBuf::new()).unwrap();
        for (url, want) in [
            ("https://kubernetes.default.svc/openid/v1/jwks", true),
            ("https://kubernetes.default.svc:443/", true),
            ("https://kubernetes.default.svc:6443/", false),
            ("http://kubernetes.default.svc/", false),
            ("https://kubernetes.default.svc.evil.example/", false),
            ("https://evil.example/?https://kubernetes.default.svc/", false),
        ] {
            assert_eq!(file.is_for(&Url::parse(url).unwrap()), want, "{url}");
        }
        for server in
            ["http://localhost:8001/", "http://kubernetes.default.svc", "kubernetes.default.svc", ""]
        {
            let error = BearerFile::new(server, PathBuf::new()).err().unwrap();
            assert!(matches!(error, ConfigError::Address { .. }), "{server}: {error}");
        }
    }
}
