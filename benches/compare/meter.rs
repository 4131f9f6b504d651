//! What the test camera tells of itself, in the server's process: `FAKECAM_METER` in tests/camera/fakecam.h.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Words of the file.
const CPU: u64 = 0;
const FILLED: u64 = 1;
const LOST: u64 = 2;
const NEWEST: u64 = 3;
const TIMES: u64 = 8;
/// How many moments it keeps.
pub const TIMES_KEPT: usize = 1024;

pub struct Meter(File);

impl Meter {
    pub const LEN: u64 = 16 * 1024;

    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self(File::open(path).with_context(|| path.display().to_string())?))
    }

    /// What the camera itself has used of the server's CPU time.
    pub fn cpu(&self) -> Result<Duration> {
        Ok(Duration::from_nanos(self.word(CPU)?))
    }

    /// How many pictures it has taken, with those for which it found no free buffer.
    pub fn pictures(&self) -> Result<u64> {
        Ok(self.word(FILLED)? + self.word(LOST)?)
    }

    /// The sequence of the newest picture.
    pub fn newest(&self) -> Result<Option<u64>> {
        Ok(self.word(NEWEST)?.checked_sub(1))
    }

    /// When the picture of this sequence was taken, in nanoseconds of the monotonic clock; where it was not, for want of
    /// a buffer, the one before it that has the same number.
    pub fn taken(&self, sequence: u64, period: u64) -> Result<Option<u64>> {
        let mut candidate = Some(sequence);
        while let Some(sequence) = candidate {
            let when = self.word(TIMES + sequence % TIMES_KEPT as u64)?;
            if when > 0 {
                return Ok(Some(when));
            }
            candidate = sequence.checked_sub(period);
        }
        Ok(None)
    }

    fn word(&self, index: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, index * 8)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
