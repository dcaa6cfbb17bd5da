//! A headless Chromium, by the DevTools protocol.

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::program::within;

/// A page of a browser of its own, which ends with it.
pub(crate) struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: String,
    sent: u64,
    events: Vec<Value>,
    browser: Child,
    /// Ends when the last of its processes has closed standard error.
    reading: JoinHandle<()>,
    profile: TempDir,
}

/// The browser to test with. `None`, said loudly, where there is none and nobody requires one.
///
/// # Panics
/// When there is none and `PORTCULLIS_REQUIRE_BROWSER=1`.
pub(crate) fn find() -> Option<PathBuf> {
    let named = std::env::var_os("PORTCULLIS_BROWSER").filter(|name| !name.is_empty()).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        std::env::split_paths(&path)
            .flat_map(|folder| {
                ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name))
            })
            .find(|candidate| candidate.is_file())
    };
    let found = named.or_else(on_path);
    if found.is_none() {
        let required = std::env::var("PORTCULLIS_REQUIRE_BROWSER").is_ok_and(|value| value == "1");
        assert!(!required, "PORTCULLIS_REQUIRE_BROWSER=1, and there is no Chromium");
        // Not by a macro: the output of a test that passes is shown to nobody.
        let said =
            "\nSKIPPED: THE PAGE IS NOT TESTED, as there is no Chromium on the PATH (Debian: chromium)\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
    found
}

impl Page {
    pub(crate) async fn open(browser: PathBuf, url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new(browser)
            .args(["--headless=new", "--no-sandbox", "--remote-debugging-port=0", "--disable-gpu"])
            .args(["--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"])
            .args(["--disable-component-update", "--disable-sync", "--no-proxy-server", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            // It is killed, so it leaves behind what it keeps elsewhere.
            .env("TMPDIR", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = within(lines.next_line()).await.unwrap().expect("Chromium tells its address");
            if let Some(address) = line.strip_prefix("DevTools listening on ") {
                break address.to_owned();
            }
        };
        // Read on, or Chromium stands still once the pipe is full.
        let reading = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let (socket, _) = within(connect_async(address)).await.unwrap();
        let session = String::new();
        let mut page =
            Self { socket, session, sent: 0, events: Vec::new(), browser: child, reading, profile };
        let target = page.send("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = page.send("Target.attachToTarget", attach).await;
        page.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.send(&format!("{domain}.enable"), json!({})).await;
        }
        page.size(1_440, 1_000).await;
        page.send("Page.navigate", json!({ "url": url })).await;
        page
    }

    /// Ends the browser, and takes away what it wrote. A test that fails leaves it to the operating system.
    pub(crate) async fn close(mut self) {
        let bye = json!({ "id": 0, "method": "Browser.close" });
        self.socket.send(Message::text(bye.to_string())).await.unwrap();
        within(self.browser.wait()).await.unwrap();
        within(self.reading).await.unwrap();
        self.profile.close().unwrap();
    }

    pub(crate) async fn size(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.send("Emulation.setDeviceMetricsOverride", size).await;
    }

    pub(crate) async fn dark(&mut self) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
        self.send("Emulation.setEmulatedMedia", features).await;
    }

    /// What a script of ours gives, in the page; a promise is waited for.
    pub(crate) async fn evaluate(&mut self, script: &str) -> Value {
        let parameters = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let answer = self.send("Runtime.evaluate", parameters).await;
        assert!(answer.get("exceptionDetails").is_none(), "{script}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Waits until a condition holds in the page.
    pub(crate) async fn until(&mut self, condition: &str) {
        let script = format!(
            "new Promise((done) => {{ const end = Date.now() + 30000; \
             const look = () => {{ let holds = false; try {{ holds = {condition}; }} catch {{}} \
             if (holds || Date.now() > end) done(Boolean(holds)); else setTimeout(look, 10); }}; look(); }})"
        );
        assert_eq!(self.evaluate(&script).await, json!(true), "{condition}");
    }

    /// Clicks with the mouse, in the middle of an element.
    pub(crate) async fn click(&mut self, selector: &str) {
        let find = format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.scrollIntoView({{ block: 'center' }}); \
             const box = it.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let place = self.evaluate(&find).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.send("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types into a field in place of what stands there.
    pub(crate) async fn fill(&mut self, selector: &str, text: &str) {
        self.evaluate(&format!("document.querySelector({selector:?}).select()")).await;
        self.send("Input.insertText", json!({ "text": text })).await;
    }

    pub(crate) async fn press(&mut self, key: &str, text: &str) {
        let down =
            json!({ "type": "keyDown", "key": key, "code": key, "text": text, "windowsVirtualKeyCode": 13 });
        self.send("Input.dispatchKeyEvent", down).await;
        self.send("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key, "code": key })).await;
    }

    pub(crate) async fn screenshot(&mut self) -> Vec<u8> {
        let shot =
            self.send("Page.captureScreenshot", json!({ "format": "png", "optimizeForSpeed": false })).await;
        STANDARD.decode(shot["data"].as_str().unwrap()).unwrap()
    }

    /// The addresses that have been asked for so far.
    pub(crate) fn requested(&self) -> Vec<&str> {
        self.named("Network.requestWillBeSent")
            .map(|event| event["params"]["request"]["url"].as_str().unwrap())
            .collect()
    }

    /// What stands in the console and in the log of the browser.
    pub(crate) fn complaints(&self) -> Vec<&Value> {
        let mut all: Vec<_> = self.named("Runtime.exceptionThrown").collect();
        all.extend(self.named("Runtime.consoleAPICalled"));
        all.extend(self.named("Log.entryAdded"));
        all
    }

    fn named(&self, method: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["method"] == method)
    }

    async fn send(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut command = json!({ "id": self.sent, "method": method, "params": params });
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(command.to_string())).await.unwrap();
        loop {
            let message = within(self.socket.next()).await.expect("Chromium is there").unwrap();
            let Message::Text(text) = message else { continue };
            let value: Value = serde_json::from_str(&text).unwrap();
            if value["id"] == self.sent {
                assert!(value.get("error").is_none(), "{method}: {}", value["error"]);
                return value["result"].clone();
            }
            self.events.push(value);
        }
    }
}
