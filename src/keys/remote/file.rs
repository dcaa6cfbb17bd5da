//! Keys in a file that someone else writes: a mounted secret, a sidecar, a deployment.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::fetch::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse};

/// Reads the same file whatever is asked for.
pub(super) struct FileFetch {
    path: PathBuf,
    /// A file system that hangs holds one thread, not one for each attempt.
    one_read: Arc<Semaphore>,
}

impl FileFetch {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, one_read: Arc::new(Semaphore::new(1)) }
    }
}

impl Fetch for FileFetch {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            let permit = Arc::clone(&self.one_read).try_acquire_owned().map_err(|_| FetchError::Timeout)?;
            let path = self.path.clone();
            let limit = request.max_bytes();
            let read = spawn_blocking(move || {
                let body = read(&path, limit);
                drop(permit);
                body
            });
            let body = read.await.map_err(|_| FetchError::Broken)??;
            Ok(FetchResponse::new(200, body))
        })
    }
}

/// A file, and nothing that only has the name of one: a pipe or a device would block, or never end.
///
/// Looked at before, as a device may do something when it is opened, and again, as the name may have been given to
/// something else meanwhile.
pub(crate) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let regular = |metadata: Metadata| {
        if metadata.is_file() { Ok(metadata) } else { Err(io::Error::from(io::ErrorKind::InvalidInput)) }
    };
    regular(std::fs::metadata(path)?)?;
    let file = open_anything(path)?;
    let metadata = regular(file.metadata()?)?;
    Ok((file, metadata))
}

/// Without waiting for the other end of a pipe.
#[cfg(unix)]
pub(super) fn open_anything(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    Ok(rustix::io::retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?.into())
}

#[cfg(not(unix))]
pub(super) fn open_anything(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The content of a file of at most `limit` bytes; blocks.
pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FetchError> {
    let failed = |error: io::Error| FetchError::File(error.kind());
    let (file, _) = open(path).map_err(failed)?;
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut body = Vec::new();
    file.take(most).read_to_end(&mut body).map_err(failed)?;
    if body.len() > limit {
        return Err(FetchError::TooLarge { limit });
    }
    Ok(body)
}
