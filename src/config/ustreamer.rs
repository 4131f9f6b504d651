//! Flags that ustreamer has and mjpegd needs none of: taken, so that a command line of its can stay as it is, or refused with
//! what to do instead. Hidden from `--help`; `docs/ustreamer.md` has the list.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::error::ConfigError;

/// What becomes of a flag.
enum Fate {
    /// It says what mjpegd does anyway, or what makes no difference here.
    Needless(&'static str),
    /// Going on without it would be something else than was asked for.
    Refused(&'static str),
}

use Fate::{Needless, Refused};

struct Flag {
    long: &'static str,
    short: Option<char>,
    takes_value: bool,
    fate: Fate,
}

const fn with(long: &'static str, fate: Fate) -> Flag {
    Flag { long, short: None, takes_value: true, fate }
}

const fn alone(long: &'static str, fate: Fate) -> Flag {
    Flag { long, short: None, takes_value: false, fate }
}

const fn short(letter: char, flag: Flag) -> Flag {
    Flag { short: Some(letter), ..flag }
}

const NO_H264: Fate = Refused("mjpegd makes no H.264; a camera's JPEGs go out as they are");
const NO_SINK: Fate =
    Refused("mjpegd writes no memory sink of ustreamer's; --sink is one with a layout of its own");
const NO_WAIT: Fate = Needless("no reader of a sink is waited for, and one that is gone is seen to be gone");
const NO_GPIO: Fate =
    Refused("mjpegd drives no pins; /readyz and /api/v1/events tell other programs of the state");

/// All of ustreamer 6.62 that mjpegd has no flag of its own for.
const FLAGS: &[Flag] = &[
    short(
        'i',
        with("input", Refused("mjpegd reads a device's first input; `v4l2-ctl --set-input` chooses another")),
    ),
    with(
        "format-swap-rgb",
        Refused("choose the format that the camera sends: --format RGB24 or --format BGR24"),
    ),
    short('a', with("tv-standard", Refused("set it with `v4l2-ctl --set-standard` before mjpegd starts"))),
    short('I', with("io-method", Needless("buffers are always mapped (MMAP)"))),
    short('z', with("min-frame-size", Needless("each JPEG is checked whole, whatever its length"))),
    alone("allow-truncated-frames", Refused("a JPEG that ends too early is never shown")),
    short('n', alone("persistent", Needless("viewers stay connected whatever the camera does"))),
    short(
        'c',
        with(
            "encoder",
            Needless("JPEGs of a camera are passed on, and what is raw is compressed by libjpeg-turbo"),
        ),
    ),
    short('g', with("glitched-resolutions", Needless("it does nothing in ustreamer either"))),
    short('k', with("blank", Needless("it does nothing in ustreamer either"))),
    short('K', with("last-as-blank", Needless("it does nothing in ustreamer either"))),
    short('l', alone("slowdown", Needless("a camera that nobody watches is stopped: see --idle-timeout"))),
    with("m2m-device", Needless("what is raw is compressed by libjpeg-turbo")),
    short('S', alone("systemd", Needless("sockets that systemd passes are always taken"))),
    with("instance-id", Refused("/state has one daemon's figures; tell several by their ports")),
    short('R', with("fake-resolution", Refused("/state tells the size that pictures have"))),
    with("jpeg-sink", NO_SINK),
    with("jpeg-sink-mode", NO_SINK),
    alone("jpeg-sink-rm", NO_SINK),
    with("jpeg-sink-client-ttl", NO_SINK),
    with("jpeg-sink-timeout", NO_SINK),
    with("raw-sink", NO_SINK),
    with("raw-sink-mode", NO_SINK),
    alone("raw-sink-rm", NO_SINK),
    with("raw-sink-client-ttl", NO_SINK),
    with("raw-sink-timeout", NO_SINK),
    with("h264-sink", NO_H264),
    with("h264-sink-mode", NO_H264),
    alone("h264-sink-rm", NO_H264),
    with("h264-sink-client-ttl", NO_H264),
    with("h264-sink-timeout", NO_H264),
    with("h264-bitrate", NO_H264),
    with("h264-gop", NO_H264),
    with("h264-m2m-device", NO_H264),
    alone("sink-rm", Needless("a sink is always removed at the end")),
    with("sink-client-ttl", NO_WAIT),
    with("sink-timeout", NO_WAIT),
    alone("v4p", Refused("mjpegd shows nothing on a screen of the board")),
    with("gpio-device", NO_GPIO),
    with("gpio-consumer-prefix", NO_GPIO),
    with("gpio-prog-running", NO_GPIO),
    with("gpio-stream-online", NO_GPIO),
    with("gpio-has-http-clients", NO_GPIO),
    alone("exit-on-parent-death", Refused("a supervisor such as systemd ends mjpegd with what started it")),
    alone("exit-on-device-error", Refused("a camera that is lost is waited for; /readyz tells a supervisor")),
    with("exit-on-no-clients", Refused("a camera that nobody watches is stopped: see --idle-timeout")),
    with("process-name-prefix", Needless("the process is called mjpegd")),
    alone("notify-parent", Refused("mjpegd tells systemd when it is ready (Type=notify)")),
    alone("perf", Needless("figures are at /metrics and /state")),
    alone("force-log-colors", Needless("a terminal gets colours, and nothing else does")),
    alone("no-log-colors", Needless("a terminal gets colours, and nothing else does")),
    alone("features", Refused("`mjpegd --help` tells what there is")),
];

/// Makes these flags known.
pub fn add_to(command: Command) -> Command {
    command.args(FLAGS.iter().map(|flag| {
        let action = if flag.takes_value { ArgAction::Append } else { ArgAction::Count };
        let arg = Arg::new(flag.long).long(flag.long).action(action).hide(true).global(true);
        match flag.short {
            Some(letter) => arg.short(letter),
            None => arg,
        }
    }))
}

/// What came of those that were given.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    pub needless: Vec<String>,
    /// Everything that is refused, if something is.
    pub refused: Option<ConfigError>,
}

impl Judgement {
    pub fn of(matches: &ArgMatches) -> Self {
        let given = FLAGS.iter().filter(|flag| match flag.takes_value {
            true => matches.contains_id(flag.long),
            false => matches.get_count(flag.long) > 0,
        });
        let (mut needless, mut refused) = (Vec::new(), Vec::new());
        for flag in given {
            match flag.fate {
                Needless(why) => needless.push(format!("--{} is not needed: {why}", flag.long)),
                Refused(why) => refused.push(format!("--{}: {why}", flag.long)),
            }
        }
        Self { needless, refused: Some(ConfigError::new(refused)).filter(|all| !all.problems().is_empty()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_ustreamer_has_each_of_them_with_its_reason() {
        let page = include_str!("../../docs/ustreamer.md");
        for Flag { long, fate: Needless(why) | Refused(why), .. } in FLAGS {
            let named = format!("`--{long}`");
            let row = page.lines().find(|row| row.starts_with("| `--") && row.contains(&named));
            assert!(row.is_some_and(|row| row.ends_with(&format!(" | {why} |"))), "--{long}: {row:?}");
        }
    }
}
