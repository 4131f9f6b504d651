//! Number and moment of a picture, which travel in it as a COM segment, and the records of those that have come.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use rustix::time::{ClockId, clock_gettime};

/// Start of image, marker and length; then the name, the number and the nanoseconds. It is that of tests/camera.
const HEAD: [u8; 10] = *b"\xff\xd8\xff\xfe\x00\x16FCAM";
const NUMBER: usize = HEAD.len();
const TAKEN: usize = NUMBER + 8;
const LEN: usize = TAKEN + 8;

/// The JPEG with room for the stamp.
pub fn with_room(jpeg: &[u8]) -> Vec<u8> {
    [&HEAD[..], &[0; LEN - HEAD.len()], jpeg.get(2..).unwrap_or_default()].concat()
}

/// Stamps one that has room.
pub fn stamp(jpeg: &mut [u8], number: u64, taken: u64) {
    jpeg[NUMBER..TAKEN].copy_from_slice(&number.to_le_bytes());
    jpeg[TAKEN..LEN].copy_from_slice(&taken.to_le_bytes());
}

/// Of the monotonic clock, which is the same for all processes.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// A picture that has come whole. In its file as three little-endian words.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub number: u64,
    pub taken: u64,
    pub received: u64,
}

/// Where a receiver writes what has come. The tutorials' do the same (tutorials/stand_in.py).
pub struct Record(File);

impl Record {
    /// Several may write into one.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        Ok(Self(file.with_context(|| path.display().to_string())?))
    }

    /// One that carries no stamp is a placard, and is left out.
    pub fn put(&mut self, jpeg: &[u8]) -> io::Result<()> {
        let Some(stamp) = jpeg.get(NUMBER..LEN).filter(|_| jpeg.starts_with(&HEAD)) else { return Ok(()) };
        let mut words = [0; 24];
        words[..16].copy_from_slice(stamp);
        words[16..].copy_from_slice(&now_ns().to_le_bytes());
        self.0.write_all(&words)
    }
}

/// All that have come so far.
pub fn arrivals(record: &Path) -> Vec<Arrival> {
    let bytes = fs::read(record).unwrap_or_default();
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let arrival = |words: &[u8]| Arrival {
        number: word(&words[..8]),
        taken: word(&words[8..16]),
        received: word(&words[16..]),
    };
    bytes.chunks_exact(24).map(arrival).collect()
}

impl Arrival {
    pub fn delay_ms(&self) -> f64 {
        self.received.saturating_sub(self.taken) as f64 / 1e6
    }
}
