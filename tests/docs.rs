//! What the documentation lists is what the code says.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it inside of tests; helpers of tests are meant too"
)]

/// The words behind `=>` in the `code()` functions of a source file.
fn codes(source: &str) -> impl Iterator<Item = &str> {
    source.split("const fn code(").skip(1).flat_map(|rest| {
        let body = rest.split_once("\n    }\n").expect("the end of a function").0;
        body.lines().filter_map(|line| line.split_once("=> \"")?.1.split_once('"').map(|(code, _)| code))
    })
}

#[test]
fn every_reason_code_is_documented_and_none_is_made_up() {
    let documented: Vec<_> = include_str!("../docs/reason-codes.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(code, _)| code))
        .collect();
    let known: Vec<_> = [
        include_str!("../src/error/rejection.rs"),
        include_str!("../src/error/unmet.rs"),
        include_str!("../src/error/unavailable.rs"),
        include_str!("../src/error/key.rs"),
        include_str!("../src/keys/remote/attempt.rs"),
        include_str!("../src/keys/remote/discovery.rs"),
        include_str!("../src/keys/remote/fetch.rs"),
        include_str!("../src/keys/remote/snapshot.rs"),
        include_str!("../src/verify/tenants/resolve.rs"),
    ]
    .into_iter()
    .flat_map(codes)
    .collect();
    assert!(known.len() > 70, "{known:?}");
    for code in &known {
        assert!(documented.contains(code), "{code} is not in docs/reason-codes.md");
    }
    for code in &documented {
        assert!(known.contains(code), "docs/reason-codes.md lists {code}, which no error has");
        assert_eq!(documented.iter().filter(|other| *other == code).count(), 1, "{code} is listed twice");
    }
}

/// Every `.rs` file below a folder of this package, as one text, in an order that no file system decides.
fn sources(folder: &std::path::Path) -> String {
    let mut text = String::new();
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    for entry in entries.collect::<std::collections::BTreeSet<_>>() {
        if entry.is_dir() {
            text += &sources(&entry);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            text += &std::fs::read_to_string(&entry).expect("a source file");
        }
    }
    text
}

#[test]
fn the_map_of_sections_names_files_and_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = sources(&root.join("src")) + &sources(&root.join("tests"));
    let mut rows = 0;
    for line in include_str!("../docs/rfc-map.md").lines().filter(|line| line.starts_with("| RFC")) {
        let [_, _, _, code, tests, _] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let quoted = |cell: &'static str| cell.split('`').skip(1).step_by(2);
        for path in quoted(code) {
            assert!(root.join("src").join(path).exists(), "{line}: no {path}");
        }
        for test in quoted(tests) {
            let there = if test.starts_with("tests/") {
                root.join(test).exists()
            } else {
                all.contains(&format!("fn {test}("))
            };
            assert!(there, "{line}: no {test}");
        }
        rows += 1;
    }
    assert!(rows > 20);
}

/// The function of this name, from its head to its end.
fn function<'s>(source: &'s str, name: &str) -> Option<&'s str> {
    let start = source.find(&format!("fn {name}("))?;
    let rest = source.get(start..)?;
    rest.split("\n}\n").next()
}

/// Names of the tests in a source text.
fn tests_of(source: &str) -> impl Iterator<Item = &str> {
    let attribute = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    source.lines().zip(source.lines().skip(1)).filter_map(move |(line, next)| {
        attribute(&line).then(|| next.split_once("fn ")?.1.split_once('(').map(|(name, _)| name)).flatten()
    })
}

#[test]
fn the_attack_book_names_every_attack_and_its_answer() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let attacks = sources(&root.join("tests/attacks"));
    let all = sources(&root.join("src")) + &sources(&root.join("tests"));
    let (book, documented) =
        (include_str!("../docs/threat-model.md"), include_str!("../docs/reason-codes.md"));
    let quoted = |cell: &'static str| cell.split('`').skip(1).step_by(2);
    let mut named = Vec::new();
    for line in book.lines().filter(|line| line.starts_with("| ") && line.matches(" | ").count() == 3) {
        let [_, _, _, answer, tests, _] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        if tests.trim() == "test" {
            continue;
        }
        assert!(quoted(tests).next().is_some(), "{line}: no test");
        let mut bodies = String::new();
        for test in quoted(tests) {
            // Another test may have the name, in another binary.
            let body = function(&attacks, test).or_else(|| function(&all, test));
            bodies += body.unwrap_or_else(|| panic!("{line}: no {test}"));
            named.push(test);
        }
        let of_attacks = quoted(tests).all(|test| function(&attacks, test).is_some());
        for code in quoted(answer).filter(|word| word.contains('_')) {
            assert!(documented.contains(&format!("| `{code}` |")), "{line}: {code} is no reason code");
            let asserted = bodies.contains(&format!("\"{code}\""));
            assert!(asserted || !of_attacks, "{line}: {code} is asserted by none of its tests");
        }
    }
    for test in tests_of(&attacks) {
        assert!(named.contains(&test), "docs/threat-model.md does not name {test}");
    }
    assert!(named.len() > 100, "{}", named.len());
}

/// The rows of the tables in one section, each as its cells.
fn rows<'d>(document: &'d str, section: &str) -> Vec<Vec<&'d str>> {
    let (_, rest) = document.split_once(section).unwrap_or_else(|| panic!("no {section}"));
    let body = rest.split("\n## ").next().expect("the first part");
    let lines = body.lines().filter(|line| line.starts_with("| "));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn the_failure_matrix_names_every_test_and_its_codes() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let ours = sources(&root.join("tests/failures"));
    let all = sources(&root.join("src")) + &sources(&root.join("tests"));
    let documented = include_str!("../docs/reason-codes.md");
    let mut named = Vec::new();
    for row in rows(include_str!("../docs/keys.md"), "\n## The failure matrix\n") {
        let [condition, seen, _, tests] = row[..] else { panic!("{row:?}: a cell too many or too few") };
        if condition == "condition" {
            continue;
        }
        let mut bodies = String::new();
        for test in quoted(tests) {
            let body = function(&ours, test).or_else(|| function(&all, test));
            bodies += body.unwrap_or_else(|| panic!("{condition}: no {test}"));
            named.push(test);
        }
        assert!(quoted(tests).next().is_some(), "{condition}: no test");
        let of_ours = quoted(tests).all(|test| function(&ours, test).is_some());
        let codes = |word: &&str| documented.contains(&format!("| `{word}` |"));
        for code in quoted(seen).filter(codes) {
            let asserted = bodies.contains(&format!("\"{code}\"")) || bodies.contains(constant(code));
            assert!(asserted || !of_ours, "{condition}: {code} is asserted by none of its tests");
        }
    }
    for test in tests_of(&ours) {
        assert!(named.contains(&test), "docs/keys.md does not name {test}");
    }
    assert!(named.len() > 80, "{}", named.len());
}

/// The names under which the tests of the matrix know the commonest answers.
fn constant(code: &str) -> &'static str {
    match code {
        "key_unknown" => "UNKNOWN",
        "keys_not_loaded" => "NOT_LOADED",
        "keys_expired" => "EXPIRED",
        _ => "no such constant",
    }
}

#[test]
fn the_migration_guides_name_reason_codes_and_documents_that_exist() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let documented = include_str!("../docs/reason-codes.md");
    let overview = include_str!("../docs/migrate.md");
    let mut codes = 0;
    for row in rows(overview, "\n## What is the same").into_iter().skip(1) {
        let code = quoted(row[0]).next().expect("a code");
        assert!(documented.contains(&format!("| `{code}` |")), "{code}");
        codes += 1;
    }
    assert!(codes > 4);
    let guides = docs.join("migrate").read_dir().expect("a folder");
    let guides: Vec<_> = guides.map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(guides.len(), 5);
    for path in guides.iter().chain([&docs.join("migrate.md")]) {
        let text = std::fs::read_to_string(path).expect("a guide");
        for link in text.split("](").skip(1).map(|rest| rest.split([')', '#']).next().expect("a link")) {
            let there = link.starts_with("https://") || path.with_file_name(link).exists();
            assert!(there, "{}: no {link}", path.display());
        }
        if path.file_stem().is_some_and(|name| name != "migrate") {
            let name = path.file_name().expect("a name").to_string_lossy();
            assert!(overview.contains(&format!("(migrate/{name})")), "{name} is not in the overview");
            assert!(text.contains("**The first refusal**"), "{name}");
        }
    }
}

const LEVELS: [(&str, &str); 5] = [
    ("trace", "tracing::trace!("),
    ("debug", "tracing::debug!("),
    ("info", "tracing::info!("),
    ("warn", "tracing::warn!("),
    ("error", "tracing::error!("),
];

#[test]
fn every_event_is_documented_with_its_level_and_fields() {
    let keys = include_str!("../src/keys/remote/events.rs");
    let tenants = include_str!("../src/verify/tenants/events.rs");
    let told_of = |source: &'static str, docs: &'static str, heading: &str, least: usize| {
        let (told, listed) = (events_told(source), events_listed(docs, heading));
        assert!(told.len() >= least);
        assert_eq!(told, listed);
    };
    told_of(keys, include_str!("../docs/keys.md"), "\n## Events\n", 10);
    told_of(tenants, include_str!("../docs/multi-tenant.md"), "\n## What to watch\n", 5);
}

type Event = (String, &'static str, Vec<&'static str>);

fn events_told(source: &'static str) -> Vec<Event> {
    let mut told = Vec::new();
    for (rest, level) in
        LEVELS.iter().flat_map(|(level, call)| source.split(call).skip(1).map(move |rest| (rest, *level)))
    {
        let call = rest.split(");").next().expect("the end of a call");
        let (_, rest) = call.split_once("event = \"").expect("an event has a name");
        let (event, rest) = rest.split_once('"').expect("the end of its name");
        let (fields, _) = rest.split_once('"').expect("a message for people");
        let fields = fields.split(',').map(str::trim).filter(|field| !field.is_empty() && *field != "issuer");
        let fields: Vec<_> = fields.map(|field| field.split(' ').next().unwrap_or_default()).collect();
        told.push((event.to_owned(), level, fields));
    }
    told.sort();
    told
}

fn events_listed(docs: &'static str, heading: &str) -> Vec<Event> {
    let mut listed = Vec::new();
    for row in rows(docs, heading).into_iter().skip(1) {
        let [event, level, fields, _] = row[..] else { panic!("{row:?}") };
        let level = LEVELS.iter().map(|(known, _)| *known).find(|known| *known == level);
        let event = quoted(event).next().expect("the name of an event").to_owned();
        let fields = quoted(fields).filter(|field| *field != "issuer");
        listed.push((event, level.expect("a level"), fields.collect()));
    }
    listed.sort();
    listed
}

/// The lines of a document outside of its fenced blocks.
fn prose(document: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    document.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The targets of the links in a document.
fn links(document: &str) -> Vec<String> {
    let texts = prose(document).map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join("`"));
    texts
        .flat_map(|line| {
            let targets =
                line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
            targets.collect::<Vec<_>>()
        })
        .collect()
}

/// The names under which a page shows its headings.
fn anchors(document: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for heading in prose(document).filter(|line| line.starts_with('#')) {
        let heading = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        let anchor = heading.replace(|letter: char| !(letter.is_alphanumeric() || "-_".contains(letter)), "");
        let again = anchors.iter().filter(|other| **other == anchor).count();
        anchors.push(if again == 0 { anchor } else { format!("{anchor}-{again}") });
    }
    anchors
}

fn pages(folder: &std::path::Path, depth: usize) -> Vec<std::path::PathBuf> {
    let entries = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|entry| match entry.extension() {
            Some(extension) if extension == "md" => vec![entry],
            _ if entry.is_dir() && depth > 0 => pages(&entry, depth - 1),
            _ => Vec::new(),
        })
        .collect()
}

#[test]
fn every_link_between_our_pages_leads_to_a_page_and_a_heading() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("a page");
    let folders = ["docs", "deploy", "cli", "examples", "fuzz", "interleavings", "mutants"];
    let pages = folders.iter().flat_map(|folder| pages(&root.join(folder), 1)).chain(pages(root, 0));
    let (mut ours, mut headings) = (0, 0);
    for page in pages {
        for link in links(&read(&page)) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            // What is shown elsewhere, as the program's page is, names ours in full.
            let target = match path.split_once("//github.com/portcullis-rs/portcullis/blob/main/") {
                Some((_, path)) => root.join(path),
                None if path.contains("://") || path.starts_with("mailto:") => continue,
                None if path.is_empty() => page.clone(),
                None => page.with_file_name(path),
            };
            assert!(target.exists(), "{}: no {link}", page.display());
            ours += 1;
            if target.extension().is_some_and(|extension| extension == "md") && !anchor.is_empty() {
                let there = anchors(&read(&target)).iter().any(|known| known == anchor);
                assert!(there, "{}: no heading for {link}", page.display());
                headings += 1;
            }
        }
    }
    assert!(ours > 150 && headings > 80, "{ours}, {headings}");
}
