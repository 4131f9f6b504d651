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

/// A picture, as the camera remembers it by its number.
pub struct Taken {
    /// Nanoseconds of the monotonic clock.
    pub when: u64,
    /// It may just as well be an older one of the same number.
    pub doubtful: bool,
}

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

    /// The newest picture whose number is this one, where numbers begin anew after `period` pictures.
    pub fn taken(&self, number: u64, period: u64) -> Result<Option<Taken>> {
        let Some(newest) = self.word(NEWEST)?.checked_sub(1) else { return Ok(None) };
        let ago = (newest % period + period - number % period) % period;
        let Some(sequence) = newest.checked_sub(ago) else { return Ok(None) };
        let when = self.word(TIMES + sequence % TIMES_KEPT as u64)?;
        Ok(Some(Taken { when, doubtful: ago >= period / 4 * 3 }))
    }

    fn word(&self, index: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, index * 8)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
