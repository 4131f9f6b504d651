//! No frame is missed by a viewer that comes while it is published, in any order that the threads can run in and any that the
//! memory of a processor can show to them: loom tries all. It is the protocol of `Latest::publish`, `Handle::frame_is_new`,
//! `Watching::new` and the event loop without what hangs on it: the slot itself is arc-swap's, which loom cannot take.

#![cfg(test)]

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, fence};
use loom::thread;

#[derive(Default)]
struct Loop {
    /// The number of the frame in it; 0: none.
    slot: AtomicUsize,
    watchers: AtomicUsize,
    /// The event loop's eventfd: it stays readable until it is looked at.
    woken: AtomicBool,
}

impl Loop {
    fn publish(&self, number: usize, fenced: bool) {
        self.slot.store(number, Relaxed);
        if fenced {
            fence(SeqCst);
        }
        if self.watchers.load(Relaxed) > 0 {
            self.woken.store(true, SeqCst);
        }
    }

    /// A viewer comes: what it sees at once.
    fn come(&self, fenced: bool) -> usize {
        self.watchers.fetch_add(1, Relaxed);
        if fenced {
            fence(SeqCst);
        }
        self.slot.load(Relaxed)
    }
}

/// A viewer comes while two frames are published. Whether, in one order or another, it sleeps with an older one than there is.
fn is_ever_missed(fenced: bool) -> bool {
    // Of this thread, over all the orders that loom tries.
    let missed = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let tell = std::sync::Arc::clone(&missed);
    loom::model(move || {
        let event_loop = Arc::new(Loop::default());
        let publisher = Arc::clone(&event_loop);
        let publisher = thread::spawn(move || {
            publisher.publish(1, fenced);
            publisher.publish(2, fenced);
        });
        let seen = event_loop.come(fenced);
        publisher.join().unwrap();
        if seen < 2 && !event_loop.woken.load(SeqCst) {
            tell.store(true, SeqCst);
        }
    });
    missed.load(SeqCst)
}

#[test]
fn who_comes_sees_the_newest_frame_or_is_woken_for_it() {
    assert!(!is_ever_missed(true));
}

#[test]
fn without_the_fences_it_would_be_missed() {
    assert!(is_ever_missed(false));
}

/// The other viewers of a loop leave and come meanwhile; the one that stays is counted all the time.
#[test]
fn who_leaves_takes_no_wake_up_from_who_stays() {
    loom::model(|| {
        let event_loop = Arc::new(Loop::default());
        assert_eq!(event_loop.come(true), 0);
        let leaving = Arc::clone(&event_loop);
        event_loop.come(true);
        let leaving = thread::spawn(move || {
            leaving.watchers.fetch_sub(1, Relaxed);
        });
        event_loop.publish(1, true);
        leaving.join().unwrap();
        assert!(event_loop.woken.load(SeqCst));
    });
}
