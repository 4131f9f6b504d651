//! The camera of mjpegd's ways: a program that writes the film's JPEGs to its standard output, each with its number and moment.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::stamp;

#[derive(Args)]
pub struct Camera {
    /// The film's folder
    folder: PathBuf,
    /// Pictures a second; 0: as fast as they are taken
    #[arg(long, default_value_t = 0)]
    fps: u64,
}

impl Camera {
    /// Until nobody reads any longer.
    pub fn run(&self) -> Result<()> {
        let mut film = film(&self.folder)?;
        let mut stdout = std::io::stdout().lock();
        let mut schedule = Schedule::new(self.fps);
        for number in 0.. {
            schedule.wait();
            let index = number as usize % film.len();
            let jpeg = &mut film[index];
            stamp::stamp(jpeg, number, stamp::now_ns());
            match stdout.write_all(jpeg).and_then(|()| stdout.flush()) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
                written => written?,
            }
        }
        Ok(())
    }
}

/// The JPEGs, with room for stamps.
pub fn film(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let read = |number| {
        let file = folder.join(format!("{number:03}.jpg"));
        let jpeg = std::fs::read(&file).with_context(|| file.display().to_string())?;
        Ok(stamp::with_room(&jpeg))
    };
    (0..crate::frames::JPEGS).map(read).collect()
}

/// When the next picture is due.
pub struct Schedule {
    interval: u64,
    due: u64,
}

impl Schedule {
    pub fn new(fps: u64) -> Self {
        Self { interval: 1_000_000_000u64.checked_div(fps).unwrap_or(0), due: stamp::now_ns() }
    }

    /// Begins later by this part of an interval.
    pub fn delay(&mut self, part: f64) {
        self.due += (self.interval as f64 * part) as u64;
    }

    /// Returns when it was due. A camera that was held up does not catch up.
    pub fn wait(&mut self) -> u64 {
        let now = stamp::now_ns();
        self.due = (self.due + self.interval).max(now.saturating_sub(self.interval));
        thread::sleep(Duration::from_nanos(self.due.saturating_sub(now)));
        self.due
    }
}
