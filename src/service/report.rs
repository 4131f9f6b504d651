//! `mjpegd report`: what an issue report needs, in one text, and nothing that must not be shown.

mod daemon;
mod mask;
mod shown;
mod system;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use toml::Table;

use self::mask::Mask;
use self::shown::Shown;
use super::running::Running;
use super::{check, controls, devices};
use crate::config::{ConfigError, DEFAULT_FILE, Settings};
use crate::process::Holder;
use crate::source::v4l2;

/// A driver that hangs must not keep the rest from being told; the check waits for a first picture by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// Prints all sections, each as soon as it is there. Settings that are wrong are no hindrance. Returns true.
pub fn print(
    settings: Result<&Settings, &ConfigError>,
    file: Option<&Path>,
    out: &mut impl Write,
) -> io::Result<bool> {
    let file = file.unwrap_or(Path::new(DEFAULT_FILE)).to_owned();
    let written = fs::read_to_string(&file);
    let table = written.as_ref().ok().and_then(|text| text.parse::<Table>().ok());
    let shown = table.as_ref().map(Shown::of).unwrap_or_default();
    let mask = Mask::new(settings.ok(), &shown);
    let file_text = match (&written, &table) {
        (Err(error), _) => format!("{}: {error}.", file.display()),
        (Ok(_), None) => format!("{} is no TOML.", file.display()),
        (Ok(_), Some(_)) => format!("{}\n{}", file.display(), shown.lines.join("\n")),
    };
    let problems = settings.err().map(ToString::to_string);
    let settings = Arc::new(settings.cloned().unwrap_or_default());
    let mut report = Report { mask, out };
    writeln!(report.out, "# mjpegd {}\n", env!("CARGO_PKG_VERSION"))?;
    report.section("Build", build)?;
    report.section("System", system::text)?;
    report.section("Settings file", move || file_text)?;
    let own = Arc::clone(&settings);
    let running = ask(move || Running::find(&own.http)).flatten().map(Arc::new);
    let (own, other) = (Arc::clone(&settings), running.clone());
    report.section("Settings in force", move || in_force(&own, problems.as_deref(), other.as_deref()))?;
    report.section("Cameras", cameras)?;
    let own = Arc::clone(&settings);
    report.section("Controls", move || printed(|out| controls::print(&own, out)))?;
    let other = running.clone();
    report.section("Running mjpegd", move || daemon::state(other.as_deref()))?;
    let other = running.clone();
    report.section("Counters", move || daemon::counters(other.as_deref()))?;
    report.section("Check", move || printed(|out| check::print(&settings, out).map(drop)))?;
    report.section("Log", move || daemon::log(running.as_deref()))?;
    Ok(true)
}

struct Report<'a, W> {
    mask: Mask,
    out: &'a mut W,
}

impl<W: Write> Report<'_, W> {
    fn section(&mut self, title: &str, text: impl FnOnce() -> String + Send + 'static) -> io::Result<()> {
        let text = ask(text).unwrap_or_else(|| {
            format!(
                "It took longer than {} s, and was left: a driver hangs, most likely.",
                PATIENCE.as_secs()
            )
        });
        // What is in it must not end the block.
        let text = self.mask.apply(text.trim_end()).replace("```", "'''");
        writeln!(self.out, "## {title}\n\n```text\n{text}\n```\n")?;
        self.out.flush()
    }
}

/// What comes of it within the time. What hangs is left to the end of the process.
fn ask<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new().name("report".into());
    thread.spawn(move || drop(sender.send(work()))).ok()?;
    receiver.recv_timeout(PATIENCE).ok()
}

fn printed(print: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    match print(&mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => error.to_string(),
    }
}

fn build() -> String {
    let libc = match () {
        () if cfg!(target_env = "musl") => "musl",
        () if cfg!(target_env = "gnu") => "gnu",
        () => "another C library",
    };
    let given = |is_so: bool, word: &str| if is_so { word.to_owned() } else { format!("no {word}") };
    format!(
        "target: {} {} {libc}\nfeatures: {}\nprofile: {}\nprogram: {}",
        std::env::consts::ARCH,
        std::env::consts::OS,
        given(cfg!(feature = "simd"), "simd"),
        if cfg!(debug_assertions) { "debug" } else { "release" },
        std::env::current_exe().unwrap_or_else(|_| PathBuf::from("?")).display()
    )
}

fn in_force(settings: &Settings, problems: Option<&str>, running: Option<&Running>) -> String {
    if let Some(problems) = problems {
        return format!("They are refused, so these are the problems:\n{problems}");
    }
    let own = || Table::try_from(settings).map(|table| Shown::of(&table)).unwrap_or_default();
    let (from, shown) = match running.and_then(daemon::settings) {
        Some(shown) => ("as the running mjpegd has them", shown),
        None => ("as mjpegd would be started with them", own()),
    };
    let http = &settings.http;
    let unix = http.unix.path.as_ref().map(|path| format!(", {}", path.display())).unwrap_or_default();
    format!(
        "Those that can be changed, {from}:\n{}\nThe rest is the file's or the default; it listens at {} on port {}, TLS on port {}{unix}; \
         {} users, {} tokens, {} pushes.",
        shown.lines.join("\n"),
        http.host.join(", "),
        http.port,
        http.tls.port,
        settings.auth.users.len(),
        settings.auth.tokens.len(),
        settings.pushes.len()
    )
}

/// What `mjpegd devices` lists, and who has each of them open.
fn cameras() -> String {
    let mut text = printed(|out| devices::print(out).map(drop));
    for camera in v4l2::list().into_iter().filter_map(Result::ok) {
        if let Some(holder) = Holder::of(&camera.path) {
            text.push_str(&format!("{} is open in {holder}\n", camera.path.display()));
        }
    }
    text
}
