//! The example's service with its traffic, and a second verifier for what the first has none of.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use metrics_exporter_prometheus::PrometheusHandle;
use portcullis::audit::{Audit, AuditEvent};
use portcullis::tenants::{IssuerPattern, ResolveFuture, ResolveIssuer, Tenant, Tenants};
use portcullis::{Metrics, Verifier};

use crate::service::{self, Service};
use crate::traffic::{self, Traffic};

/// The process has one recorder, and so all tests have.
fn exposition() -> PrometheusHandle {
    static EXPOSITION: OnceLock<PrometheusHandle> = OnceLock::new();
    EXPOSITION.get_or_init(|| service::exposition().unwrap()).clone()
}

pub(crate) struct Stage {
    pub(crate) service: SocketAddr,
    /// The issuer that nobody reaches.
    pub(crate) down: String,
    traffic: Traffic,
    partners: Verifier,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        let exposition = exposition();
        let issuers = traffic::issuers().await;
        let verifier = traffic::verifier(&issuers).unwrap();
        let pattern = IssuerPattern::new("https://login.example.com/{tenant}").unwrap();
        let partners = Verifier::builder()
            .tenants(Tenants::matching(pattern, Nobody))
            .metrics(Metrics::new().verifier("partners"))
            .audit(Audit::new(|_: &AuditEvent<'_>| (), vec![7; 32]).unwrap())
            .build()
            .unwrap();
        let place = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let service = Service::start(place, &verifier, exposition).await.unwrap().address();
        let down = issuers.down.identifier().to_owned();
        Self { service, down, traffic: Traffic::to(service, issuers), partners }
    }

    /// Requests of every kind.
    pub(crate) async fn round(&self) {
        self.traffic.round().await.unwrap();
        self.partners.publish_metrics();
    }

    pub(crate) async fn scrape(&self) -> String {
        self.traffic.scrape().await.unwrap()
    }
}

/// Knows no tenant.
struct Nobody;

impl ResolveIssuer for Nobody {
    fn resolve<'r>(&'r self, _: &'r Tenant) -> ResolveFuture<'r> {
        Box::pin(async { Ok(None) })
    }
}
