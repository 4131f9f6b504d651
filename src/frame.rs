//! A frame: one complete JPEG with its life story. Immutable, shared by `Arc`, never copied once it is made.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::clock::Monotonic;
use crate::kernel_copy::KernelCopy;

/// One complete JPEG that a browser can draw.
pub struct Frame {
    pub jpeg: Jpeg,
    pub width: u32,
    pub height: u32,
    /// False for a placard that stands for the missing camera.
    pub online: bool,
    pub times: Times,
    /// Counts what was published, from 1; given by [`crate::latest::Latest`]. A viewer tells by it what it missed.
    pub number: u64,
}

/// When what happened to a frame, for ages and for ustreamer's headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    pub captured: Monotonic,
    pub grabbed: Monotonic,
    pub encode_begin: Monotonic,
    pub encode_end: Monotonic,
    /// Given by [`crate::latest::Latest`].
    pub published: Monotonic,
}

/// The bytes are of no use in a log.
impl fmt::Debug for Frame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Frame")
            .field("number", &self.number)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("online", &self.online)
            .field("bytes", &self.jpeg.len())
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// Memory for frames, used again and again: in the steady state nothing is allocated for a frame.
#[derive(Debug, Default)]
pub struct FramePool {
    spare: Mutex<Vec<Vec<u8>>>,
    /// Bytes of all frames that there are.
    held: AtomicUsize,
}

/// The newest frame, one being made, and one or two that slow viewers still hold; more go back to the allocator.
const MAX_SPARE: usize = 4;

/// More than this is held, in frames that are at least so many, only where viewers stick to old ones.
const MANY_BYTES: usize = 16 << 20;
const MANY_FRAMES: usize = 16;

impl FramePool {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A JPEG made of the parts, one after the other: the one copy that a frame costs.
    pub fn join(self: &Arc<Self>, parts: &[&[u8]]) -> Jpeg {
        let mut bytes = self.lock().pop().unwrap_or_default();
        bytes.clear();
        bytes.reserve_exact(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Jpeg { held: self.hold(bytes.len()), bytes, for_many: OnceLock::new() }
    }

    fn hold(self: &Arc<Self>, bytes: usize) -> Held {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        Held { pool: Arc::clone(self), bytes }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a frame takes, for as long as it is there.
#[derive(Debug)]
pub struct Held {
    pool: Arc<FramePool>,
    bytes: usize,
}

impl Held {
    /// Whether so much is held that whoever is slow has to let go.
    pub fn is_too_much(&self) -> bool {
        self.pool.held.load(Ordering::Relaxed) > MANY_BYTES.max(MANY_FRAMES * self.bytes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.pool.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A copy in the kernel's memory, which viewers can hold on to longer than to the frame.
#[derive(Debug)]
pub struct ForMany {
    pub copy: KernelCopy,
    pub held: Held,
}

/// A JPEG's bytes, whose memory goes back to its pool with the last viewer that held it.
pub struct Jpeg {
    bytes: Vec<u8>,
    pub held: Held,
    /// What many viewers are sent of it, made by the first of them; `None`: the kernel would not.
    pub for_many: OnceLock<Option<Arc<ForMany>>>,
}

impl Jpeg {
    /// Counts its copy with it.
    pub fn with_copy(&self, copy: KernelCopy) -> ForMany {
        ForMany { copy, held: self.held.pool.hold(self.bytes.len()) }
    }
}

impl Deref for Jpeg {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Jpeg {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut spare = self.held.pool.lock();
        if spare.len() < MAX_SPARE {
            spare.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again() {
        let pool = FramePool::new();
        let first = pool.join(&[b"one", b"two"]);
        assert_eq!(&*first, b"onetwo");
        let address = first.as_ptr();
        drop(first);
        assert_eq!(pool.join(&[b"three"]).as_ptr(), address);
    }

    #[test]
    fn what_many_hold_on_to_is_too_much_until_they_let_go() {
        let pool = FramePool::new();
        let picture = vec![0; 100_000];
        let mut held: Vec<_> = (0..100).map(|_| pool.join(&[&picture])).collect();
        assert!(!held[0].held.is_too_much());
        let copies: Vec<_> =
            held.iter().map(|jpeg| jpeg.with_copy(KernelCopy::new(&[jpeg]).unwrap())).collect();
        assert!(held[0].held.is_too_much() && copies[0].held.is_too_much());
        drop(copies);
        held.truncate(1);
        assert!(!held[0].held.is_too_much());
        assert_eq!(pool.held.load(Ordering::Relaxed), picture.len());
    }

    #[test]
    fn spare_memory_is_bounded() {
        let pool = FramePool::new();
        let many: Vec<_> = (0..50).map(|_| pool.join(&[b"x"])).collect();
        drop(many);
        assert_eq!(pool.lock().len(), MAX_SPARE);
    }
}
