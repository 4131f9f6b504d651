//! README and the pages in `docs/` name only what there is: files, settings, flags, commands.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mjpegd::config::{self, Keys};

/// Asked when the test runs: where it was built, the project may be no longer.
fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap().into()
}

/// Every page with its path.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "ARCHITECTURE.md"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    paths.extend(root().join("docs").read_dir().unwrap().map(|entry| entry.unwrap().path()));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    assert!(paths.len() >= 9, "{paths:?}");
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The blocks between fences that have this name behind the first.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<(bool, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), block.take()) {
            (Some(name), None) => block = Some((name == language, String::new())),
            (Some(_), Some((true, whole))) => found.push(whole),
            (Some(_), Some((false, _))) | (None, None) => {}
            (None, Some((wanted, whole))) => block = Some((wanted, whole + line + "\n")),
        }
    }
    assert!(block.is_none(), "a block without its end");
    found
}

/// The targets of `[text](target)`, which may stand across two lines.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect()
}

/// What a link such as `page.md#some-heading` calls the heading.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut seen = 0;
    for (path, text) in pages() {
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            seen += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            assert!(target.exists(), "{}: {link}", path.display());
            if !heading.is_empty() {
                let page = fs::read_to_string(&target).unwrap();
                let mut headings = page.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(headings.any(|there| there == heading), "{}: {link}", path.display());
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn every_toml_block_is_accepted_as_a_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mjpegd.toml");
    let mut seen = 0;
    for (path, text) in pages() {
        for block in blocks(&text, "toml") {
            seen += 1;
            fs::write(&file, &block).unwrap();
            config::load(Some(&file), Keys::default())
                .unwrap_or_else(|error| panic!("{}: {error}\n{block}", path.display()));
        }
    }
    assert!(seen > 3, "{seen}");
}

/// The words of each call of mjpegd in the shell blocks: up to a comment, a pipe or the line's end.
fn calls(text: &str) -> Vec<Vec<String>> {
    let lines = blocks(text, "sh").join("\n").replace("\\\n", " ");
    lines
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .map(|line| line.strip_prefix("sudo ").unwrap_or(line))
        .filter_map(|line| line.split('|').next()?.strip_prefix("mjpegd "))
        .map(|words| words.split_whitespace().map(ToOwned::to_owned).collect())
        .collect()
}

#[test]
fn every_call_of_mjpegd_is_understood() {
    let mut seen = 0;
    for (path, text) in pages() {
        for mut words in calls(&text) {
            seen += 1;
            // With --help at its end a call is read to the first thing that is wrong, and nothing is started.
            words.push("--help".into());
            let output = Command::new(env!("CARGO_BIN_EXE_mjpegd")).args(&words).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: mjpegd {}: {said}", path.display(), words.join(" "));
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn every_flag_that_is_named_is_in_the_help() {
    let output = Command::new(env!("CARGO_BIN_EXE_mjpegd")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let known = |flag: &str| help.split(|letter: char| !is_of_a_flag(letter)).any(|word| word == flag);
    let mut seen = 0;
    // The help leaves out what only ustreamer's command lines have; beside their list is a test for the page that has them.
    for (path, text) in pages().into_iter().filter(|(path, _)| !path.ends_with("docs/ustreamer.md")) {
        // In backticks and at the beginning: what another program's flag is stands behind that program's name.
        for code in text.split('`').filter(|code| code.starts_with("--")) {
            let flag = code.split(|letter: char| !is_of_a_flag(letter)).next().unwrap_or_default();
            seen += 1;
            assert!(known(flag), "{}: {flag}", path.display());
        }
    }
    assert!(seen > 3, "{seen}");
}

fn is_of_a_flag(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-'
}

#[test]
fn every_target_of_make_that_is_named_exists() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let mut seen = 0;
    for (path, text) in pages() {
        for line in blocks(&text, "sh").join("\n").lines() {
            let Some(target) = line.strip_prefix("make ").and_then(|rest| rest.split_whitespace().next())
            else {
                continue;
            };
            seen += 1;
            assert!(makefile.contains(&format!("\n{target}:")), "{}: make {target}", path.display());
        }
    }
    assert!(seen > 3, "{seen}");
}

#[test]
fn every_dependency_has_its_reason_in_the_architecture() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let wanted = ["dependencies", "dev-dependencies"]
        .into_iter()
        .flat_map(|table| manifest[table].as_table().unwrap().keys());
    let wanted: BTreeSet<&str> = wanted.map(String::as_str).collect();
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, section) = page.split_once("\n## Dependencies\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    let mut named = BTreeSet::new();
    for (crates, why) in rows {
        assert!(why.len() > 6, "{crates}: {why}");
        named.extend(crates.split(['`', ',', ' ']).filter(|name| !name.is_empty()));
    }
    assert_eq!(named, wanted);
}

#[test]
fn every_message_that_a_page_explains_is_one_that_the_source_can_say() {
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let source = all_source(&root().join("src"));
    // Explained messages stand as the first cell of a table, in backticks, with "..." for what varies.
    let messages: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |").map(|cells| cells.0))
        .collect();
    assert!(messages.len() > 15, "{messages:?}");
    for message in messages {
        for part in message.split("...").map(str::trim).filter(|part| !part.is_empty()) {
            assert!(source.contains(part), "nothing says: {part}");
        }
    }
}

#[test]
fn every_test_that_a_page_names_exists() {
    let page = fs::read_to_string(root().join("docs/field-problems.md")).unwrap();
    let tests = all_source(&root().join("tests")) + &all_source(&root().join("src"));
    let mut troubles = 0;
    for trouble in page.split("\n## ").skip(1) {
        troubles += 1;
        let (_, named) = trouble.split_once("\nTests: ").expect("a line of tests below each trouble");
        let names: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{trouble}");
        for name in names {
            let is_there =
                [format!("fn {name}("), format!("def {name}(")].iter().any(|one| tests.contains(one));
            assert!(is_there, "no test is called {name}");
        }
    }
    assert_eq!(troubles, 25);
}

/// All files as one text, with texts that go across lines made one line.
fn all_source(folder: &Path) -> String {
    let mut whole = String::new();
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            whole += &all_source(&entry.path());
        } else {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            whole += &lines.join("\n").replace("\\\n", "").replace("\\\"", "\"");
        }
    }
    whole
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let dashboard = fs::read_to_string(root().join("config/grafana-dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    let source = fs::read_to_string(root().join("src/viewers/metrics.rs")).unwrap();
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let words = target["expr"].as_str().unwrap().split(|c: char| !c.is_alphanumeric() && c != '_');
            for name in words.filter(|word| word.starts_with("mjpegd_") || word.starts_with("process_")) {
                let name = name.trim_start_matches("mjpegd_").trim_start_matches("process_");
                let name = name.trim_end_matches("_bucket");
                assert!(source.contains(&format!("\"{name}\"")), "{name}");
                asked += 1;
            }
        }
    }
    assert!(asked > 10, "{asked}");
}
