//! The text over the picture: what it says now, and its label, drawn anew only where that has changed.

use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::font::Font;
use super::label::{Ink, Label};
use super::lettering::MIN_HEIGHT;
use super::letters::Letters;
use crate::config;
use crate::config::values::Caption;

/// What the placeholders stand for.
pub struct Facts<'a> {
    /// Measured, a second.
    pub fps: f64,
    pub camera: &'a dyn Fn() -> String,
}

pub(super) struct Overlay {
    settings: config::Overlay,
    zone: TimeZone,
    letters: Letters,
    text: String,
    lines: Vec<Line>,
    /// For pictures of this size.
    drawn: Option<((usize, usize), Arc<Label>)>,
}

struct Line {
    text: String,
    height: usize,
    ink: Ink,
}

impl Overlay {
    /// `None`: there is none.
    pub(super) fn new(settings: &config::Overlay) -> anyhow::Result<Option<Self>> {
        if settings.text.is_empty() {
            return Ok(None);
        }
        let zone = match &settings.time_zone {
            Some(name) => TimeZone::get(name).with_context(|| format!("time zone {name}"))?,
            None => TimeZone::system(),
        };
        let font = settings.font.as_deref().map(Font::read).transpose()?;
        Ok(Some(Self {
            settings: settings.clone(),
            zone,
            letters: Letters::new(font),
            text: String::new(),
            lines: Vec::new(),
            drawn: None,
        }))
    }

    /// Whether it says something else than it did when it was last asked.
    pub(super) fn changes(&mut self, facts: &Facts<'_>) -> bool {
        let now = Timestamp::now().to_zoned(self.zone.clone());
        // The settings have been checked for it.
        let timed = Caption::with_time(&self.settings.text, &now).unwrap_or_default();
        let text = self.filled_in(&timed, facts);
        if text == self.text {
            return false;
        }
        self.text = text;
        self.drawn = None;
        true
    }

    /// Each placeholder once, so that one in a name is taken for what it is.
    fn filled_in(&self, text: &str, facts: &Facts<'_>) -> String {
        let mut rest = text;
        let mut filled = String::with_capacity(text.len());
        while let Some((before, behind)) = rest.split_once('{') {
            filled.push_str(before);
            let (word, behind) = behind.split_once('}').unwrap_or(("", behind));
            match word {
                "name" => filled.push_str(&self.settings.name),
                "fps" => filled.push_str(&facts.fps.round().to_string()),
                "camera" => filled.push_str(&(facts.camera)()),
                _ => {}
            }
            rest = behind;
        }
        filled.push_str(rest);
        filled
    }

    /// For pictures of this size. `None`: it says nothing now.
    pub(super) fn label(&mut self, size: (usize, usize)) -> Option<Arc<Label>> {
        if let Some((_, label)) = self.drawn.as_ref().filter(|(of, _)| *of == size) {
            return Some(Arc::clone(label));
        }
        if self.text.trim().is_empty() {
            return None;
        }
        let height = (size.1 * self.settings.size_percent as usize / 100).max(MIN_HEIGHT);
        self.draw_lines(height, size.0);
        let label = Arc::new(self.compose(height, size));
        self.drawn = Some((size, Arc::clone(&label)));
        Some(label)
    }

    fn draw_lines(&mut self, height: usize, most: usize) {
        let mut old = std::mem::take(&mut self.lines);
        for text in self.text.lines() {
            let same = old
                .iter()
                .position(|line| line.text == text && line.height == height && line.ink.width <= most);
            let line = match same {
                Some(at) => old.swap_remove(at),
                None => Line { text: text.to_owned(), height, ink: self.letters.line(text, height, most) },
            };
            self.lines.push(line);
        }
    }

    /// All lines before one background, with a margin around it.
    fn compose(&self, height: usize, (width, lines): (usize, usize)) -> Label {
        let corner = self.settings.corner;
        let gap = height / 4;
        let widest = self.lines.iter().map(|line| line.ink.width).max().unwrap_or_default();
        let box_width = (widest + 2 * gap).next_multiple_of(2).min(width.next_multiple_of(2));
        let box_height = (height * self.lines.len() + gap).next_multiple_of(2).min(lines.next_multiple_of(2));
        let mut ink = Ink { width: box_width, height: box_height, cover: vec![0; box_width * box_height] };
        for (number, line) in self.lines.iter().enumerate() {
            let room = box_width.saturating_sub(line.ink.width);
            let x = if corner.is_right() { room.saturating_sub(gap) } else { room.min(gap) };
            ink.put_line(&line.ink, x, gap / 2 + number * height);
        }
        let margin = height / 2;
        let place = |far: bool, whole: usize, part: usize| {
            let room = whole.saturating_sub(part);
            if far { room.saturating_sub(margin) } else { room.min(margin) }
        };
        let x = place(corner.is_right(), width, box_width);
        let y = place(corner.is_bottom(), lines, box_height);
        Label::new((x, y), &ink, self.settings.colour, self.settings.background)
    }
}

impl Ink {
    fn put_line(&mut self, line: &Self, x: usize, y: usize) {
        for (from, to) in line
            .cover
            .chunks_exact(line.width.max(1))
            .zip(self.cover.chunks_exact_mut(self.width.max(1)).skip(y))
        {
            let to = to.get_mut(x..).unwrap_or_default();
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
    }
}

#[cfg(test)]
#[path = "overlay_tests.rs"]
mod tests;
