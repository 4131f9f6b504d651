//! One record of the log as one line.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::SystemTime;

use jiff::Timestamp;
use log::{Level, Record};

/// A line that is longer is cut: what a stranger sends, a program says or settings hold has no other limit here.
const LONGEST: usize = 4096;

/// A record in words, with when and how grave.
#[derive(Clone, Debug)]
pub struct Line {
    at: Timestamp,
    level: Level,
    text: String,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A file, or a program.
    Plain,
    /// A person at a terminal.
    Coloured,
    /// The journal, which keeps time and level itself: prefixes as in sd-daemon(3).
    Journal,
}

impl Line {
    pub fn new(level: Level, text: &str) -> Self {
        // A board without a battery can believe in any year; one that has no name must not end the daemon.
        let at = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        // One record is one line: what a stranger sent and we repeat cannot pass for a line of ours, nor drive a terminal.
        let text = cut(text.trim_end()).replace(char::is_control, "\u{fffd}");
        Self { at, level, text }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// One that tells of those that were left out before it.
    pub fn standing_for(self, left_out: u64, seconds: u64) -> Self {
        let lines = if left_out == 1 { "line" } else { "lines" };
        let text = format!("{left_out} more {lines} like this within {seconds} s: {}", self.text);
        Self { text, ..self }
    }

    pub fn write(&self, style: Style, out: &mut String) {
        let Self { at, level, text } = self;
        // Writing into memory does not fail.
        let _ = match style {
            Style::Plain => writeln!(out, "{at:.3} {level:<5} {text}"),
            Style::Coloured => {
                let colour = match level {
                    Level::Error => 31,
                    Level::Warn => 33,
                    Level::Info => 32,
                    Level::Debug => 34,
                    Level::Trace => 36,
                };
                writeln!(out, "{at:.3} \u{1b}[{colour}m{level:<5}\u{1b}[0m {text}")
            }
            Style::Journal => {
                let priority = match level {
                    Level::Error => 3,
                    Level::Warn => 4,
                    Level::Info => 6,
                    Level::Debug | Level::Trace => 7,
                };
                writeln!(out, "<{priority}>{text}")
            }
        };
    }
}

impl From<&Record<'_>> for Line {
    fn from(record: &Record<'_>) -> Self {
        // Most are a word or have been put together already.
        let text = record.args().as_str().map_or_else(|| Cow::from(record.args().to_string()), Cow::from);
        Self::new(record.level(), &text)
    }
}

fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return text.into();
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}...", &text[..end]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::new(Level::Warn, text)
    }

    #[test]
    fn a_record_is_one_line_whatever_is_in_it() {
        assert_eq!(line("GET /\n<3>forged \u{1b}[2J\n").text(), "GET /\u{fffd}<3>forged \u{fffd}[2J");
        let five = 5;
        let line = Line::from(&Record::builder().args(format_args!("{five}\n")).level(Level::Info).build());
        assert_eq!(line.text(), "5");
    }

    #[test]
    fn it_is_cut_where_it_has_no_end() {
        let long = line(&"ü".repeat(100_000));
        assert!(long.text().len() <= LONGEST + 3 && long.text().ends_with("ü..."));
    }

    #[test]
    fn the_journal_is_told_the_level_and_people_see_time_and_level() {
        let said = |style| {
            let mut out = String::new();
            line("a b").write(style, &mut out);
            out
        };
        assert_eq!(said(Style::Journal), "<4>a b\n");
        assert!(said(Style::Plain).ends_with("Z WARN  a b\n"), "{}", said(Style::Plain));
        assert!(said(Style::Coloured).ends_with("\u{1b}[33mWARN \u{1b}[0m a b\n"));
    }
}
