//! The settings that hold now: those that the daemon was started with, and what was changed since.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use log::{info, warn};
use serde_json::Value as Json;
use thiserror::Error;
use toml::Table;

use super::changes::Changes;
use super::differences;
use super::error::ConfigError;
use super::saved::{Saved, StateFile};
use super::settings::Settings;

pub struct Live {
    file: Option<StateFile>,
    /// Of two who save at once the later one is the one that stays. A disk may take its time: nobody else waits for this.
    saving: Mutex<()>,
    current: ArcSwap<Settings>,
    generation: AtomicU64,
    state: Mutex<State>,
    on_change: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
}

struct State {
    /// Defaults, file and flags.
    base: Settings,
    changes: Changes,
    saved: Changes,
}

/// What has come of settings that were read again.
#[derive(Debug)]
pub struct Reloaded {
    pub before: Arc<Settings>,
    pub now: Arc<Settings>,
    /// The keys that have another value now.
    pub changed: Vec<String>,
    /// Those that would have one after a restart.
    pub fixed: Vec<&'static str>,
}

/// Why nothing was kept.
#[derive(Debug, Error)]
pub enum NotSaved {
    #[error(
        "there is no file to keep it in: set [api] state-file, or --state-file; under systemd StateDirectory= gives one"
    )]
    Nowhere,
    #[error("{path}: {why}")]
    Failed { path: String, why: io::Error },
}

impl NotSaved {
    pub fn is_for_want_of_room(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(self, Self::Failed { why, .. } if matches!(why.kind(), StorageFull | QuotaExceeded | FileTooLarge))
    }
}

impl Live {
    /// Starts with what was kept in the settings' state file, which also says how the camera's controls were set. What
    /// cannot be read, or does not fit any longer, is told in the log and left alone.
    pub fn new(base: Settings) -> (Arc<Self>, Table) {
        let file = base.api.state_file.clone().map(StateFile::new);
        let Saved { settings, controls } = file.as_ref().map(load).unwrap_or_default();
        let mut changes = Changes::new(settings);
        let mut current = base.clone();
        if let Err(error) = changes.apply(&mut current) {
            let path = file.as_ref().map(|file| file.path().display().to_string()).unwrap_or_default();
            for problem in error.problems() {
                warn!("{path}: {problem}");
            }
            warn!("{path}: the settings that were kept do not fit; going on without them");
            (changes, current) = (Changes::default(), base.clone());
        } else if !changes.table().is_empty() {
            info!("settings that were kept: {}", on_one_line(&changes));
        }
        let live = Self {
            file,
            saving: Mutex::default(),
            current: ArcSwap::from_pointee(current),
            generation: AtomicU64::new(1),
            state: Mutex::new(State { base, saved: changes.clone(), changes }),
            on_change: Mutex::default(),
        };
        (Arc::new(live), controls)
    }

    pub fn get(&self) -> Arc<Settings> {
        self.current.load_full()
    }

    /// As `get`, for a look at one of them.
    pub fn load(&self) -> Guard<Arc<Settings>> {
        self.current.load()
    }

    /// Another number after each change.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Has `changed` called after every change from now on; it must not block.
    pub fn on_change(&self, changed: Box<dyn Fn() + Send + Sync>) {
        self.on_change.lock().unwrap_or_else(PoisonError::into_inner).push(changed);
    }

    /// Changes what the JSON Merge Patch says, all of it or, where something is wrong, nothing.
    pub fn patch(&self, patch: &Json) -> Result<(), ConfigError> {
        let mut state = self.lock();
        let changes = state.changes.merged(patch)?;
        let mut settings = state.base.clone();
        changes.apply(&mut settings)?;
        if changes == state.changes {
            return Ok(());
        }
        info!("settings changed: {}", on_one_line(&changes));
        state.changes = changes;
        self.put(Arc::new(settings), state);
        Ok(())
    }

    /// Puts these in place of the file and the flags of the start, but for what takes a restart; what was changed since goes over
    /// them as it did. Where that does not fit together, nothing is changed.
    pub fn reload(&self, mut base: Settings) -> Result<Reloaded, ConfigError> {
        let mut state = self.lock();
        let fixed = differences::keep_fixed(&state.base, &mut base);
        let mut now = base.clone();
        state.changes.apply(&mut now)?;
        let (before, now) = (self.get(), Arc::new(now));
        let changed = differences::names(&before, &now);
        state.base = base;
        if *before != *now {
            self.put(Arc::clone(&now), state);
        }
        Ok(Reloaded { before, now, changed, fixed })
    }

    fn put(&self, settings: Arc<Settings>, state: MutexGuard<'_, State>) {
        self.current.store(settings);
        self.generation.fetch_add(1, Ordering::Release);
        drop(state);
        self.on_change.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|changed| changed());
    }

    /// Whether there is a file to keep changes in.
    pub fn can_save(&self) -> bool {
        self.file.is_some()
    }

    /// What differs from the file and the flags, and whether a restart would find the same.
    pub fn changes(&self) -> (Changes, bool) {
        let state = self.lock();
        (state.changes.clone(), state.changes == state.saved)
    }

    /// Keeps all changes over restarts, and the controls as given. Waits for the disk.
    pub fn save(&self, controls: Table) -> Result<(), NotSaved> {
        let file = self.file.as_ref().ok_or(NotSaved::Nowhere)?;
        let _saving = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = self.lock().changes.clone();
        let saved = Saved { settings: changes.table().clone(), controls };
        let path = file.path().display().to_string();
        file.store(&saved).map_err(|why| NotSaved::Failed { path: path.clone(), why })?;
        self.lock().saved = changes;
        info!("kept in {path}");
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(file: &StateFile) -> Saved {
    file.load().unwrap_or_else(|error| {
        let path = file.path().display();
        warn!("{path}: {error}; going on without what was kept there");
        Saved::default()
    })
}

fn on_one_line(changes: &Changes) -> String {
    serde_json::to_string(changes.table()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base(path: Option<&std::path::Path>) -> Settings {
        let mut base = Settings::default();
        base.api.state_file = path.map(Into::into);
        base
    }

    #[test]
    fn a_change_is_made_whole_or_not_at_all() {
        let (live, _) = Live::new(base(None));
        let before = live.generation();
        assert!(live.patch(&json!({"encoder": {"quality": 5}, "source": {"resolution": "tiny"}})).is_err());
        assert_eq!((live.get().encoder.quality.get(), live.generation()), (80, before));
        live.patch(&json!({"encoder": {"quality": 5}})).unwrap();
        assert_eq!(live.get().encoder.quality.get(), 5);
        assert_ne!(live.generation(), before);
        assert!(matches!(live.save(Table::new()), Err(NotSaved::Nowhere)));
    }

    #[test]
    fn what_is_saved_holds_in_the_next_life_and_what_is_not_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.toml");
        let (live, _) = Live::new(base(Some(&path)));
        live.patch(&json!({"encoder": {"quality": 5}})).unwrap();
        assert!(!live.changes().1);
        live.save(Table::from_iter([("gain".to_owned(), 3.into())])).unwrap();
        assert!(live.changes().1);
        live.patch(&json!({"encoder": {"quality": 6}})).unwrap();
        let (next, controls) = Live::new(base(Some(&path)));
        assert_eq!((next.get().encoder.quality.get(), controls.to_string().trim()), (5, "gain = 3"));
    }

    #[test]
    fn settings_that_are_read_again_go_below_what_was_changed_since() {
        let (live, _) = Live::new(base(None));
        live.patch(&json!({"encoder": {"quality": 5}})).unwrap();
        let (mut new, before) = (base(None), live.generation());
        assert!(live.reload(new.clone()).unwrap().changed.is_empty());
        assert_eq!(live.generation(), before);
        new.encoder.quality = "50".parse().unwrap();
        new.image.greyscale = true;
        new.http.port += 1;
        let reloaded = live.reload(new).unwrap();
        assert_eq!(
            (reloaded.changed, reloaded.fixed),
            (vec!["image.greyscale".to_owned()], vec!["http.port"])
        );
        let now = live.get();
        assert_eq!((now.encoder.quality.get(), now.image.greyscale, now.http.port), (5, true, 8080));
        live.patch(&json!({"encoder": null})).unwrap();
        assert_eq!(live.get().encoder.quality.get(), 50);
    }

    #[test]
    fn settings_that_do_not_fit_to_what_was_changed_since_are_not_taken() {
        let mut first = base(None);
        first.source.feeds.command = vec!["true".to_owned()];
        let (live, _) = Live::new(first);
        live.patch(&json!({"source": {"name": "command"}})).unwrap();
        let before = live.get();
        assert!(live.reload(base(None)).unwrap_err().to_string().contains("needs a program"));
        assert_eq!(live.get(), before);
    }

    #[test]
    fn what_was_kept_and_does_not_fit_any_longer_does_not_end_the_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.toml");
        for text in
            ["[settings.encoder]\nquality = 500", "[settings.none]\nkey = 1", "not TOML", "settings = 3"]
        {
            std::fs::write(&path, text).unwrap();
            let (live, _) = Live::new(base(Some(&path)));
            assert_eq!(*live.get(), base(Some(&path)), "{text}");
        }
    }
}
