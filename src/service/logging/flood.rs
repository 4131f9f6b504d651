//! What keeps the log from being flooded: of each cause some lines are let through, and the others are counted and told of in one.
//!
//! A cause is a place in our source (with its target, where several programs or pushes share one) and a level. Whatever a stranger, a
//! camera or a program does, it makes no more than a few lines a minute of each. What is asked for, debugging and the access log,
//! is not counted here.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use log::Record;

use super::line::Line;
use crate::clock::Monotonic;

/// Lines of a cause that are let through within a window.
const AT_ONCE: u32 = 20;

/// The same in a window that follows one in which some were left out.
const AFTERWARDS: u32 = 5;

const WINDOW: Duration = Duration::from_secs(60);

/// Causes kept apart; there are fewer places in the source that log.
const MOST_CAUSES: usize = 512;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cause(u64);

impl Cause {
    pub fn of(record: &Record<'_>) -> Self {
        let mut hasher = DefaultHasher::new();
        (record.target(), record.file(), record.line(), record.level()).hash(&mut hasher);
        Self(hasher.finish())
    }
}

#[derive(Debug, Default)]
pub struct Flood {
    windows: HashMap<Cause, Window>,
    /// How many of these leave something out.
    flooding: usize,
}

#[derive(Debug)]
struct Window {
    began: Monotonic,
    /// Lines that may still come.
    room: u32,
    left_out: u64,
    /// The newest of those that were left out.
    newest: Option<Line>,
}

impl Window {
    const fn new(began: Monotonic, room: u32) -> Self {
        Self { began, room, left_out: 0, newest: None }
    }

    /// Ends it; the line that tells what was left out, if something was.
    fn close(&mut self, now: Monotonic) -> Option<Line> {
        let Self { began, left_out, .. } = *self;
        let newest = self.newest.take();
        *self = Self::new(now, if left_out > 0 { AFTERWARDS } else { AT_ONCE });
        let seconds = (now - began).as_secs().max(1);
        newest.map(|line| line.standing_for(left_out, seconds))
    }
}

impl Flood {
    /// What is to be logged now that there is this line: it, or nothing, after what was left out before.
    pub fn admit(&mut self, cause: Cause, line: Line, now: Monotonic) -> [Option<Line>; 2] {
        let cause = self.known(cause, now);
        let window = self.windows.entry(cause).or_insert(Window::new(now, AT_ONCE));
        let mut summary = None;
        if now - window.began >= WINDOW {
            self.flooding -= usize::from(window.left_out > 0);
            summary = window.close(now);
        }
        if window.room > 0 {
            window.room -= 1;
            return [summary, Some(line)];
        }
        self.flooding += usize::from(window.left_out == 0);
        window.left_out += 1;
        window.newest = Some(line);
        [summary, None]
    }

    /// Beyond the limit, causes that are quiet are forgotten; if there are none, the rest share one.
    fn known(&mut self, cause: Cause, now: Monotonic) -> Cause {
        if self.windows.len() < MOST_CAUSES || self.windows.contains_key(&cause) {
            return cause;
        }
        self.windows.retain(|_, window| window.left_out > 0 || now - window.began < WINDOW);
        if self.windows.len() < MOST_CAUSES { cause } else { Cause::default() }
    }

    /// When there is something to tell without another line; `None`: nothing was left out.
    pub fn due(&self) -> Option<Monotonic> {
        if self.flooding == 0 {
            return None;
        }
        let flooded = self.windows.values().filter(|window| window.left_out > 0);
        flooded.map(|window| window.began + WINDOW).min()
    }

    /// What is to be told by now of what was left out; with `all`, of what is not over yet, too.
    pub fn tell(&mut self, now: Monotonic, all: bool) -> Vec<Line> {
        if self.flooding == 0 {
            return Vec::new();
        }
        let over = |window: &&mut Window| all || now - window.began >= WINDOW;
        let flooded = self.windows.values_mut().filter(|window| window.left_out > 0).filter(over);
        let told: Vec<_> = flooded.filter_map(|window| window.close(now)).collect();
        self.flooding -= told.len();
        told
    }
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    const NOISY: Cause = Cause(1);
    const QUIET: Cause = Cause(2);

    fn line(number: u64) -> Line {
        Line::new(Level::Info, &format!("line {number}"))
    }

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_boot(Duration::from_secs(1000 + seconds))
    }

    /// How many of so many lines come through at once.
    fn through(flood: &mut Flood, cause: Cause, lines: u64, now: Monotonic) -> u32 {
        let passed = (0..lines).filter(|number| flood.admit(cause, line(*number), now)[1].is_some());
        u32::try_from(passed.count()).unwrap()
    }

    #[test]
    fn a_cause_is_cut_off_and_another_one_is_not() {
        let mut flood = Flood::default();
        assert_eq!(through(&mut flood, NOISY, 10_000, at(0)), AT_ONCE);
        assert_eq!(through(&mut flood, QUIET, 3, at(1)), 3);
        assert_eq!(flood.due(), Some(at(60)));
        assert!(flood.tell(at(59), false).is_empty());
        let told = flood.tell(at(60), false);
        let text: Vec<_> = told.iter().map(Line::text).collect();
        assert_eq!(text, ["9980 more lines like this within 60 s: line 9999"]);
        assert_eq!(flood.due(), None);
    }

    #[test]
    fn what_was_left_out_is_told_once_and_before_the_next_line() {
        let mut flood = Flood::default();
        through(&mut flood, NOISY, 21, at(0));
        let [summary, passed] = flood.admit(NOISY, line(99), at(70));
        assert_eq!(summary.unwrap().text(), "1 more line like this within 70 s: line 20");
        assert_eq!(passed.unwrap().text(), "line 99");
        assert_eq!((flood.due(), flood.tell(at(200), true).len()), (None, 0));
    }

    #[test]
    fn a_flood_that_goes_on_makes_few_lines_a_minute_and_one_that_ends_is_forgotten() {
        let mut flood = Flood::default();
        through(&mut flood, NOISY, 100, at(0));
        for minute in 1..60 {
            assert_eq!(flood.tell(at(60 * minute), false).len(), 1);
            assert_eq!(through(&mut flood, NOISY, 100, at(60 * minute)), AFTERWARDS);
        }
        assert_eq!(flood.tell(at(10_000), false).len(), 1);
        assert_eq!(through(&mut flood, NOISY, 3, at(10_001)), 3);
        assert_eq!(through(&mut flood, NOISY, 100, at(20_000)), AT_ONCE);
    }

    #[test]
    fn at_the_end_all_is_told_and_nothing_is_left_out_uncounted() {
        let mut flood = Flood::default();
        for cause in 0..10 {
            through(&mut flood, Cause(cause), 25, at(cause));
        }
        assert_eq!(flood.tell(at(20), true).len(), 10);
        assert_eq!(flood.flooding, 0);
    }

    #[test]
    fn causes_without_end_take_bounded_memory() {
        let mut flood = Flood::default();
        for cause in 0..10_000 {
            flood.admit(Cause(cause), line(cause), at(0));
        }
        assert!(flood.windows.len() <= MOST_CAUSES + 1, "{}", flood.windows.len());
        flood.admit(Cause(77_777), line(0), at(61));
        assert!(flood.windows.contains_key(&Cause(77_777)));
    }

    #[test]
    fn a_cause_is_a_place_and_a_level_and_a_target() {
        let cause = |line, level, target| {
            Cause::of(
                &Record::builder().file(Some("a.rs")).line(Some(line)).level(level).target(target).build(),
            )
        };
        let one = cause(1, Level::Info, "a");
        assert_eq!(one, cause(1, Level::Info, "a"));
        for other in [cause(2, Level::Info, "a"), cause(1, Level::Warn, "a"), cause(1, Level::Info, "b")] {
            assert_ne!(one, other);
        }
    }
}
