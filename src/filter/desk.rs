//! Where pictures wait for the filter's thread: the newest one, and nothing else. And where it is decided that what was taken before
//! is not shown any more.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};

use crate::frame::Frame;
use crate::latest::Latest;

#[derive(Debug)]
pub(super) struct Desk {
    state: Mutex<State>,
    /// Readable while there is something to look at.
    bell: OwnedFd,
}

#[derive(Debug, Default)]
struct State {
    waiting: Option<Frame>,
    /// Another one after each `discard`.
    generation: u64,
    closed: bool,
}

/// What there is to do.
#[derive(Debug)]
pub(super) struct News {
    pub(super) frame: Option<Frame>,
    pub(super) generation: u64,
    pub(super) closed: bool,
}

impl Desk {
    pub(super) fn new() -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { state: Mutex::default(), bell })
    }

    /// A newer one takes the place of one that was not fetched.
    pub(super) fn put(&self, frame: Frame) {
        self.lock().waiting = Some(frame);
        self.ring();
    }

    /// Once this has returned, nothing that was put here before is shown any more.
    pub(super) fn discard(&self) {
        let mut state = self.lock();
        state.waiting = None;
        state.generation += 1;
        drop(state);
        // What the thread has of it is memory that somebody else can use.
        self.ring();
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ring();
    }

    pub(super) fn fetch(&self) -> News {
        // Before it is looked at: what comes afterwards rings again.
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        let mut state = self.lock();
        News { frame: state.waiting.take(), generation: state.generation, closed: state.closed }
    }

    /// Has it shown, unless it was discarded. Held meanwhile, so that a placard comes before it or after, and never under it.
    pub(super) fn publish(&self, frame: Frame, generation: u64, latest: &Latest) -> Option<Arc<Frame>> {
        let state = self.lock();
        (state.generation == generation).then(|| latest.publish(frame))
    }

    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    fn ring(&self) {
        // A full one rings as well.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{FramePool, Times};

    fn frame(bytes: &[u8]) -> Frame {
        let jpeg = FramePool::new().join(&[bytes]);
        Frame { jpeg, width: 1, height: 1, online: true, times: Times::default(), number: 0 }
    }

    #[test]
    fn the_newest_is_fetched_and_once() {
        let desk = Desk::new().unwrap();
        desk.put(frame(b"one"));
        desk.put(frame(b"two"));
        assert_eq!(desk.fetch().frame.map(|frame| frame.jpeg.to_vec()), Some(b"two".to_vec()));
        assert!(desk.fetch().frame.is_none());
    }

    #[test]
    fn what_was_discarded_is_neither_fetched_nor_shown() {
        let (desk, latest) = (Desk::new().unwrap(), Latest::new());
        desk.put(frame(b"one"));
        let fetched = desk.fetch();
        desk.put(frame(b"two"));
        desk.discard();
        assert!(desk.fetch().frame.is_none());
        assert!(desk.publish(fetched.frame.unwrap(), fetched.generation, &latest).is_none());
        assert!(latest.get().is_none());
        assert!(desk.publish(frame(b"three"), desk.fetch().generation, &latest).is_some());
    }
}
