//! A handle to the controls of the camera that the source reads, for every thread but the one that captures.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::held::Held;
use super::{Board, Control, Error, Kind, Plan, Value, Wish, find, list};

/// Opens the camera's controls for the length of one operation, whether or not somebody streams from it.
pub trait Access: Send + Sync {
    fn open(&self) -> Result<Box<dyn Board>, Error>;
}

type Bell = Arc<dyn Fn() + Send + Sync>;

/// Everything here waits for the camera, for milliseconds or, with some, for seconds; and never for the capture thread.
#[derive(Default)]
pub struct Panel {
    /// Had by whoever sets controls, from the first to what is remembered of it.
    turn: Mutex<()>,
    state: Mutex<State>,
    /// How often something has changed.
    changes: AtomicU64,
    /// How often `watched` has changed.
    watch: AtomicU64,
}

#[derive(Default)]
struct State {
    access: Option<Arc<dyn Access>>,
    /// What the settings want of every camera.
    settings: Vec<Wish>,
    /// What was set since, and is to hold over the settings.
    remembered: BTreeMap<String, Value>,
    /// Of what is wanted, what the camera does not do.
    troubles: Vec<String>,
    /// The controls whose changes somebody wants to hear of.
    watched: Arc<[u32]>,
    /// Those that the source uses for what the settings want of pictures.
    held: Arc<[u32]>,
    bells: Vec<Bell>,
}

impl Panel {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// All controls with their values.
    pub fn list(&self) -> Result<Vec<Control>, Error> {
        let controls = list(&*self.open()?)?;
        self.watch(controls.iter().map(|control| control.id));
        Ok(controls)
    }

    /// One control with its value; `name` is a key, a number, the driver's name, or that of another kernel.
    pub fn get(&self, name: &str) -> Result<Control, Error> {
        let board = self.open()?;
        let controls = board.describe()?;
        with_value(&*board, find(&controls, name)?)
    }

    /// Sets one or several, what is automatic first, and returns these controls as they are then: drivers adjust values.
    /// Nothing is set when one of them is refused here; when the camera refuses one, the others are set all the same.
    /// What is remembered is set again whenever the camera is opened.
    pub fn set(&self, changes: &[(String, Value)], remember: bool) -> Result<Vec<Control>, Vec<Error>> {
        let wishes: Vec<_> = changes.iter().map(|(name, value)| Wish::new(name, value.clone())).collect();
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let board = self.open().map_err(|error| vec![error])?;
        let mut plan = Plan::new(&*board, &wishes).map_err(|error| vec![error])?;
        if !plan.refused().is_empty() {
            return Err(plan.refused().to_vec());
        }
        plan.apply(&*board);
        self.changed();
        let failed: Vec<Error> = plan.failed().cloned().collect();
        let set = fresh(&*board, plan.controls().map(|control| control.id));
        if remember {
            let failed = |control: &Control| failed.iter().any(|error| error.key() == Some(&control.key));
            let mut state = self.lock();
            for control in set.iter().flatten().filter(|control| !failed(control)) {
                // A button that is pressed again at every start is nothing that anyone would expect.
                if let Some(value) = control.value.clone().filter(|_| control.kind != Kind::Button) {
                    state.remembered.insert(control.key.clone(), value);
                }
            }
        }
        if failed.is_empty() { set.map_err(|error| vec![error]) } else { Err(failed) }
    }

    /// Sets these, or with no names all that can be, to what the driver calls their default. Returns them as they are then.
    pub fn reset(&self, names: &[&str], remember: bool) -> Result<Vec<Control>, Vec<Error>> {
        let one = |error| vec![error];
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let board = self.open().map_err(one)?;
        let controls = board.describe().map_err(one)?;
        let chosen: Vec<&Control> = if names.is_empty() {
            controls.iter().filter(|control| is_resettable(control)).collect()
        } else {
            names.iter().map(|name| find(&controls, name)).collect::<Result<_, _>>().map_err(one)?
        };
        let wishes = chosen.iter().filter_map(|control| {
            let value = control.default.clone()?;
            // Of all of them those that are held now have what holds them back at its default, which is enough.
            Some(Wish { optional: names.is_empty(), ..Wish::new(control.key.clone(), value) })
        });
        let mut plan = Plan::new(&*board, &wishes.collect::<Vec<_>>()).map_err(one)?.switches_last();
        if !plan.refused().is_empty() {
            return Err(plan.refused().to_vec());
        }
        plan.apply(&*board);
        self.changed();
        if remember {
            self.forget(&controls, &chosen);
        }
        let failed: Vec<Error> = plan.failed().cloned().collect();
        let ids = chosen.iter().map(|control| control.id);
        if failed.is_empty() { fresh(&*board, ids).map_err(one) } else { Err(failed) }
    }

    /// What the settings want otherwise is remembered at its default; for the rest nothing need be.
    fn forget(&self, controls: &[Control], reset: &[&Control]) {
        let mut state = self.lock();
        let State { settings, remembered, .. } = &mut *state;
        remembered.retain(|name, _| {
            !find(controls, name).is_ok_and(|control| reset.iter().any(|other| other.id == control.id))
        });
        for control in reset {
            let wanted = |wish: &Wish| find(controls, &wish.name).is_ok_and(|other| other.id == control.id);
            if let Some(default) = control.default.clone().filter(|_| settings.iter().any(wanted)) {
                remembered.insert(control.key.clone(), default);
            }
        }
    }

    /// What was set with `remember`, to be kept for the next start.
    pub fn wanted(&self) -> BTreeMap<String, Value> {
        self.lock().remembered.clone()
    }

    /// Puts this in place of what was remembered. It takes effect when the camera is opened the next time.
    pub fn set_wanted(&self, wanted: BTreeMap<String, Value>) {
        self.lock().remembered = wanted;
    }

    /// Of what is wanted, what the camera does not do, as of its last start.
    pub fn troubles(&self) -> Vec<String> {
        self.lock().troubles.clone()
    }

    /// A number that grows when a control may have changed, by whomsoever: one look at it costs nothing.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// `bell` is called after each change, on the thread that noticed it. It must not wait.
    pub fn on_change(&self, bell: impl Fn() + Send + Sync + 'static) {
        self.lock().bells.push(Arc::new(bell));
    }

    /// For the source: where the controls are, and what the settings want them to be. `None`: it has none.
    pub fn attach(&self, access: Option<Arc<dyn Access>>, settings: Vec<Wish>) {
        let mut state = self.lock();
        state.access = access;
        state.settings = settings;
        state.troubles.clear();
        state.held = Arc::default();
        drop(state);
        self.changed();
    }

    /// For the source, which waits for nobody: what is wanted changes only when this is given back. `None`: somebody sets a control.
    pub fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// For the source: all that is wanted; of two for one control the later one counts.
    pub fn wishes(&self) -> Vec<Wish> {
        let state = self.lock();
        let remembered = state.remembered.iter().map(|(name, value)| Wish::new(name, value.clone()));
        state.settings.iter().cloned().chain(remembered).collect()
    }

    /// For the source: of what is wanted, what the camera does not do. Logged when it is not what it was at the last start.
    pub fn report(&self, troubles: Vec<String>) {
        let before = std::mem::replace(&mut self.lock().troubles, troubles.clone());
        if before != troubles {
            troubles.iter().for_each(|trouble| log::warn!("{trouble}"));
        }
    }

    /// For the source: from now on it has these for itself, to flip pictures as `[image]` says, and they are nobody else's to set.
    pub fn hold(&self, ids: &[u32]) {
        let before = std::mem::replace(&mut self.lock().held, ids.into());
        if *before != *ids {
            self.changed();
        }
    }

    /// For the source: a control has changed.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        let bells = self.lock().bells.clone();
        bells.iter().for_each(|bell| bell());
    }

    /// From now on somebody wants to hear of changes of these.
    pub fn watch(&self, ids: impl Iterator<Item = u32>) {
        let ids: Arc<[u32]> = ids.collect();
        let mut state = self.lock();
        if state.watched != ids {
            state.watched = ids;
            self.watch.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// For the source: the controls to watch, when they are others than at `seen`.
    pub fn watched_since(&self, seen: &mut u64) -> Option<Arc<[u32]>> {
        let now = self.watch.load(Ordering::Acquire);
        (std::mem::replace(seen, now) != now).then(|| Arc::clone(&self.lock().watched))
    }

    fn open(&self) -> Result<Box<dyn Board>, Error> {
        let (access, ids) = {
            let state = self.lock();
            (state.access.clone(), Arc::clone(&state.held))
        };
        match access {
            Some(access) => {
                let board = access.open()?;
                Ok(Box::new(Held { board, ids, by: "the flips and the rotation of [image]" }))
            }
            None => Err(Error::NoControls("this source has no controls; a camera has (source v4l2)".into())),
        }
    }

    /// Held for a moment only, and never while a camera is asked.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Panel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Panel").field("changes", &self.changes).finish_non_exhaustive()
    }
}

fn with_value(board: &dyn Board, control: &Control) -> Result<Control, Error> {
    Ok(Control { value: board.read(control)?, ..control.clone() })
}

/// What is held back or out of range may have become another: described anew.
fn fresh(board: &dyn Board, ids: impl Iterator<Item = u32>) -> Result<Vec<Control>, Error> {
    let controls = board.describe()?;
    ids.filter_map(|id| controls.iter().find(|control| control.id == id))
        .map(|control| with_value(board, control))
        .collect()
}

fn is_resettable(control: &Control) -> bool {
    !control.read_only && control.kind != Kind::Button && control.default.is_some()
}
