//! The last lines of the log, in memory, for whoever reports a fault.

use std::collections::VecDeque;

use super::line::{Line, Style};

const MOST_LINES: usize = 200;
const MOST_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
pub struct Recent {
    lines: VecDeque<Line>,
    bytes: usize,
}

impl Recent {
    pub fn push(&mut self, line: &Line) {
        self.bytes += line.text().len();
        self.lines.push_back(line.clone());
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= oldest.text().len();
        }
    }

    /// The oldest first, with time and level.
    pub fn texts(&self) -> Vec<String> {
        let text = |line: &Line| {
            let mut text = String::new();
            line.write(Style::Plain, &mut text);
            text.trim_end().to_owned()
        };
        self.lines.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    #[test]
    fn it_keeps_the_newest_and_stays_small() {
        let mut recent = Recent::default();
        (0..1000).for_each(|number| recent.push(&Line::new(Level::Info, &format!("line {number}"))));
        assert_eq!(recent.texts().len(), MOST_LINES);
        assert!(recent.texts()[MOST_LINES - 1].ends_with("INFO  line 999"), "{:?}", recent.texts());
        (0..1000).for_each(|_| recent.push(&Line::new(Level::Info, &"x".repeat(9000))));
        let bytes: usize = recent.texts().iter().map(String::len).sum();
        assert!(bytes < 2 * MOST_BYTES && !recent.texts().is_empty(), "{bytes}");
    }
}
