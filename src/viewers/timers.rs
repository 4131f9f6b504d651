//! Deadlines of connections. A deadline that moves to later keeps its entry, and is looked at again when that fires:
//! a viewer costs one entry a second, not one for each of its frames.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::clock::Monotonic;

#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Monotonic, usize)>>,
}

impl Timers {
    /// Has `key` come up at `when`.
    pub(super) fn set(&mut self, key: usize, when: Monotonic) {
        self.heap.push(Reverse((when, key)));
    }

    /// How long until the first deadline; `None`: there is none.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((when, _))| *when - Monotonic::now())
    }

    /// The next key whose time has come, and that time.
    pub(super) fn expired(&mut self, now: Monotonic) -> Option<(usize, Monotonic)> {
        let due = self.heap.peek().is_some_and(|Reverse((when, _))| *when <= now);
        if due { self.heap.pop().map(|Reverse((when, key))| (key, when)) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_up_in_order_and_not_before_their_time() {
        let at = |seconds| Monotonic::from_boot(Duration::from_secs(seconds));
        let mut timers = Timers::default();
        assert_eq!(timers.wait(), None);
        timers.set(1, at(30));
        timers.set(2, at(10));
        assert_eq!(timers.expired(at(9)), None);
        assert_eq!(timers.expired(at(40)), Some((2, at(10))));
        assert_eq!(timers.expired(at(40)), Some((1, at(30))));
        assert_eq!(timers.expired(at(40)), None);
    }
}
