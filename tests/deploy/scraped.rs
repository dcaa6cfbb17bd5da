//! A real Prometheus scrapes the service, evaluates the rules and answers what the dashboard asks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use crate::dashboard;
use crate::expression::{Selector, selectors};
use crate::rules::rules;
use crate::stage::Stage;
use crate::tools::{kit, program};

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_scrapes_the_service_and_answers_every_question() {
    let stage = Stage::start().await;
    let Some(prometheus) = Prometheus::start(stage.service).await else { return };
    let mut open = Open::all();
    let all = async {
        while !open.is_empty() {
            stage.round().await;
            open.ask(&prometheus).await;
        }
    };
    let in_time = timeout(PATIENCE, all).await;
    assert!(in_time.is_ok(), "still open: {open:#?}");

    let alerts = prometheus.get("/api/v1/alerts").await;
    let active: BTreeSet<_> = alerts["data"]["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| (alert["labels"]["alertname"].as_str().unwrap(), alert["labels"]["issuer"].as_str()))
        .collect();
    // One issuer of the traffic is down from the start.
    assert!(active.contains(&("PortcullisKeysNotLoaded", Some(&stage.down))), "{active:?}");
    assert!(!active.iter().any(|(name, _)| name.starts_with("PortcullisMetrics")), "{active:?}");
}

/// What has not been answered yet as it must be, and how it was answered last.
#[derive(Debug)]
struct Open {
    target: Option<Value>,
    rules: Option<Value>,
    series: Vec<String>,
    questions: Vec<(String, String, Value)>,
}

impl Open {
    fn all() -> Self {
        // What was usual is known an hour later.
        let known_later = |expression: &str| expression.contains(" offset ");
        let later: BTreeSet<_> =
            rules().into_iter().filter(|rule| known_later(&rule.expression)).map(|rule| rule.name).collect();
        let asked = dashboard::expressions();
        let expressions = rules().into_iter().map(|rule| rule.expression);
        let named = expressions.chain(asked.iter().map(|(_, expression)| expression.clone()));
        let series: BTreeSet<_> = named
            .flat_map(|expression| selectors(&expression, "portcullis"))
            .filter(|selector| !later.contains(selector.name.as_str()))
            .map(|selector| written(&selector))
            .collect();
        assert!(series.len() > 60, "{}", series.len());
        let recorded = rules().into_iter().filter(|rule| !rule.is_alert && !later.contains(rule.name));
        let recorded = recorded.map(|rule| rule.name.to_owned());
        Self {
            target: Some(Value::Null),
            rules: Some(Value::Null),
            series: series.into_iter().chain(recorded).collect(),
            questions: asked.into_iter().map(|(title, asked)| (title, asked, Value::Null)).collect(),
        }
    }

    const fn is_empty(&self) -> bool {
        self.target.is_none() && self.rules.is_none() && self.series.is_empty() && self.questions.is_empty()
    }

    async fn ask(&mut self, prometheus: &Prometheus) {
        if self.target.is_some() {
            let targets = prometheus.get("/api/v1/targets?state=active").await;
            let target = &targets["data"]["activeTargets"][0];
            let is_up = target["health"] == "up" && target["lastError"] == "";
            self.target = (!is_up).then(|| target.clone());
        }
        // An evaluation that fails once is wrong, even if a later one is right.
        let groups = prometheus.get("/api/v1/rules").await;
        let groups = groups["data"]["groups"].as_array().unwrap();
        let evaluated: Vec<_> = groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
        for rule in &evaluated {
            assert!(rule["health"] != "err", "{rule:#}");
        }
        let is_evaluated =
            evaluated.len() == rules().len() && evaluated.iter().all(|rule| rule["health"] == "ok");
        self.rules = (!is_evaluated).then(|| json!(groups));

        let mut missing = Vec::new();
        for series in self.series.drain(..) {
            let found = prometheus.get(&format!("/api/v1/series?match[]={}", encoded(&series))).await;
            if found["data"].as_array().unwrap().is_empty() {
                missing.push(series);
            }
        }
        self.series = missing;

        let mut unanswered = Vec::new();
        for (title, question, _) in self.questions.drain(..) {
            let answer = prometheus.get(&format!("/api/v1/query?query={}", encoded(&question))).await;
            if answer["data"]["result"].as_array().unwrap().is_empty() {
                unanswered.push((title, question, answer));
            }
        }
        self.questions = unanswered;
    }
}

fn written(selector: &Selector) -> String {
    let mut text = selector.name.clone() + "{";
    for matcher in &selector.matchers {
        write!(text, "{}{}\"{}\",", matcher.label, matcher.operator, matcher.value).unwrap();
    }
    text + "}"
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").unwrap();
        encoded
    })
}

/// A server of its own, which ends with the test.
struct Prometheus {
    process: Child,
    address: SocketAddr,
    client: Client<HttpConnector, Empty<Bytes>>,
    _folder: TempDir,
}

impl Prometheus {
    /// A server that scrapes the service every second, if the program is here.
    async fn start(service: SocketAddr) -> Option<Self> {
        for _ in 0..5 {
            let mut started = Self::spawn(program("prometheus")?, service);
            if started.is_ready().await {
                return Some(started);
            }
        }
        panic!("prometheus ended early five times");
    }

    fn spawn(mut command: Command, service: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = json!({
            "global": { "scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s" },
            "rule_files": [kit("prometheus/portcullis.rules.yml")],
            "scrape_configs": [{
                "job_name": "metrics_service",
                "static_configs": [{ "targets": [service.to_string()] }],
            }],
        });
        // JSON is YAML too.
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, configuration.to_string()).unwrap();
        // Free at this moment; if somebody else is faster, the server ends and is started anew.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=warn")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { process, address, client, _folder: folder }
    }

    /// Waits until it answers; `false` if it has ended.
    async fn is_ready(&mut self) -> bool {
        let mut ticks = interval(Duration::from_millis(50));
        let ready = async {
            loop {
                ticks.tick().await;
                if self.process.try_wait().unwrap().is_some() {
                    return false;
                }
                if matches!(self.ask("/-/ready").await, Ok((StatusCode::OK, _))) {
                    return true;
                }
            }
        };
        timeout(PATIENCE, ready).await.expect("prometheus is ready in time")
    }

    /// The answer of the API, which has to be a good one.
    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(path).await.unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        assert!(status == StatusCode::OK && answer["status"] == "success", "{path}: {answer:#}");
        answer
    }

    async fn ask(&self, path: &str) -> Result<(StatusCode, Bytes), hyper_util::client::legacy::Error> {
        let request =
            Request::builder().uri(format!("http://{}{path}", self.address)).body(Empty::new()).unwrap();
        let response = self.client.request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await.unwrap().to_bytes()))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// It takes some ten seconds on a machine that has little else to do.
const PATIENCE: Duration = Duration::from_secs(120);
