//! Where what stands in the shared memory. `docs/shared-memory.md` tells other programs the same, byte by byte.
//!
//! A header of one page, and behind it the bytes of the slots, one frame in each. Everything in the header is words of 32 bits,
//! which every processor reads and writes in one piece; times and numbers of 64 bits are two of them, as they lie in memory.

/// What it begins with.
pub const MAGIC: [u8; 8] = *b"MJPEGD\r\n";

/// Another one as soon as a reader of before would be wrong.
pub const VERSION: u32 = 1;

/// So that a reader has three intervals between frames to copy the newest one, before it is written over.
pub const SLOTS: u32 = 4;

/// Of the header, and what slots are a multiple of. Where pages are larger, as on some ARM boards, a mapping has its end later.
pub const HEADER_BYTES: u32 = 4096;

/// A writer that has not been alive for more seconds than this was killed, and what it left is old. It says so several times a
/// second.
pub const SILENCE: u32 = 5;

/// How many words the header has.
pub const WORDS: usize = HEADER_BYTES as usize / 4;

/// Which word of the header is what.
pub mod word {
    pub const MAGIC: usize = 0;
    pub const VERSION: usize = 2;
    pub const HEADER_BYTES: usize = 3;
    pub const SLOTS: usize = 4;
    pub const SLOT_BYTES: usize = 5;
    pub const PID: usize = 6;
    /// Of the newest frame, which lies in slot `turn % SLOTS`; 0: there is no live one. This is the futex.
    pub const TURN: usize = 16;
    /// 1: nothing more will come here.
    pub const CLOSED: usize = 17;
    /// When the writer was last seen alive, in seconds of CLOCK_MONOTONIC: see [`super::SILENCE`].
    pub const ALIVE: usize = 18;
    /// Where what is told of the first slot begins.
    const FIRST_SLOT: usize = 32;
    /// What is told of each takes a cache line of its own.
    const A_SLOT: usize = 16;

    /// Where what is told of the slot of this turn begins.
    pub const fn of_slot(turn: u32) -> usize {
        FIRST_SLOT + (turn % super::SLOTS) as usize * A_SLOT
    }
}

/// Which word of what is told of a slot is what.
pub mod slot {
    /// Of the frame that is in it, whole; 0: there is none, or it is being written.
    pub const TURN: usize = 0;
    pub const LENGTH: usize = 1;
    pub const NUMBER: usize = 2;
    pub const CAPTURED: usize = 4;
    pub const PUBLISHED: usize = 6;
    pub const WIDTH: usize = 8;
    pub const HEIGHT: usize = 9;
    /// 1: of a live picture.
    pub const ONLINE: usize = 10;
}

/// Room for frames up to this length.
pub const fn slot_bytes(longest: u32) -> u32 {
    longest.div_ceil(HEADER_BYTES) * HEADER_BYTES
}

/// Where the bytes of the frame of this turn begin.
pub const fn place(turn: u32, slot_bytes: u32) -> u64 {
    HEADER_BYTES as u64 + (turn % SLOTS) as u64 * slot_bytes as u64
}
