//! What was kept over restarts, as a power cut, a bad card or another version may have left it.

use std::fs;

use mjpegd::config::{Live, Settings, StateFile};

pub fn run(data: &[u8]) -> bool {
    let path = super::file("state.toml");
    fs::write(&path, data).unwrap();
    let file = StateFile::new(&path);
    let mut base = Settings::default();
    base.api.state_file = Some(path.clone());
    // Whatever is in it, mjpegd starts: with all of it, or with what the settings file says.
    let (live, controls) = Live::new(base.clone());
    let (changes, is_saved) = live.changes();
    assert!(is_saved);
    let is_ours = match file.load() {
        Ok(saved) => {
            assert_eq!(saved.controls, controls);
            assert!(*changes.table() == saved.settings || changes.table().is_empty());
            // What is written is what is read.
            file.store(&saved).unwrap();
            assert_eq!(file.load().unwrap(), saved);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(changes.table().is_empty() && controls.is_empty() && *live.get() == base);
            false
        }
    };
    // Kept and started once more it is the same.
    live.save(controls.clone()).unwrap();
    let (next, next_controls) = Live::new(base);
    assert!(*next.get() == *live.get());
    assert_eq!(next_controls, controls);
    is_ours
}
