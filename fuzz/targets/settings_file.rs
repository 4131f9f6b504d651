//! The settings file: what it says, or everything that is wrong with it.

use std::fs;

use mjpegd::config::{self, Keys};

/// A folder of its own has none of these.
const OUTSIDE: [&[u8]; 3] = [b"/dev", b"/proc", b"/sys"];

pub fn run(data: &[u8]) -> bool {
    // Files that never end are a person's own doing, and would be the fuzzer's end.
    if OUTSIDE.iter().any(|name| memchr::memmem::find(data, name).is_some()) {
        return false;
    }
    let path = super::file("settings.toml");
    fs::write(&path, data).unwrap();
    let settings = match config::load(Some(&path), Keys::default()) {
        Ok(settings) => settings,
        Err(error) => {
            let lines = data.iter().filter(|byte| **byte == b'\n').count() + 1;
            let place = path.display().to_string();
            assert!((1..=20).contains(&error.problems().len()), "{error}");
            for problem in error.problems() {
                // Each tells where it is, on one line of the log.
                let rest = problem.strip_prefix(&place).unwrap_or_else(|| panic!("{problem}"));
                assert!(!problem.contains(char::is_control), "{problem:?}");
                assert!(rest.strip_prefix(':').is_some_and(|rest| rest.len() > 3), "{problem}");
                let line = rest[1..].split(':').next().and_then(|line| line.parse::<usize>().ok());
                assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "{problem}");
            }
            return false;
        }
    };
    // What can be changed while it runs is shown in the file's form: written there, it means the same.
    let shown = serde_json::to_value(&settings).unwrap();
    let text = toml::to_string(&settings).unwrap();
    fs::write(&path, &text).unwrap();
    let again = config::load(Some(&path), Keys::default()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(serde_json::to_value(&again).unwrap(), shown);
    true
}
