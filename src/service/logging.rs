//! Lines for a terminal or a file, with time and level; and for the journal, which keeps both itself.

mod flood;
mod line;
mod queue;
mod recent;

use std::env;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, OnceLock};
use std::thread;

use arc_swap::ArcSwapOption;
use env_logger::Builder;
use log::{Level, LevelFilter, Metadata, Record};

use self::flood::Cause;
use self::line::Style;
use self::queue::{Kind, Queue};
use crate::config::Log;
use crate::viewers::ACCESS_LOG;

static LOGGER: OnceLock<Logger> = OnceLock::new();

struct Logger {
    /// What is logged, which other settings replace. It is asked and never writes itself: that is done by who may wait.
    rules: ArcSwapOption<env_logger::Logger>,
    queue: Queue,
}

/// Logs to stderr from now on, as much as these settings want. `RUST_LOG` goes over them.
pub fn init(settings: &Log) {
    let mut builder = rules(settings);
    let refused = filter(&mut builder, &env::var("RUST_LOG").unwrap_or_default());
    let rules = builder.build();
    log::set_max_level(rules.filter());
    let logger = LOGGER.get_or_init(|| Logger { rules: ArcSwapOption::empty(), queue: Queue::new(style()) });
    logger.rules.store(Some(Arc::new(rules)));
    // Fails only when it was done before.
    let _ = log::set_logger(logger);
    for directive in refused {
        log::warn!("RUST_LOG: {directive:?} is ignored; allowed: LEVEL or MODULE=LEVEL");
    }
}

/// From now on nobody waits for whoever reads the log. What a thread says that panics is in it, too.
pub fn start_thread() -> io::Result<()> {
    let Some(logger) = LOGGER.get() else { return Ok(()) };
    thread::Builder::new().name("log".into()).spawn(|| logger.queue.run())?;
    panic::set_hook(Box::new(tell_panic));
    Ok(())
}

/// The last lines, the oldest first.
pub fn recent() -> Vec<String> {
    LOGGER.get().map(|logger| logger.queue.recent()).unwrap_or_default()
}

/// The process ends then, or one of its threads does.
fn tell_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let what = payload.downcast_ref::<&str>().copied();
    let what = what.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let name = thread::current().name().unwrap_or("a thread without a name").to_owned();
    log::error!("panic in {name}, at {place}: {what}; please report this, with what `mjpegd report` prints");
    log::logger().flush();
}

impl log::Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.rules.load().as_ref().is_some_and(|rules| rules.enabled(metadata))
    }

    fn log(&self, record: &Record<'_>) {
        if !self.rules.load().as_ref().is_some_and(|rules| rules.matches(record)) {
            return;
        }
        let kind = match record.level() {
            _ if record.target() == ACCESS_LOG => Kind::Access,
            Level::Debug | Level::Trace => Kind::Wanted,
            Level::Info | Level::Warn | Level::Error => Kind::Limited(Cause::of(record)),
        };
        self.queue.put(record.into(), kind);
    }

    fn flush(&self) {
        self.queue.flush();
    }
}

fn style() -> Style {
    let given = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let ours = env::var("JOURNAL_STREAM").is_ok_and(|stream| {
        let stderr = stderr_metadata();
        stderr.is_ok_and(|stderr| is_journal(&stream, &stderr))
    });
    if ours {
        return Style::Journal;
    }
    // As https://no-color.org has it.
    let plain = given("NO_COLOR") || env::var("TERM").is_ok_and(|term| term == "dumb");
    if io::stderr().is_terminal() && !plain { Style::Coloured } else { Style::Plain }
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
}
