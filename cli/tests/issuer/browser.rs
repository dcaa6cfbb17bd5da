//! The page, as a developer uses it.

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::cdp::{Page, find};
use crate::program::Program;

/// Browsers are large: one at a time.
static TURN: Mutex<()> = Mutex::const_new(());

const SETTLED: &str = "document.querySelector('#checks').ariaBusy === 'false'";

async fn open(program: &Program) -> Option<Page> {
    let mut page = Page::open(find()?, program.told("page")).await;
    page.until(SETTLED).await;
    Some(page)
}

/// The checks as the page shows them, in order.
async fn rows(page: &mut Page) -> Vec<(String, String)> {
    let rows = page
        .evaluate("[...document.querySelectorAll('#checks tbody tr')].map((row) => [row.dataset.check, row.dataset.verdict])")
        .await;
    serde_json::from_value(rows).unwrap()
}

async fn until_code(page: &mut Page, code: &str) {
    page.until(&format!("{SETTLED} && document.querySelector('#outcome').dataset.code === '{code}'")).await;
}

/// All before the check are green, it is red and in view, and none behind it was reached.
async fn expect_red(page: &mut Page, name: &str) {
    let rows = rows(page).await;
    let place = rows.iter().position(|(check, _)| check == name).expect("the check is in the list");
    for (at, (check, verdict)) in rows.iter().enumerate() {
        let want = match at.cmp(&place) {
            std::cmp::Ordering::Less => "pass",
            std::cmp::Ordering::Equal => "fail",
            std::cmp::Ordering::Greater => "not_reached",
        };
        assert_eq!(verdict, want, "{check}, where {name} is to fail");
    }
    let in_view = "(() => { const box = document.querySelector('[data-verdict=fail]').getBoundingClientRect(); \
         return box.top >= 0 && box.bottom <= innerHeight; })()";
    assert_eq!(page.evaluate(in_view).await, json!(true), "{name}");
}

async fn expect_all_green(page: &mut Page) {
    until_code(page, "").await;
    let rows = rows(page).await;
    assert!(rows.len() >= 15, "{rows:?}");
    assert!(rows.iter().all(|(_, verdict)| verdict == "pass"), "{rows:?}");
}

fn expect_quiet(page: &Page, program: &Program) {
    let complaints = page.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
    let requested = page.requested();
    assert!(requested.iter().any(|url| url.ends_with("/api/check")), "{requested:?}");
    let own = program.told("page");
    assert!(requested.iter().all(|url| url.starts_with(own)), "{requested:?}");
}

#[tokio::test]
async fn each_tampering_turns_one_check_red() {
    let _turn = TURN.lock().await;
    let program = Program::start(&["--scope", "orders:read"]).await;
    let Some(mut page) = open(&program).await else { return };
    expect_all_green(&mut page).await;
    page.size(1_280, 500).await;
    let first = page.evaluate("document.querySelector('#token').value").await;
    page.click("#mint-button").await;
    page.until(&format!("document.querySelector('#token').value !== {first}")).await;
    expect_all_green(&mut page).await;

    for (how, code, check) in [
        ("expire", "token_expired", "expiry"),
        ("audience", "audience_mismatch", "audience"),
        ("issuer", "issuer_unknown", "issuer_claim"),
        ("kid", "key_unknown", "key"),
        ("drop", "claim_missing", "kind"),
        ("claim", "signature_invalid", "signature"),
        ("none", "algorithm_unknown", "header"),
        ("bit", "signature_invalid", "signature"),
    ] {
        page.click(&format!("[data-tamper={how}]")).await;
        until_code(&mut page, code).await;
        page.until(&format!("document.querySelector('[data-tamper={how}]').ariaPressed === 'true'")).await;
        expect_red(&mut page, check).await;
        page.click("#restore").await;
        expect_all_green(&mut page).await;
    }
    expect_quiet(&page, &program);
    page.close().await;
}

#[tokio::test]
async fn token_and_parts_can_be_edited_and_signed_again() {
    let _turn = TURN.lock().await;
    let program = Program::start(&[]).await;
    let Some(mut page) = open(&program).await else { return };
    let payload: Value = serde_json::from_str(
        page.evaluate("document.querySelector('#payload').value").await.as_str().unwrap(),
    )
    .unwrap();
    assert_eq!(payload["sub"], "alice");

    let mut other = payload.clone();
    other["sub"] = json!("bob <b>é</b>");
    page.fill("#payload", &other.to_string()).await;
    until_code(&mut page, "signature_invalid").await;
    page.click("#sign").await;
    expect_all_green(&mut page).await;
    let shown = page.evaluate("document.querySelector('#payload').value").await;
    assert_eq!(serde_json::from_str::<Value>(shown.as_str().unwrap()).unwrap(), other);

    page.fill("#header", "no JSON").await;
    until_code(&mut page, "header_malformed").await;
    page.fill("#token", "no token").await;
    until_code(&mut page, "token_malformed").await;
    expect_red(&mut page, "form").await;
    let good = program.told("token").to_owned();
    page.fill("#token", &good).await;
    expect_all_green(&mut page).await;
    let colours = page.evaluate(
        "[...document.querySelectorAll('#colours span')].map((part) => part.textContent).join('.')",
    );
    assert_eq!(colours.await, json!(good));
    expect_quiet(&page, &program);
    page.close().await;
}

#[tokio::test]
async fn the_form_is_heard_and_its_mistakes_are_told() {
    let _turn = TURN.lock().await;
    let program = Program::start(&[]).await;
    let Some(mut page) = open(&program).await else { return };
    page.fill("[name=subject]", "ada").await;
    page.fill("[name=scope]", "orders:read orders:write").await;
    page.evaluate("document.querySelector('[name=algorithm]').value = 'EdDSA'").await;
    // By keyboard alone: Enter in a field mints.
    page.fill("[name=lifetime]", "5m").await;
    page.press("Enter", "\r").await;
    page.until("document.querySelector('#payload').value.includes('\"ada\"')").await;
    expect_all_green(&mut page).await;
    let payload = page.evaluate("JSON.parse(document.querySelector('#payload').value)").await;
    assert_eq!(payload["scope"], "orders:read orders:write");
    assert_eq!(payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap(), 300);
    assert_eq!(page.evaluate("JSON.parse(document.querySelector('#header').value).alg").await, "EdDSA");

    page.evaluate("document.querySelector('[name=type]').value = 'JWT'").await;
    page.click("#mint-button").await;
    until_code(&mut page, "type_not_allowed").await;
    expect_red(&mut page, "type").await;
    page.evaluate("document.querySelector('[name=type]').value = 'at+jwt'").await;
    page.fill("[name=audience]", "https://elsewhere.example.com").await;
    page.click("#mint-button").await;
    until_code(&mut page, "audience_mismatch").await;
    expect_quiet(&page, &program);

    page.fill("[name=lifetime]", "soon").await;
    page.click("#mint-button").await;
    page.until("!document.querySelector('#problem').hidden").await;
    // Every field, button and editor has a name that is read out.
    let nameless = "[...document.querySelectorAll('input, select, textarea, button')].filter((it) => \
        !it.labels?.length && !it.ariaLabel && !it.getAttribute('aria-labelledby') && !it.textContent.trim()).length";
    assert_eq!(page.evaluate(nameless).await, json!(0));
    page.close().await;
}

#[tokio::test]
async fn tokens_outlive_a_rotation_and_no_withdrawal() {
    let _turn = TURN.lock().await;
    let program = Program::start(&[]).await;
    let Some(mut page) = open(&program).await else { return };
    let keys = "document.querySelectorAll('#keys li').length";
    page.click("#rotate").await;
    page.until(&format!("{keys} === 2")).await;
    expect_all_green(&mut page).await;
    page.click("#withdraw").await;
    page.until(&format!("{keys} === 1")).await;
    until_code(&mut page, "key_unknown").await;
    expect_red(&mut page, "key").await;
    page.click("#mint-button").await;
    expect_all_green(&mut page).await;
    expect_quiet(&page, &program);
    page.close().await;
}

#[tokio::test]
async fn the_page_fits_and_has_its_picture_taken() {
    let _turn = TURN.lock().await;
    let program = Program::start(&["--scope", "orders:read orders:write"]).await;
    let Some(mut page) = open(&program).await else { return };
    page.click("[data-tamper=audience]").await;
    until_code(&mut page, "audience_mismatch").await;
    let cells = "[...document.querySelectorAll('[data-verdict=fail] td')].map((cell) => cell.textContent)";
    let (expected, found) = ("\"https://api.example.com\"", "\"https://other-api.example.com\"");
    assert_eq!(page.evaluate(cells).await, json!([expected, found]));
    page.evaluate("document.activeElement.blur(), scrollTo(0, 0)").await;
    let overflow = "document.documentElement.scrollWidth > innerWidth";
    for width in [1_280, 800, 400] {
        page.size(width, 960).await;
        assert_eq!(page.evaluate(overflow).await, json!(false), "at {width} pixels");
    }
    page.size(1_280, 940).await;
    let ground = "getComputedStyle(document.body).backgroundColor";
    let (light, on_light) = (page.screenshot().await, page.evaluate(ground).await);
    page.dark().await;
    let on_dark = page.evaluate(ground).await;
    assert!(on_light != on_dark, "the page knows light and dark");
    if std::env::var("PORTCULLIS_WRITE_DOCS").is_ok_and(|value| value == "1") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dev-issuer.png");
        std::fs::write(path, &light).unwrap();
    }
    page.close().await;
}
