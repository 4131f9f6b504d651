//! The machine, as far as it matters to a camera's program.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use crate::service::outcome;

/// A line for each thing that is known.
pub fn text() -> String {
    let uname = rustix::system::uname();
    let word = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    let mut lines = vec![
        format!("kernel: {} {} {}", word(uname.sysname()), word(uname.release()), word(uname.machine())),
        format!("processors: {}", available_parallelism().map_or(1, usize::from)),
    ];
    let mut known = |name: &str, text: Option<String>| {
        lines.extend(text.filter(|text| !text.is_empty()).map(|text| format!("{name}: {text}")));
    };
    known(
        "board",
        read("/proc/device-tree/model").or_else(|| read("/sys/devices/virtual/dmi/id/product_name")),
    );
    known("distribution", field("/etc/os-release", "PRETTY_NAME="));
    known("memory", field("/proc/meminfo", "MemTotal:"));
    known("memory available", field("/proc/meminfo", "MemAvailable:"));
    known("load", read("/proc/loadavg"));
    // What a weak power supply has done; only a Raspberry Pi has this.
    known("vcgencmd", outcome::of("vcgencmd", &["get_throttled"]).ok());
    if Path::new("/run/systemd/system").exists() {
        known("systemd", outcome::of("systemctl", &["--version"]).ok().and_then(|text| first_line(&text)));
        let properties = "--property=LoadState,UnitFileState,ActiveState,SubState,Result,NRestarts,StatusText,MemoryCurrent";
        let unit = outcome::of("systemctl", &["show", "mjpegd.service", properties]).ok();
        known("unit", unit.map(|text| text.lines().collect::<Vec<_>>().join(", ")));
    } else {
        known("systemd", Some("none runs here".to_owned()));
    }
    lines.join("\n")
}

/// A file of one line.
fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim_matches(['\0', '\n', ' ']).to_owned())
}

/// What stands behind a name, without quotes.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().trim_matches('"').to_owned())
}

fn first_line(text: &str) -> Option<String> {
    text.lines().next().map(str::to_owned)
}
