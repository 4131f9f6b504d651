//! What is fuzzed. Each target takes any bytes and holds what is made of them to what must be true of it, whatever they are:
//! bounds, round trips, the same in whatever pieces they come. `cargo fuzz` runs them with its coverage (`make fuzz`), and
//! `tests/fuzz.rs` for a bounded count with each `make test`.

// One of the two crates that this belongs to denies it, and the other has no such lint.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod http_body;
pub mod http_head;
pub mod jpeg_change;
pub mod jpeg_repair;
pub mod merge_patch;
pub mod png;
pub mod query_and_form;
pub mod raw_picture;
pub mod settings_file;
pub mod sink_reader;
pub mod splitter;
pub mod state_file;
pub mod values;
pub mod wrapping;

use std::path::PathBuf;
use std::sync::OnceLock;

use mjpegd::clock::Monotonic;
use mjpegd::picture::{Picture, PixelFormat};

/// True: they were taken for what they should be.
pub type Target = fn(&[u8]) -> bool;

/// By the names of their corpora.
pub const ALL: [(&str, Target); 14] = [
    ("http_head", http_head::run),
    ("query_and_form", query_and_form::run),
    ("http_body", http_body::run),
    ("wrapping", wrapping::run),
    ("splitter", splitter::run),
    ("jpeg_repair", jpeg_repair::run),
    ("jpeg_change", jpeg_change::run),
    ("raw_picture", raw_picture::run),
    ("png", png::run),
    ("settings_file", settings_file::run),
    ("state_file", state_file::run),
    ("merge_patch", merge_patch::run),
    ("values", values::run),
    ("sink_reader", sink_reader::run),
];

/// Bytes that decide what is done with the rest; where there are none left, 0.
pub(crate) struct Choices<'a>(pub(crate) &'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Less than the limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()])) % limit
    }
}

/// Cuts the bytes into pieces, of lengths that follow from a seed: from single bytes to thousands.
pub(crate) fn pieces(mut bytes: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let mut state = u32::from(seed) * 2 + 1;
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let most = 1 << (state >> 28);
        let (piece, rest) = bytes.split_at((1 + (state >> 8) as usize % most).min(bytes.len()));
        bytes = rest;
        Some(piece)
    })
}

pub(crate) fn jpeg(bytes: &[u8]) -> Picture<'_> {
    Picture {
        bytes,
        format: PixelFormat::Mjpeg,
        width: 0,
        height: 0,
        stride: 0,
        captured: Monotonic::default(),
        grabbed: Monotonic::default(),
    }
}

/// A file of this process alone, in memory.
pub(crate) fn file(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = PathBuf::from(format!("/dev/shm/mjpegd-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    });
    folder.join(name)
}
