//! Memory for what is sent to us, over all connections: each of them is bounded, and so is their sum.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Default)]
pub(super) struct Budget {
    taken: AtomicUsize,
}

/// A part of it, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    /// So many bytes, of as many as there are for all together. `None`: there is not so much left.
    pub(super) fn take(self: &Arc<Self>, bytes: usize, of: usize) -> Option<Share> {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= of);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Share { budget: Arc::clone(self), bytes })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_given_than_there_is_and_what_comes_back_is_given_again() {
        let budget = Arc::<Budget>::default();
        let first = budget.take(60, 100).unwrap();
        assert!(budget.take(41, 100).is_none());
        let second = budget.take(40, 100).unwrap();
        assert!(budget.take(1, 100).is_none());
        drop((first, second));
        assert!(budget.take(100, 100).is_some());
    }
}
