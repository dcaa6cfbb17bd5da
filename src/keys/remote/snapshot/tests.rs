//! Files as they are written, and as someone else may have changed them.

use std::fs;

use super::super::attempt::Place;
use super::*;
use crate::jose::{Algorithm, AlgorithmSet};

const ISSUER: &str = "https://id.example.com";
const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const WRITTEN: UnixTime = UnixTime::from_seconds(1_700_000_000);

fn owner() -> Owner {
    let backend = Backend::available()[0];
    Owner {
        issuer: ISSUER.to_owned(),
        place: Place::At { url: "https://id.example.com/jwks".to_owned() }.digest(backend),
        allowed: AlgorithmSet::from_iter([Algorithm::EdDSA]),
        backend,
        max_stale: Duration::from_secs(3_600),
    }
}

fn record(document: &str) -> Record<'_> {
    let Owner { issuer, place, .. } = owner();
    let max_age = Duration::from_secs(600);
    Record { issuer, place, confirmed_at: WRITTEN, max_age, document: document.as_bytes() }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The age of the keys, or why they are not used.
fn restored(snapshot: &Snapshot, owner: &Owner, now: UnixTime) -> Result<u64, &'static str> {
    let restored = snapshot.restore(owner, now).map_err(SnapshotError::code)?;
    assert_eq!(restored.set.keys().len(), 1);
    assert_eq!((restored.term.origin, restored.term.max_stale), (KeyOrigin::Snapshot, owner.max_stale));
    Ok(restored.term.age_then.as_secs())
}

#[test]
fn keys_are_as_old_as_they_are_and_end_when_they_would_have() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = Snapshot::new(directory.path().join("keys"));
    assert_eq!(restored(&snapshot, &owner(), WRITTEN), Err("snapshot_missing"));
    snapshot.write(&owner(), &record(KEYS)).unwrap();
    for (ahead, want) in
        [(0, Ok(0)), (599, Ok(599)), (600, Ok(600)), (4_199, Ok(4_199)), (4_200, Err("snapshot_expired"))]
    {
        assert_eq!(restored(&snapshot, &owner(), WRITTEN.saturating_add(seconds(ahead))), want);
    }
    assert_eq!(restored(&snapshot, &owner(), WRITTEN.saturating_sub(seconds(60))), Ok(0));
    let early = restored(&snapshot, &owner(), WRITTEN.saturating_sub(seconds(61)));
    assert_eq!(early, Err("snapshot_from_the_future"));
    // A clock before 1970 reads as the latest time.
    assert_eq!(restored(&snapshot, &owner(), UnixTime::MAX), Err("snapshot_expired"));
    // No word in the file makes keys serve longer than any answer could.
    let for_ever = Record { max_age: Duration::from_secs(u64::MAX), ..record(KEYS) };
    snapshot.write(&owner(), &for_ever).unwrap();
    let day = 24 * 60 * 60;
    assert_eq!(restored(&snapshot, &owner(), WRITTEN.saturating_add(seconds(day + 3_599))), Ok(day + 3_599));
    assert!(restored(&snapshot, &owner(), WRITTEN.saturating_add(seconds(day + 3_600))).is_err());
}

#[test]
fn the_file_serves_its_own_issuer_and_address_alone() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = Snapshot::new(directory.path().join("keys"));
    snapshot.write(&owner(), &record(KEYS)).unwrap();
    let other_issuer = Owner { issuer: "https://id.example.com/".to_owned(), ..owner() };
    assert_eq!(restored(&snapshot, &other_issuer, WRITTEN), Err("snapshot_foreign"));
    let place = Place::Discovered { issuer: ISSUER.to_owned() }.digest(owner().backend);
    assert_eq!(restored(&snapshot, &Owner { place, ..owner() }, WRITTEN), Err("snapshot_foreign"));
    let rules = Owner { allowed: AlgorithmSet::from_iter([Algorithm::RS256]), ..owner() };
    assert_eq!(restored(&snapshot, &rules, WRITTEN), Err("snapshot_no_usable_key"), "the rules of today");
    for document in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw"}]}"#] {
        snapshot.write(&owner(), &record(document)).unwrap();
        assert_eq!(restored(&snapshot, &owner(), WRITTEN), Err("snapshot_no_usable_key"), "{document}");
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    for snapshot in [Snapshot::new(&path), Snapshot::new(&path).sealed_with(vec![7; 32])] {
        snapshot.write(&owner(), &record(KEYS)).unwrap();
        let whole = fs::read(&path).unwrap();
        assert_eq!(restored(&snapshot, &owner(), WRITTEN), Ok(0));
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert_eq!(restored(&snapshot, &owner(), WRITTEN), Err("snapshot_damaged"), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(restored(&snapshot, &owner(), WRITTEN), Err("snapshot_damaged"), "cut at {at}");
        }
        fs::write(&path, [&whole[..], b" "].concat()).unwrap();
        assert_eq!(restored(&snapshot, &owner(), WRITTEN), Err("snapshot_damaged"));
        fs::write(&path, vec![b'x'; MAX_FILE_BYTES + 1]).unwrap();
        assert_eq!(restored(&snapshot, &owner(), WRITTEN), Err("snapshot_damaged"));
    }
}

#[test]
fn a_seal_is_demanded_and_cannot_be_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let open = Snapshot::new(&path);
    let sealed = |byte| Snapshot::new(&path).sealed_with(vec![byte; 32]);
    for (written, read, want) in [
        (open.clone(), open.clone(), Ok(0)),
        (sealed(1), sealed(1), Ok(0)),
        (open.clone(), sealed(1), Err("snapshot_damaged")),
        (sealed(1), open.clone(), Err("snapshot_damaged")),
        (sealed(1), sealed(2), Err("snapshot_damaged")),
    ] {
        written.write(&owner(), &record(KEYS)).unwrap();
        assert_eq!(restored(&read, &owner(), WRITTEN), want, "{written:?} {read:?}");
    }
    assert!(!format!("{:?}", sealed(1)).contains("1, 1"));
}

#[cfg(unix)]
#[test]
fn the_file_is_ours_alone() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let snapshot = Snapshot::new(&path);
    snapshot.write(&owner(), &record(KEYS)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for (mode, want) in [
        (0o600, Ok(0)),
        (0o644, Ok(0)),
        (0o620, Err("snapshot_writable_by_others")),
        (0o602, Err("snapshot_writable_by_others")),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(restored(&snapshot, &owner(), WRITTEN), want, "{mode:o}");
    }
    // Written anew, and not into what stands there: neither its mode nor a link survives.
    snapshot.write(&owner(), &record(KEYS)).unwrap();
    assert_eq!(restored(&snapshot, &owner(), WRITTEN), Ok(0));
    let target = directory.path().join("target");
    fs::write(&target, "untouched").unwrap();
    fs::remove_file(&path).unwrap();
    symlink(&target, &path).unwrap();
    snapshot.write(&owner(), &record(KEYS)).unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    let names: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing is left behind: {names:?}");
}

/// In a directory that all may write to, somebody else may have been there first.
#[cfg(unix)]
#[test]
fn a_file_that_somebody_else_left_there_is_not_believed() {
    use std::os::unix::fs::{chown, symlink};
    for (file, ours, want) in [(7, 7, true), (0, 7, true), (0, 0, true), (7, 0, false), (7, 8, false)] {
        assert_eq!(is_trusted(file, ours), want, "{file} {ours}");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let (open, sealed) = (Snapshot::new(&path), Snapshot::new(&path).sealed_with(vec![7; 32]));
    open.write(&owner(), &record(KEYS)).unwrap();
    assert_eq!(restored(&open, &owner(), WRITTEN), Ok(0), "it is ours");
    // Only root can give a file away.
    if chown(&path, Some(4_711), None).is_err() {
        return;
    }
    let refused = Err("snapshot_writable_by_others");
    assert_eq!(restored(&open, &owner(), WRITTEN), refused);
    let link = directory.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(
        restored(&Snapshot::new(&link), &owner(), WRITTEN),
        refused,
        "the link is ours, the file is not"
    );
    sealed.write(&owner(), &record(KEYS)).unwrap();
    chown(&path, Some(4_711), None).unwrap();
    assert_eq!(restored(&sealed, &owner(), WRITTEN), Ok(0), "the seal vouches for it");
    open.write(&owner(), &record(KEYS)).unwrap();
    assert_eq!(restored(&open, &owner(), WRITTEN), Ok(0), "written anew it is ours");
}

#[test]
fn a_file_system_that_hangs_holds_one_thread_and_gets_the_latest_keys_in_the_end() {
    use std::sync::{Arc, mpsc};

    use super::super::intake::Change;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let snapshot = Snapshot::new(&path);
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    let (hung, hangs) = mpsc::channel::<()>();
    runtime.block_on(async {
        let mut keeper = Keeper::new(snapshot.clone(), owner(), Arc::new(|| WRITTEN));
        let mut keep = |now, document: &str, change| {
            keeper.keep(document.as_bytes().into(), seconds(now), Duration::ZERO, seconds(600), change);
        };
        // The one thread that there is.
        let thread = tokio::task::spawn_blocking(move || hangs.recv());
        keep(0, "withdrawn", Change::Other);
        keep(1, "withdrawn, too", Change::Other);
        keep(2, KEYS, Change::Other);
        hung.send(()).unwrap();
        thread.await.unwrap().unwrap();
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert_eq!(restored(&snapshot, &owner(), WRITTEN), Ok(0));
        keep(62, "the writer came back", Change::Same);
        keep(121, KEYS, Change::Same);
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        let record = fs::read_to_string(&path).unwrap();
        assert!(record.ends_with("the writer came back"), "{record}");
        keep(122, KEYS, Change::Same);
        tokio::task::spawn_blocking(|| ()).await.unwrap();
    });
    assert_eq!(restored(&snapshot, &owner(), WRITTEN), Ok(0));
}

#[test]
fn what_is_no_file_is_neither_read_nor_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = Snapshot::new(directory.path());
    assert_eq!(restored(&snapshot, &owner(), WRITTEN), Err("snapshot_io"));
    assert!(snapshot.write(&owner(), &record(KEYS)).is_err());
    let nowhere = Snapshot::new(directory.path().join("absent").join("keys"));
    assert_eq!(nowhere.write(&owner(), &record(KEYS)).unwrap_err().code(), "snapshot_io");
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is left behind");
    #[cfg(target_os = "linux")]
    {
        // Nobody will ever write to it, so whoever waited for that would wait for ever.
        let pipe = directory.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(file::open(&pipe).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(restored(&Snapshot::new(&pipe), &owner(), WRITTEN), Err("snapshot_io"));
        assert!(file::open_anything(&pipe).is_ok(), "also if the name was given to it after the look");
    }
}
