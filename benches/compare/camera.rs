//! The test camera: `tests/camera/` preloaded into one server, with a meter that tells what it did.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::frames::Film;
use crate::meter::Meter;

/// What the camera gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    Mjpeg,
    Yuyv,
}

impl Input {
    pub fn name(self) -> &'static str {
        match self {
            Self::Mjpeg => "MJPEG",
            Self::Yuyv => "YUYV",
        }
    }

    fn fourcc(self) -> &'static str {
        match self {
            Self::Mjpeg => "MJPG",
            Self::Yuyv => "YUYV",
        }
    }
}

/// The variable that names the meter's file.
pub const METER: &str = "FAKECAM_METER";

/// One camera for one run of one server.
pub struct Camera<'a> {
    folder: TempDir,
    library: PathBuf,
    film: &'a Film,
    input: Input,
    fps: u32,
    fault: &'static str,
}

impl<'a> Camera<'a> {
    /// A camera that offers this format, the film's size and this rate, and nothing else.
    pub fn new(film: &'a Film, input: Input, fps: u32, fault: &'static str) -> Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        File::create_new(folder.path().join("video0"))?;
        File::create_new(folder.path().join("meter"))?.set_len(Meter::LEN)?;
        if !fault.is_empty() {
            std::fs::write(folder.path().join("fault"), fault)?;
        }
        Ok(Self { folder, library: library(), film, input, fps, fault })
    }

    /// The path to open it by.
    pub fn node(&self) -> PathBuf {
        self.folder.path().join("video0")
    }

    /// Where [`Meter`] reads, and who has a camera or plays one writes.
    pub fn meter(&self) -> PathBuf {
        self.folder.path().join("meter")
    }

    /// Where files may lie that go with this run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets a program see this camera.
    pub fn preload_into(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKECAM_DEV", self.node())
            .env("FAKECAM_FORMATS", self.input.fourcc())
            .env("FAKECAM_SIZES", format!("{}x{}", self.film.width, self.film.height))
            .env("FAKECAM_FPS", self.fps.to_string())
            .env("FAKECAM_FRAMES", &self.film.folder)
            .env(METER, self.meter());
        if !self.fault.is_empty() {
            command.env("FAKECAM_FAULT", self.folder.path().join("fault"));
        }
    }
}

fn library() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("fakecam.so")
}

/// Compiles the camera, once for all that are to come.
pub fn build() -> Result<()> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/camera");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(sources)? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|name| name == "c"));
    let status = Command::new("cc")
        .args(["-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread", "-o"])
        .arg(library())
        .args(files)
        .arg("-ldl")
        .status()
        .context("a C compiler named cc builds the test camera")?;
    ensure!(status.success(), "the test camera does not build");
    Ok(())
}
