//! What the peers need: compiled yardsticks, installed programs, and a Python environment with Flask and OpenCV.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Kept between runs.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers")
}

pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name)
}

/// The program that [`build`] makes.
pub fn built(name: &str) -> PathBuf {
    folder().join(name)
}

pub fn build(name: &str) -> Result<()> {
    std::fs::create_dir_all(folder())?;
    let mut command = Command::new("cc");
    command.args(["-O2", "-Wall", "-Wextra", "-pthread", "-o"]).arg(built(name));
    run(command.arg(source(name).with_extension("c")))
}

pub fn installed(name: &str) -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    ensure!(found, "it is not installed: apt-get install {name}");
    Ok(())
}

/// The first word with a digit in front that the program prints.
pub fn first_version(program: impl AsRef<OsStr>, flag: &str) -> String {
    let Ok(output) = Command::new(program).arg(flag).stdin(Stdio::null()).output() else {
        return String::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let is_version = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
    text.split_whitespace().find(is_version).unwrap_or_default().trim_end_matches(',').to_owned()
}

fn venv() -> PathBuf {
    folder().join("venv")
}

pub fn python() -> PathBuf {
    venv().join("bin/python")
}

pub fn flask_version() -> String {
    let Ok(pins) = std::fs::read_to_string(source("requirements.txt")) else {
        return String::new();
    };
    let of =
        |name: &str| pins.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start_matches('=')));
    format!("{} + {}", of("Flask").unwrap_or_default(), of("opencv-python-headless").unwrap_or_default())
}

/// A Python environment with exactly the pinned packages. What it was made from lies in it when it is whole.
pub fn make_venv() -> Result<()> {
    let pins = std::fs::read_to_string(source("requirements.txt"))?;
    let mark = venv().join("requirements.txt");
    if std::fs::read_to_string(&mark).is_ok_and(|made_from| made_from == pins) {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv()))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(Command::new(python()).args(install).arg(source("requirements.txt")))?;
    Ok(std::fs::write(mark, pins)?)
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("there is no {name}"))?;
    if !output.status.success() {
        let said = [output.stderr, output.stdout].concat();
        let said = String::from_utf8_lossy(&said);
        bail!("{name} says: {}", said.trim().lines().last().unwrap_or_default());
    }
    Ok(())
}
