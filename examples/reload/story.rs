//! Clients that never stop, and a file that changes under them.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use portcullis::Settings;
use portcullis::testkit::{TestClock, TestIssuer};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::current::Current;
use crate::follow::{Follower, Outcome};
use crate::routes::{GENERATION, Rules};

const STAYS: &str = "https://api.example.com";
const GOES: &str = "https://old.example.com";
const COMES: &str = "https://new.example.com";

/// What the file says beside its issuers: who may see the report, and what refused clients are told.
const CLERKS: &str = "[http]\nrealm = 'shop'\ndetail = 'bare'\n[requirements]\nreport = { role = 'clerk' }";
const AUDITORS_TOO: &str = "[http]\nrealm = 'shop'\ndetail = 'code'\nproblem_details = true\n\
    [requirements]\nreport = { any = [{ role = 'clerk' }, { role = 'auditor' }] }";

pub(crate) async fn play() -> Result<ExitCode, Box<dyn Error>> {
    let issuer = TestIssuer::builder().clock(TestClock::system()).start().await;
    let token =
        |audience: &str| issuer.token().audience(audience).expires_in(Duration::from_secs(600)).mint();
    let (stays, goes, comes) = (token(STAYS), token(GOES), token(COMES));
    let folder = tempfile::tempdir()?;
    let file = File { path: folder.path().join("portcullis.toml"), issuer: issuer.identifier().to_owned() };
    file.write(&format!("audiences = ['{STAYS}', '{GOES}']"), CLERKS)?;

    let follower = Follower::new(file.path.clone());
    let mut outcomes = follower.outcomes();
    let rules = Rules::of(&Settings::from_file(&file.path)?)?;
    rules.verifier.ready(Duration::from_secs(5)).await?;
    let current = Current::new(rules.guarded(1));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let api = format!("http://{}", listener.local_addr()?);
    tokio::spawn(follower.follow(current.clone()));
    tokio::spawn(async move { axum::serve(listener, current.into_router()).await });

    let client = Client::builder(TokioExecutor::new()).build_http();
    let stop = Arc::new(AtomicBool::new(false));
    let mut crowd = JoinSet::new();
    // What each token is answered, by the first file and by those after it.
    for (name, token, want) in
        [("stays", &stays, [200, 200]), ("goes", &goes, [200, 401]), ("comes", &comes, [401, 200])]
    {
        for _ in 0..2 {
            let caller = Caller { client: client.clone(), api: api.clone(), token: token.clone() };
            crowd.spawn(ask(caller, name, want, Arc::clone(&stop)));
        }
    }
    let mut judged = Judged::default();
    let caller = |token: &str| Caller { client: client.clone(), api: api.clone(), token: token.to_owned() };

    println!("a request begins by the first file, whose second audience is about to go");
    let slow = tokio::spawn({
        let caller = caller(&goes);
        async move { caller.get("/slow").await }
    });
    // The request has to be on its way before the file changes.
    tokio::time::sleep(Duration::from_millis(300)).await;

    println!("one audience goes and another comes");
    file.write(&format!("audiences = ['{STAYS}', '{COMES}']"), CLERKS)?;
    judged.taken(&mut outcomes, 1).await;

    println!("a mistake in the file");
    file.write(&format!("audience = ['{STAYS}']"), CLERKS)?;
    judged
        .refused(
            &mut outcomes,
            1,
            "issuers[0].audience (line 3): unknown field, expected one of `identifier`",
        )
        .await;

    println!("a secret in the file");
    file.write(&format!("audiences = ['{STAYS}']\nshared_secret = 'hunter2'"), CLERKS)?;
    judged
        .refused(
            &mut outcomes,
            2,
            "issuers[0].shared_secret (line 4): a secret must not stand in the settings",
        )
        .await;

    println!("an issuer whose keys cannot be had");
    let nobody = "[[issuers]]\nidentifier = 'http://127.0.0.1:1'\naudiences = ['a']";
    file.write(&format!("audiences = ['{STAYS}', '{COMES}']\n{nobody}"), CLERKS)?;
    judged.refused(&mut outcomes, 3, "").await;

    println!("a requirement that a route asks for is missing");
    file.write(&format!("audiences = ['{STAYS}', '{COMES}']"), "")?;
    judged.refused(&mut outcomes, 4, "requirements.report: the service asks for this requirement").await;

    println!("the file is mended, and another setting changed");
    file.write(&format!("audiences = ['{STAYS}', '{COMES}']\nclock_skew = '10 s'"), CLERKS)?;
    judged.taken(&mut outcomes, 2).await;

    judged.note("the request that began by the first file", &slow.await?, &Ok((200, 1)));
    judged.note("a new one like it", &caller(&goes).get("/slow").await, &Ok((401, 3)));

    let auditor = issuer.token().audience(STAYS).claim("roles", ["auditor"]).mint();
    judged.note("the report, for an auditor", &caller(&auditor).get("/report").await, &Ok((403, 3)));
    let unsaid = ("Bearer realm=\"shop\", error=\"invalid_token\"".to_owned(), String::new());
    judged.note("a bad token is told little", &caller("bad").refusal().await, &Ok(unsaid));

    println!("the rule of a route changes, and what refused clients are told");
    file.write(&format!("audiences = ['{STAYS}', '{COMES}']"), AUDITORS_TOO)?;
    judged.taken(&mut outcomes, 3).await;
    judged.note("the report, for an auditor", &caller(&auditor).get("/report").await, &Ok((200, 4)));
    judged.note("the report, for anybody else", &caller(&stays).get("/report").await, &Ok((403, 4)));
    let said =
        "{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,\"code\":\"token_malformed\"}";
    let said = (
        "Bearer realm=\"shop\", error=\"invalid_token\", reason=\"token_malformed\"".to_owned(),
        said.to_owned(),
    );
    judged.note("a bad token is told the code", &caller("bad").refusal().await, &Ok(said));
    stop.store(true, Ordering::Relaxed);
    println!();
    while let Some(count) = timeout(PATIENCE, crowd.join_next()).await? {
        let Count { name, asked, by_file, wrong } = count?;
        judged.note(&format!("{asked:6} requests, `{name}`, by file {by_file:?}"), &wrong, &None);
    }
    println!("\n{} of {} are as they must be", judged.good, judged.all);
    Ok(if judged.good == judged.all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct File {
    path: PathBuf,
    issuer: String,
}

impl File {
    /// Written beside its place and renamed, as an editor or a deployment does, so that no half of it is ever read.
    fn write(&self, rules: &str, around: &str) -> std::io::Result<()> {
        let text = format!("[[issuers]]\nidentifier = '{}'\n{rules}\n{around}\n", self.issuer);
        let beside = self.path.with_extension("new");
        std::fs::write(&beside, text)?;
        std::fs::rename(beside, &self.path)
    }
}

/// A status, and the number of the file that it comes from; an error is a request that was dropped.
type Answer = Result<(u16, u32), String>;

struct Caller {
    client: Client<HttpConnector, Empty<Bytes>>,
    api: String,
    token: String,
}

impl Caller {
    async fn get(&self, path: &str) -> Answer {
        let response = self.send(path).await?;
        let status = response.status().as_u16();
        let generation =
            response.headers().get(GENERATION).and_then(|value| value.to_str().ok()?.parse().ok());
        response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, generation.ok_or("an answer without the number of its file")?))
    }

    /// The challenge and the body of a refusal.
    async fn refusal(&self) -> Result<(String, String), String> {
        let response = self.send("/orders").await?;
        let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        let challenge = challenge.ok_or("an answer without a challenge")?.to_owned();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((challenge, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
    }

    async fn send(&self, path: &str) -> Result<Response<Incoming>, String> {
        let request = Request::builder()
            .uri(format!("{}{path}", self.api))
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        self.client.request(request).await.map_err(|error| error.to_string())
    }
}

struct Count {
    name: &'static str,
    asked: u32,
    /// How many answers came from each file.
    by_file: std::collections::BTreeMap<u32, u32>,
    /// The first answer that was not as it must be.
    wrong: Option<String>,
}

/// Asks without a pause. Files are numbered from 1 and never go back.
async fn ask(caller: Caller, name: &'static str, want: [u16; 2], stop: Arc<AtomicBool>) -> Count {
    let mut count = Count { name, asked: 0, by_file: std::collections::BTreeMap::new(), wrong: None };
    let mut latest = 1;
    // Each is to have seen the last file, however busy the machine is.
    while !stop.load(Ordering::Relaxed) || latest < FILES {
        count.asked += 1;
        let wrong = match caller.get("/orders").await {
            Err(dropped) => Some(dropped),
            Ok((status, file)) => {
                *count.by_file.entry(file).or_default() += 1;
                let [first, later] = want;
                let as_it_must_be = status == if file == 1 { first } else { later } && file >= latest;
                latest = file;
                (!as_it_must_be).then(|| format!("{status} by file {file}"))
            }
        };
        count.wrong = count.wrong.or(wrong);
    }
    count
}

#[derive(Default)]
struct Judged {
    good: u32,
    all: u32,
}

impl Judged {
    fn note<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, got: &T, want: &T) {
        self.all += 1;
        if got == want {
            self.good += 1;
            println!("{what}: ok");
        } else {
            println!("{what}: WRONG, {got:?}");
        }
    }

    async fn taken(&mut self, outcomes: &mut watch::Receiver<Outcome>, count: u32) {
        let came = timeout(PATIENCE, outcomes.wait_for(|outcome| outcome.taken == count)).await.is_ok();
        self.note("  it takes over", &came, &true);
    }

    async fn refused(&mut self, outcomes: &mut watch::Receiver<Outcome>, count: usize, start: &str) {
        let refused = |outcome: &Outcome| outcome.refused.len() == count;
        let came = timeout(PATIENCE, outcomes.wait_for(refused)).await;
        let reason = match came {
            Ok(Ok(outcome)) => outcome.refused.last().cloned().unwrap_or_default(),
            _ => "nothing came of it".to_owned(),
        };
        self.note("  it is refused, and says where", &reason.starts_with(start), &true);
        self.note("  and quotes nothing of it", &reason.contains("hunter2"), &false);
    }
}

/// How many files take over in the story, the first included.
const FILES: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(10);
