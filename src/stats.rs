//! Counters. Every frame that is not shown is counted under the reason why.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts up, from any thread.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the daemon has done since its start.
#[derive(Debug, Default)]
pub struct Stats {
    /// Pictures that the source gave us.
    pub captured: Counter,
    /// Pictures that the driver numbered but we never saw: gaps in its sequence.
    pub lost: Counter,
    /// Buffers that the driver itself marked as broken (`V4L2_BUF_FLAG_ERROR`).
    pub dropped_error: Counter,
    /// JPEGs that ended too early, empty ones among them.
    pub dropped_truncated: Counter,
    /// JPEGs that no decoder could read, and raw pictures of the wrong size.
    pub dropped_invalid: Counter,
    /// Raw pictures that no encoder had time for.
    pub dropped_late: Counter,
    /// Times that a camera was opened.
    pub opened: Counter,
    /// Frames sent whole, over all viewers.
    pub delivered: Counter,
    /// Frames that a viewer was too slow for, over all viewers.
    pub skipped: Counter,
    /// Bytes of answers and streams sent to viewers.
    pub sent_bytes: Counter,
}

impl Stats {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }
}
