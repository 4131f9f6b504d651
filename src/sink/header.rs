//! The header of the shared memory as words that other processes read while one writes them.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::layout::{HEADER_BYTES, WORDS};

/// The first page of a file, in our memory.
#[derive(Debug)]
pub(super) struct Header(NonNull<c_void>);

// SAFETY: the mapping belongs to the process, not to a thread, and its words are atomic.
unsafe impl Send for Header {}

impl Header {
    pub(super) fn writable(file: &File) -> io::Result<Self> {
        Self::map(file, ProtFlags::READ | ProtFlags::WRITE)
    }

    /// Only [`Header::get`] may be used of it.
    pub(super) fn readable(file: &File) -> io::Result<Self> {
        Self::map(file, ProtFlags::READ)
    }

    fn map(file: &File, protection: ProtFlags) -> io::Result<Self> {
        if file.metadata()?.len() < HEADER_BYTES.into() {
            return Err(io::Error::other("too short for what it should be"));
        }
        // SAFETY: a fresh mapping at an address of the kernel's choice; it disturbs no memory of ours. The file has the page; were
        // it cut off later, which only its owner may do, touching it would end this process by SIGBUS.
        let start =
            unsafe { mmap(null_mut(), HEADER_BYTES as usize, protection, MapFlags::SHARED, file, 0) }?;
        NonNull::new(start).map(Self).ok_or_else(|| io::Error::other("the kernel mapped it at address 0"))
    }

    /// Relaxed, and by that allowed on memory that may only be read; a fence makes more of it.
    pub(super) fn get(&self, word: usize) -> u32 {
        self[word].load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, word: usize, value: u32) {
        self[word].store(value, Ordering::Relaxed);
    }

    /// Two words as they lie in memory, for which other programs have one type.
    pub(super) fn get_long(&self, word: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.get(word).to_ne_bytes());
        bytes[4..].copy_from_slice(&self.get(word + 1).to_ne_bytes());
        u64::from_ne_bytes(bytes)
    }

    pub(super) fn set_long(&self, word: usize, value: u64) {
        let [a, b, c, d, e, f, g, h] = value.to_ne_bytes();
        self.set(word, u32::from_ne_bytes([a, b, c, d]));
        self.set(word + 1, u32::from_ne_bytes([e, f, g, h]));
    }
}

impl Deref for Header {
    type Target = [AtomicU32; WORDS];

    fn deref(&self) -> &Self::Target {
        // SAFETY: the mapping is that long, begins on a page and lives as long as `self`; each pattern of bits is a number, and
        // others change these words as we do, whole.
        unsafe { self.0.cast().as_ref() }
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        // SAFETY: mapped by `map` with this length, and no borrow of it is left.
        if let Err(error) = unsafe { munmap(self.0.as_ptr(), HEADER_BYTES as usize) } {
            log::debug!("munmap of a sink: {error}");
        }
    }
}
