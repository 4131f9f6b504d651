//! Room for one picture between the thread that gets it and the one that shows it: a newer one takes the place of one that
//! was not fetched. So nothing piles up, however fast pictures come or slowly they go.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Monotonic;

#[derive(Debug, Default)]
pub struct Mailbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    /// When it came; `None`: there is none that was not fetched.
    captured: Option<Monotonic>,
    /// Since the last one that was fetched.
    replaced: u64,
    /// Why no more will come.
    ended: Option<String>,
    /// Nobody fetches any longer.
    closed: bool,
}

/// What was fetched.
#[derive(Debug, PartialEq, Eq)]
pub enum Letter {
    Picture {
        captured: Monotonic,
        lost: u64,
    },
    /// Nothing within the time.
    Nothing,
    /// No more will come: why.
    Ended(String),
}

impl Mailbox {
    /// Puts in a copy. False: nobody wants more.
    pub fn put(&self, picture: &[u8]) -> bool {
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        state.replaced += u64::from(state.captured.is_some());
        state.bytes.clear();
        state.bytes.extend_from_slice(picture);
        state.captured = Some(Monotonic::now());
        drop(state);
        self.changed.notify_one();
        true
    }

    /// So many more were lost before they came here.
    pub fn lose(&self, count: u64) {
        self.lock().replaced += count;
    }

    /// Says that no more will come. What is here may still be fetched.
    pub fn end(&self, why: String) {
        self.lock().ended.get_or_insert(why);
        self.changed.notify_one();
    }

    /// Nobody will fetch any longer.
    pub fn close(&self) {
        self.lock().closed = true;
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits for a picture, and changes memory with it.
    pub fn fetch(&self, wait: Duration, into: &mut Vec<u8>) -> Letter {
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.lock(), wait, |state| state.captured.is_none() && state.ended.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        match (state.captured.take(), &state.ended) {
            (Some(captured), _) => {
                std::mem::swap(&mut state.bytes, into);
                Letter::Picture { captured, lost: std::mem::take(&mut state.replaced) }
            }
            (None, Some(why)) => Letter::Ended(why.clone()),
            (None, None) => Letter::Nothing,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_newest_is_fetched_and_the_others_are_counted() {
        let mailbox = Mailbox::default();
        let mut bytes = Vec::new();
        assert_eq!(mailbox.fetch(Duration::ZERO, &mut bytes), Letter::Nothing);
        for number in 0..3 {
            assert!(mailbox.put(&[number]));
        }
        assert!(matches!(mailbox.fetch(Duration::ZERO, &mut bytes), Letter::Picture { lost: 2, .. }));
        assert_eq!(bytes, [2]);
        assert_eq!(mailbox.fetch(Duration::ZERO, &mut bytes), Letter::Nothing);
    }

    #[test]
    fn who_waits_is_woken_by_a_picture_and_by_the_end() {
        let mailbox = Arc::new(Mailbox::default());
        let sender = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || {
                mailbox.put(b"last");
                mailbox.end("it ended".to_owned());
            }
        });
        let mut bytes = Vec::new();
        assert!(matches!(mailbox.fetch(LONG, &mut bytes), Letter::Picture { .. }));
        assert_eq!(mailbox.fetch(LONG, &mut bytes), Letter::Ended("it ended".to_owned()));
        sender.join().unwrap();
        mailbox.close();
        assert!(!mailbox.put(b"for nobody"));
    }
}
