//! What others see of a push, and how they call it: how many frames went out, what is wrong, and "send one now".

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::bell::Bell;
use crate::clock::Monotonic;
use crate::config::Push;
use crate::latest::Latest;
use crate::stats::Counter;

/// Those of all pushes, in the order of the settings.
#[derive(Debug)]
pub struct Outlets(ArcSwap<Vec<Arc<Outlet>>>);

impl Outlets {
    pub fn new(all: Vec<Arc<Outlet>>) -> Arc<Self> {
        Arc::new(Self(ArcSwap::from_pointee(all)))
    }

    pub fn get(&self) -> Arc<Vec<Arc<Outlet>>> {
        self.0.load_full()
    }

    pub fn set(&self, all: Vec<Arc<Outlet>>) {
        self.0.store(Arc::new(all));
    }
}

#[derive(Debug)]
pub struct Outlet {
    pub settings: Push,
    pub bell: Arc<Bell>,
    pub sent: Counter,
    pub failures: Counter,
    /// Frames that came while it was busy with another one, and that it then was too late for.
    pub skipped: Counter,
    has_ended: AtomicBool,
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    sent: Option<Monotonic>,
    trouble: Option<String>,
    last_error: Option<String>,
}

impl Outlet {
    pub fn new(settings: &Push, latest: &Latest) -> Arc<Self> {
        Arc::new(Self {
            settings: settings.clone(),
            bell: Bell::new(latest),
            sent: Counter::default(),
            failures: Counter::default(),
            skipped: Counter::default(),
            has_ended: AtomicBool::new(false),
            state: Mutex::default(),
        })
    }

    /// Has it send the next frame now, whatever its interval. False: it has ended for good.
    pub fn call(&self) -> bool {
        self.bell.call();
        !self.has_ended()
    }

    /// One has gone out; after trouble the next may fail again, and it is over when that `is_lasting`. Returns whether it has been
    /// over since then.
    pub fn succeed(&self, is_lasting: bool) -> bool {
        self.sent.add(1);
        let mut state = self.lock();
        state.sent = Some(Monotonic::now());
        is_lasting && state.trouble.take().is_some()
    }

    /// One has not gone out. Returns whether the last one went out, or failed for another reason.
    pub fn fail(&self, why: &str) -> bool {
        self.failures.add(1);
        let mut state = self.lock();
        state.last_error = Some(why.to_owned());
        state.trouble.replace(why.to_owned()).is_none_or(|before| before != why)
    }

    /// The receiver wants no more.
    pub fn end(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// When the last one went out.
    pub fn last_sent(&self) -> Option<Monotonic> {
        self.lock().sent
    }

    /// Whether something is wrong.
    pub fn is_failing(&self) -> bool {
        self.lock().trouble.is_some()
    }

    /// Why one did not go out last, however long ago.
    pub fn last_error(&self) -> Option<String> {
        self.lock().last_error.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Receiver;

    #[test]
    fn each_cause_is_news_once_and_so_is_its_end() {
        let settings = Push {
            name: "one".into(),
            interval: None,
            timeout: std::time::Duration::ZERO,
            receiver: Receiver::Command(Vec::new()),
        };
        let outlet = Outlet::new(&settings, &Latest::new());
        assert!(!outlet.succeed(true));
        assert!(outlet.fail("no route"));
        assert!(!outlet.fail("no route"));
        assert!(outlet.fail("refused") && outlet.is_failing());
        assert!(!outlet.succeed(false) && outlet.is_failing());
        assert!(outlet.succeed(true) && !outlet.succeed(true));
        assert_eq!((outlet.is_failing(), outlet.last_error().as_deref()), (false, Some("refused")));
        assert_eq!((outlet.sent.get(), outlet.failures.get()), (4, 3));
    }
}
