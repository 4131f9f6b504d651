//! Lines of text as ink: letters of a font file, or the built-in ones.

use std::collections::HashMap;

use super::font::{Font, Glyph};
use super::label::Ink;
use super::lettering::Lettering;

/// More are not kept: the text has letters that change all the time.
const MOST_KEPT: usize = 256;

pub(super) struct Letters {
    /// `None`: the built-in ones.
    font: Option<Font>,
    /// Of a line, in pixels.
    height: usize,
    kept: HashMap<char, Glyph>,
}

impl Letters {
    pub(super) fn new(font: Option<Font>) -> Self {
        Self { font, height: 0, kept: HashMap::new() }
    }

    /// Draws a line of this height. It is as wide as it need be, but not wider than `most`.
    pub(super) fn line(&mut self, text: &str, height: usize, most: usize) -> Ink {
        if self.height != height || self.kept.len() > MOST_KEPT {
            self.height = height;
            self.kept.clear();
        }
        for letter in text.chars() {
            let font = self.font.as_ref();
            self.kept.entry(letter).or_insert_with(|| {
                font.map_or_else(|| built_in(letter, height), |font| font.glyph(letter, height))
            });
        }
        let glyphs = || text.chars().filter_map(|letter| self.kept.get(&letter));
        let width: f32 = glyphs().map(|glyph| glyph.advance).sum();
        let width = (width.ceil() as usize).min(most);
        let mut ink = Ink { width, height, cover: vec![0; width * height] };
        let mut x = 0.0_f32;
        for glyph in glyphs() {
            ink.put(glyph, x.round() as i32 + glyph.left, glyph.top);
            x += glyph.advance;
        }
        ink
    }
}

fn built_in(letter: char, height: usize) -> Glyph {
    let lettering = Lettering { height };
    let width = lettering.advance();
    let mut cover = vec![0; width * height];
    lettering.covers(letter, |x, y, part| {
        if let Some(pixel) = cover.get_mut(y * width + x) {
            *pixel = part;
        }
    });
    Glyph { advance: width as f32, left: 0, top: 0, width, cover }
}

impl Ink {
    /// What lies outside is cut off.
    fn put(&mut self, glyph: &Glyph, left: i32, top: i32) {
        for (y, line) in glyph.cover.chunks_exact(glyph.width.max(1)).enumerate() {
            let Ok(y) = usize::try_from(top + y as i32) else { continue };
            for (x, cover) in line.iter().enumerate().filter(|(_, cover)| **cover > 0) {
                let x = usize::try_from(left + x as i32).ok().filter(|x| *x < self.width);
                if let Some(pixel) = x.and_then(|x| self.cover.get_mut(y * self.width + x)) {
                    *pixel = (*pixel).max(*cover);
                }
            }
        }
    }
}
