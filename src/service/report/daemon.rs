//! What the running mjpegd says of itself: state, counters, the last lines of its log.

use serde_json::Value as Json;
use toml::Table;

use super::shown::Shown;
use crate::service::outcome;
use crate::service::running::Running;

const NONE: &str = "None was found where the settings have it listen";

/// The lines that a running mjpegd can be asked for, and as many of the journal.
const LINES: &str = "200";

pub fn state(running: Option<&Running>) -> String {
    let Some(running) = running else {
        return format!("{NONE}, or it does not let itself be asked without a login.");
    };
    let pretty = serde_json::to_string_pretty(&running.state).unwrap_or_default();
    let flags = running.pid.map(flags).unwrap_or_default();
    format!("{}{flags}\n{pretty}", running.words())
}

/// Only their names: behind them anything may stand.
fn flags(pid: u32) -> String {
    let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { return String::new() };
    let line = String::from_utf8_lossy(&line).into_owned();
    let words = line.split('\0').filter(|word| word.starts_with('-'));
    let names: Vec<_> = words.map(|word| word.split('=').next().unwrap_or_default()).collect();
    if names.is_empty() {
        ", without flags".to_owned()
    } else {
        format!(", with the flags {}", names.join(" "))
    }
}

/// The settings that can be changed while it runs, as they are now.
pub fn settings(running: &Running) -> Option<Shown> {
    let answer = running.ask("/api/v1/settings").ok().filter(|answer| answer.status == 200)?;
    let json: Json = serde_json::from_str(&answer.body).ok()?;
    Table::try_from(json).ok().map(|table| Shown::of(&table))
}

/// Of the metrics, what is one number.
pub fn counters(running: Option<&Running>) -> String {
    let Some(running) = running else { return format!("{NONE}.") };
    match running.ask("/metrics") {
        Ok(answer) if answer.status == 200 => {
            let lines =
                answer.body.lines().filter(|line| !line.starts_with('#') && !line.contains("_bucket{"));
            lines.collect::<Vec<_>>().join("\n")
        }
        Ok(answer) => format!("It answers {} for /metrics.", answer.status),
        Err(error) => format!("It does not answer: {error}."),
    }
}

pub fn log(running: Option<&Running>) -> String {
    let why = match running.map(|running| (running, running.ask("/api/v1/log"))) {
        Some((_, Ok(answer))) if answer.status == 200 => {
            let json: Json = serde_json::from_str(&answer.body).unwrap_or_default();
            let lines = json["lines"].as_array().cloned().unwrap_or_default();
            return lines.iter().filter_map(Json::as_str).collect::<Vec<_>>().join("\n");
        }
        Some((running, Ok(answer))) => format!(
            "The running mjpegd wants a login for its log ({}): `curl -u NAME {}` asks for it.",
            answer.status,
            running.url("/api/v1/log")
        ),
        Some((_, Err(error))) => format!("The running mjpegd does not answer: {error}."),
        None => format!("{NONE}."),
    };
    let arguments = ["-u", "mjpegd", "-n", LINES, "--no-pager", "-o", "short-iso", "-q"];
    match outcome::of("journalctl", &arguments) {
        Ok(lines) if !lines.trim().is_empty() => format!("{why} From the journal:\n{}", lines.trim_end()),
        Ok(_) => format!(
            "{why} The journal has no lines of it that you may read: `sudo journalctl -u mjpegd -n {LINES}` shows all there are."
        ),
        Err(error) => format!("{why} journalctl cannot be asked either: {error}."),
    }
}
