//! What the test camera tells of itself, in the server's process: `FAKECAM_METER` in tests/camera/fakecam.h.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Words of the file.
const CPU: u64 = 0;
const GIVEN: u64 = 1;
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

    /// How many pictures it has filled into buffers.
    pub fn given(&self) -> Result<u64> {
        self.word(GIVEN)
    }

    /// When the newest picture was taken whose number is this one, where numbers begin anew after `period` pictures.
    pub fn taken(&self, number: u64, period: usize) -> Result<Option<u64>> {
        let mut newest = 0;
        for slot in (number as usize % period..TIMES_KEPT).step_by(period) {
            newest = newest.max(self.word(TIMES + slot as u64)?);
        }
        Ok((newest > 0).then_some(newest))
    }

    fn word(&self, index: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, index * 8)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
