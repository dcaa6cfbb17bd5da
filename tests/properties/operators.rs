//! Pictures of what operators are shown.

use std::time::Duration;

use portcullis::keys::remote::{Remote, Snapshot};
use portcullis::keys::{KeyOrigin, KeyState};
use portcullis::{Health, HealthReport, Issuer, Verifier};

use crate::album::Album;
use crate::hostile::{AUDIENCE, ISSUER};

pub(crate) fn words(album: &mut Album) {
    for state in [KeyState::Fixed, KeyState::Loading, KeyState::Fresh, KeyState::Grace, KeyState::Expired] {
        album.display("KeyState", &state);
    }
    for origin in [KeyOrigin::SetUp, KeyOrigin::Source, KeyOrigin::Snapshot, KeyOrigin::Embedded] {
        album.display("KeyOrigin", &origin);
    }
    for health in [Health::Ready, Health::Degraded, Health::Down] {
        album.display("Health", &health);
    }
    let secret = [0x5e; 32];
    album.forbidden.bytes(&secret);
    album.debug("Snapshot", &Snapshot::new("/var/lib/service/keys").sealed_with(secret.to_vec()));
}

pub(crate) async fn statuses(album: &mut Album, remote: Remote) {
    let issuer = Issuer::new(ISSUER, remote).audience(AUDIENCE);
    let verifier = Verifier::builder().issuer(issuer).build().unwrap();
    if let Err(unavailable) = verifier.ready(Duration::from_millis(1)).await {
        album.error("Unavailable", &unavailable);
    }
    album.debug("HealthWatch", &verifier.watch_health());
    let report = HealthReport::detailed(&verifier);
    album.debug("HealthReport", &report);
    album.put("HealthReport", serde_json::to_string(&report).unwrap());
    for status in verifier.status() {
        assert!(status.last_error.is_some() || !status.keys.is_empty(), "the answer was judged");
        album.debug("IssuerStatus", &status);
        album.debug("KeyInfo", &status.keys);
        status.skipped.iter().for_each(|skipped| album.debug("Skipped", skipped));
    }
    album.debug("Verifier", &verifier);
}
