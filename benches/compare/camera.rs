//! The test camera: `tests/camera/` preloaded into one server, with a meter that tells what it did.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::frames::Film;

/// What the camera gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    Mjpeg,
    Yuyv,
}

/// One camera for one run of one server.
pub struct Camera {
    folder: TempDir,
    library: PathBuf,
    meter: File,
    film: Film,
    input: Input,
    fps: u32,
}

/// The words of the meter, as `tests/camera/fakecam.h` numbers them.
const CPU: u64 = 0;
const FILLED: u64 = 1;
const LOST: u64 = 2;
const NEWEST: u64 = 3;
const FIRST_TIME: u64 = 8;
const TIMES: u64 = 1024;
const METER_BYTES: u64 = 16 << 10;

impl Camera {
    /// A camera that offers this format, the film's size and this rate, and nothing else.
    pub fn new(film: &Film, input: Input, fps: u32) -> Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        std::fs::write(folder.path().join("video0"), "")?;
        let meter = folder.path().join("meter");
        let meter = File::options().read(true).write(true).create_new(true).open(meter)?;
        meter.set_len(METER_BYTES)?;
        let library = folder.path().join("fakecam.so");
        build(&library)?;
        Ok(Self { folder, library, meter, film: film.clone(), input, fps })
    }

    /// The path to open it by.
    pub fn node(&self) -> PathBuf {
        self.folder.path().join("video0")
    }

    /// Where files may lie that go with this run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets a program see this camera.
    pub fn preload_into(&self, command: &mut Command) {
        let format = match self.input {
            Input::Mjpeg => "MJPG",
            Input::Yuyv => "YUYV",
        };
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKECAM_DEV", self.node())
            .env("FAKECAM_FORMATS", format)
            .env("FAKECAM_SIZES", format!("{}x{}", self.film.width, self.film.height))
            .env("FAKECAM_FPS", self.fps.to_string())
            .env("FAKECAM_FRAMES", &self.film.folder)
            .env("FAKECAM_METER", self.folder.path().join("meter"));
    }

    /// Processor time that the camera itself has used within the server's process, to be taken off.
    pub fn cpu(&self) -> Duration {
        Duration::from_nanos(self.word(CPU))
    }

    /// Pictures that it gave.
    pub fn filled(&self) -> u64 {
        self.word(FILLED)
    }

    /// Pictures for which the server had no buffer free.
    pub fn lost(&self) -> u64 {
        self.word(LOST)
    }

    /// The sequence of the newest picture.
    pub fn newest(&self) -> Option<u64> {
        self.word(NEWEST).checked_sub(1)
    }

    /// When the picture of this sequence was taken, in nanoseconds of `CLOCK_MONOTONIC`, if it is one of the last 1024.
    pub fn taken(&self, sequence: u64) -> Option<u64> {
        let age = self.newest()?.checked_sub(sequence)?;
        (age < TIMES).then(|| self.word(FIRST_TIME + sequence % TIMES))
    }

    /// The newest sequence whose picture shows this number (see [`super::frames::number`]): a raw picture shows its
    /// sequence, a JPEG which file of the film it is.
    pub fn sequence(&self, number: u32) -> Option<u64> {
        let newest = self.newest()?;
        let (number, files) = (u64::from(number), self.film.files as u64);
        match self.input {
            Input::Yuyv => Some(number),
            Input::Mjpeg if number < files => newest.checked_sub((newest % files + files - number) % files),
            Input::Mjpeg => None,
        }
    }

    fn word(&self, index: u64) -> u64 {
        let mut bytes = [0; 8];
        // Read rather than mapped: the page cache is the same memory. A file of ours, long enough, can be read.
        let read = self.meter.read_exact_at(&mut bytes, index * 8);
        debug_assert!(read.is_ok());
        u64::from_le_bytes(bytes)
    }
}

fn build(library: &Path) -> Result<()> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/camera");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(sources)? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|name| name == "c"));
    let status = Command::new("cc")
        .args(["-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread", "-o"])
        .arg(library)
        .args(files)
        .arg("-ldl")
        .status()
        .context("a C compiler named cc builds the test camera")?;
    ensure!(status.success(), "the test camera does not build");
    Ok(())
}
