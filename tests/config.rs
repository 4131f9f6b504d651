//! The files in `config/` load and tell the truth, and those in `tests/config/bad/` are refused in the expected words.
//!
//! Each file there has its message beside it, with the folder cut off. After a change of the words,
//! `UPDATE_EXPECTED=1 cargo test --test config` writes them anew, for review as a diff.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mjpegd::config::{self, Keys, Settings};

const EXAMPLE: &str = include_str!("../config/mjpegd.toml");

/// Asked when the test runs: where it was built, the project may be no longer.
fn folder(name: &str) -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join(name)
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let paths = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    files
}

fn load(path: &Path) -> Result<Settings, String> {
    config::load(Some(path), Keys::default()).map_err(|error| error.to_string())
}

fn load_text(text: &str) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mjpegd.toml");
    fs::write(&path, text).unwrap();
    load(&path)
}

/// The example with every key in force that stands behind one of these marks.
fn uncommented(marks: &[&str]) -> String {
    let lines = EXAMPLE.lines().map(|line| {
        let mut bare = marks.iter().filter_map(|mark| line.strip_prefix(mark));
        bare.find(|bare| is_key(bare) || *bare == "[[push]]").unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_key(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(key, _)| {
        !key.is_empty()
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    })
}

#[test]
fn every_shipped_file_loads() {
    let files = toml_files(&folder("config"));
    assert!(files.len() >= 3);
    for file in files {
        load(&file).unwrap();
    }
}

#[test]
fn the_shipped_example_changes_nothing_and_shows_the_defaults() {
    assert_eq!(load_text(EXAMPLE), Ok(Settings::default()));
    assert_eq!(load_text(&uncommented(&["# "])), Ok(Settings::default()));
}

#[test]
fn the_shipped_example_has_every_key() {
    let text = uncommented(&["# ", "# Example: "]);
    load_text(&text).unwrap();
    let mut keys: Keys = toml::from_str(&text).unwrap();
    // No kind of push takes all keys; there is an example for each.
    let lacks = |push| {
        let text = format!("{push:?}");
        let pieces = text.split(", ").map(str::to_owned);
        pieces.filter_map(|piece| piece.strip_suffix(": None").map(str::to_owned)).collect::<BTreeSet<_>>()
    };
    let lacks = std::mem::take(&mut keys.push).into_iter().map(lacks);
    let lacks = lacks.reduce(|one, other| &one & &other).unwrap();
    // A token stands beside neither the file of one nor a name and password.
    assert_eq!(lacks.into_iter().collect::<Vec<_>>(), ["token"]);
    // A key that the example lacks stays `None`; these defaults hold a `None` inside.
    let keys = ["AllowOrigin(None)", "Crop(None)", "Format(None)", "IdleFps(None)", "Scale(None)"]
        .iter()
        .fold(format!("{keys:?}"), |keys, default| keys.replace(default, ""));
    assert!(!keys.contains("None"), "{keys}");
}

#[test]
fn the_shipped_example_shows_the_ranges_that_are_in_force() {
    let text = uncommented(&["# ", "# Example: "]);
    let words = EXAMPLE.replace("\n# ", " ");
    let mut keys = 0;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| is_key(line)) {
        // An empty table is the wrong type for every key.
        let (key, _) = line.split_once(" = ").unwrap();
        let wrong: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(other, line)| if other == index { format!("{key} = {{}}") } else { line.to_owned() })
            .collect();
        let refusal = load_text(&wrong.join("\n")).unwrap_err();
        let (_, allowed) = refusal.split_once("; allowed: ").unwrap_or_else(|| panic!("{refusal}"));
        assert!(words.contains(allowed), "{key}: {allowed}");
        keys += 1;
    }
    assert!(keys >= 25, "{keys}");
}

#[test]
fn every_bad_file_is_refused_in_the_expected_words() {
    let bad = folder("tests/config/bad");
    let files = toml_files(&bad);
    assert!(files.len() >= 15);
    for file in files {
        let told = load(&file).unwrap_err();
        let told = told.replace(&format!("{}/", bad.display()), "") + "\n";
        let expected = file.with_extension("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &told).unwrap();
        }
        let name = file.display();
        assert_eq!(told, fs::read_to_string(&expected).unwrap_or_default(), "{name}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told_with_its_path_and_the_reason() {
    let refusal = load(Path::new("/nowhere/mjpegd.toml")).unwrap_err();
    assert!(refusal.starts_with("/nowhere/mjpegd.toml: cannot be read: No such file"), "{refusal}");
    assert!(load(Path::new("/")).unwrap_err().contains("Is a directory"));
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused() {
    let comment = "#".repeat(1024 * 1024);
    assert_eq!(load_text(&comment), Ok(Settings::default()));
    let refusal = load_text(&format!("{comment}#")).unwrap_err();
    assert!(refusal.ends_with("mjpegd.toml: is too large; allowed: 1 MiB"), "{refusal}");
}

#[test]
fn an_endless_list_of_mistakes_is_cut_short() {
    let text: String = (0..10_000).map(|number| format!("key{number} = 0\n")).collect();
    assert_eq!(load_text(&text).unwrap_err().lines().count(), 20);
}
