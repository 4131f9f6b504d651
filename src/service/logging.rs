//! Lines for a terminal or a file, with time and level; and for the journal, which keeps both itself.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use env_logger::fmt::Formatter;
use env_logger::{Builder, Logger};
use jiff::Timestamp;
use log::{Level, LevelFilter, Metadata, Record};

use crate::config::Log;
use crate::viewers::ACCESS_LOG;

/// The logger, which other settings replace by another.
struct Current(ArcSwapOption<Logger>);

static CURRENT: Current = Current(ArcSwapOption::const_empty());

impl log::Log for Current {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.load().as_ref().is_some_and(|logger| logger.enabled(metadata))
    }

    fn log(&self, record: &Record<'_>) {
        if let Some(logger) = &*self.0.load() {
            logger.log(record);
        }
    }

    fn flush(&self) {}
}

/// Logs to stderr from now on, as much as these settings want. `RUST_LOG` goes over them.
pub fn init(settings: &Log) {
    let mut builder = rules(settings);
    let refused = filter(&mut builder, &env::var("RUST_LOG").unwrap_or_default());
    let ours = env::var("JOURNAL_STREAM").is_ok_and(|stream| {
        let stderr = stderr_metadata();
        stderr.is_ok_and(|stderr| is_journal(&stream, &stderr))
    });
    builder.format(if ours { for_journal } else { for_people });
    let logger = builder.build();
    log::set_max_level(logger.filter());
    CURRENT.0.store(Some(Arc::new(logger)));
    // Fails only when it was done before.
    let _ = log::set_logger(&CURRENT);
    for directive in refused {
        log::warn!("RUST_LOG: {directive:?} is ignored; allowed: LEVEL or MODULE=LEVEL");
    }
}

fn rules(settings: &Log) -> Builder {
    let mut builder = Builder::new();
    builder.filter_level(settings.level);
    // Whoever wants these lines may want warnings only of all else.
    builder.filter_module(ACCESS_LOG, if settings.access { LevelFilter::Info } else { LevelFilter::Off });
    builder
}

/// Reads `RUST_LOG` and gives back what it could not read. `env_logger` itself prints that in a way that panics when
/// stderr is a closed pipe.
fn filter(builder: &mut Builder, directives: &str) -> Vec<String> {
    let mut refused = Vec::new();
    for directive in directives.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        let (module, level) = match directive.split_once('=') {
            Some((module, level)) => (Some(module), level),
            None => (None, directive),
        };
        match level.parse() {
            Ok(level) => {
                builder.filter(module, level);
            }
            Err(_) => refused.push(directive.to_owned()),
        }
    }
    refused
}

fn stderr_metadata() -> io::Result<fs::Metadata> {
    File::from(io::stderr().as_fd().try_clone_to_owned()?).metadata()
}

/// `JOURNAL_STREAM` is "device:inode", and is inherited also by those whose stderr is redirected elsewhere.
fn is_journal(stream: &str, stderr: &fs::Metadata) -> bool {
    stream == format!("{}:{}", stderr.dev(), stderr.ino())
}

fn for_people(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    // A board without a battery can believe in any year; one that has no name must not end the daemon.
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    let level = record.level();
    let style = out.default_level_style(level);
    let text = one_line(record);
    writeln!(out, "{now:.3} {style}{level:<5}{style:#} {text}")
}

/// The prefixes of sd-daemon(3), from which the journal knows the priority.
fn for_journal(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let priority = match record.level() {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    };
    writeln!(out, "<{priority}>{}", one_line(record))
}

/// One record is one line: what a stranger sent and we repeat cannot pass for a line of ours, nor drive a terminal.
fn one_line(record: &Record<'_>) -> String {
    let text = record.args().to_string();
    text.trim_end().replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use log::Log as _;

    use super::*;

    #[test]
    fn the_journal_is_known_by_device_and_inode() {
        let file = tempfile::tempfile().unwrap().metadata().unwrap();
        let stream = format!("{}:{}", file.dev(), file.ino());
        assert!(is_journal(&stream, &file));
        for other in ["", "8", "8:1:2", "nonsense", &format!("{stream}0")] {
            assert!(!is_journal(other, &file), "{other}");
        }
    }

    #[test]
    fn answers_are_logged_where_that_is_wanted_whatever_else_is() {
        for (level, access) in [(LevelFilter::Warn, true), (LevelFilter::Trace, false)] {
            let logger = rules(&Log { level, access }).build();
            let line = Metadata::builder().target(ACCESS_LOG).level(Level::Info).build();
            assert_eq!(logger.enabled(&line), access);
        }
    }

    #[test]
    fn what_is_no_directive_is_given_back() {
        let mut builder = Builder::new();
        let refused = filter(&mut builder, "info, mio=warn,mjpegd=loud,,all/x");
        assert_eq!(refused, ["mjpegd=loud", "all/x"]);
        assert_eq!(builder.build().filter(), LevelFilter::Info);
    }

    #[test]
    fn a_record_is_one_line_whatever_is_in_it() {
        let line = one_line(&Record::builder().args(format_args!("GET /\n<3>forged \u{1b}[2J\n")).build());
        assert_eq!(line, "GET /\u{fffd}<3>forged \u{fffd}[2J");
    }
}
