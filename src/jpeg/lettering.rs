//! Text on a canvas, of any height: the font's bitmaps are enlarged smoothly.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width};

use super::canvas::{Area, Canvas, Colour};

/// Letters of one size. All are equally wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lettering {
    /// Height of a line in pixels.
    pub height: usize,
}

/// Below this height letters cannot be told apart.
pub const MIN_HEIGHT: usize = 9;

impl Lettering {
    /// The largest that lets `columns` letters stand in `width` pixels, but not over `height`; `None` when that is too
    /// small to be read.
    pub fn fitting(columns: usize, width: usize, height: usize) -> Option<Self> {
        let (font, raster) = (32, get_raster_width(FontWeight::Regular, RasterHeight::Size32));
        let height = height.min(width * font / (columns.max(1) * raster));
        (height >= MIN_HEIGHT).then_some(Self { height })
    }

    /// Width of one letter in pixels.
    pub fn advance(self) -> usize {
        let size = self.raster();
        (get_raster_width(FontWeight::Regular, size) * self.height / size.val()).max(1)
    }

    pub fn draw(self, canvas: &mut Canvas, x: usize, y: usize, text: &str, colour: Colour) {
        for (column, letter) in text.chars().enumerate() {
            self.draw_letter(canvas, x + column * self.advance(), y, letter, colour);
        }
    }

    pub fn draw_letter(self, canvas: &mut Canvas, x: usize, y: usize, letter: char, colour: Colour) {
        self.covers(letter, |column, row, cover| canvas.blend(x + column, y + row, colour, cover));
    }

    /// How much of each pixel a letter covers, from its upper left corner.
    pub fn covers(self, letter: char, mut put: impl FnMut(usize, usize, u8)) {
        let glyph = |letter| get_raster(letter, FontWeight::Regular, self.raster());
        let Some(raster) = glyph(letter).or_else(|| glyph('?')) else {
            return;
        };
        for row in 0..self.height {
            for column in 0..self.advance() {
                put(column, row, self.cover(&raster, column, row));
            }
        }
    }

    /// Where a line's letter stands.
    pub fn cell(self, x: usize, y: usize, column: usize) -> Area {
        Area { x: x + column * self.advance(), y, width: self.advance(), height: self.height }
    }

    const fn raster(self) -> RasterHeight {
        if self.height < 24 { RasterHeight::Size16 } else { RasterHeight::Size32 }
    }

    /// How much of a pixel the letter covers: between the four nearest points of the bitmap, and with the edge drawn
    /// as much sharper as the bitmap is enlarged.
    fn cover(self, raster: &RasterizedChar, column: usize, row: usize) -> u8 {
        let (from, to) = (raster.height(), self.height);
        if from == to {
            return raster.pixel(column, row).unwrap_or(0);
        }
        // In 1/256 of the bitmap's pixels, shifted by one whole pixel to stay above zero.
        let place = |at: usize| (2 * at + 1) * from * 128 / to + 128;
        let (x, y) = (place(column), place(row));
        let point = |x: usize, y: usize| {
            let (x, y) = (x.checked_sub(1), y.checked_sub(1));
            i32::from(x.zip(y).and_then(|(x, y)| raster.pixel(x, y)).unwrap_or(0))
        };
        let between = |low: i32, high: i32, part: usize| low + (((high - low) * (part & 255) as i32) >> 8);
        let (left, top) = (x >> 8, y >> 8);
        let upper = between(point(left, top), point(left + 1, top), x);
        let lower = between(point(left, top + 1), point(left + 1, top + 1), x);
        let cover = between(upper, lower, y);
        let sharper = (to.max(from) as i32 * 256) / from as i32;
        ((((cover - 128) * sharper) >> 8) + 128).clamp(0, 255) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Monotonic;

    fn drawn(letter: char, height: usize) -> Vec<u8> {
        let lettering = Lettering { height };
        let mut canvas = Canvas::new(lettering.advance() as u32, height as u32, Colour::grey(0));
        lettering.draw_letter(&mut canvas, 0, 0, letter, Colour::grey(255));
        canvas.picture(Monotonic::now()).bytes.to_vec()
    }

    #[test]
    fn unknown_letters_show_a_question_mark() {
        assert_eq!(drawn('語', 32), drawn('?', 32));
        assert_ne!(drawn('é', 32), drawn('?', 32));
    }

    #[test]
    fn letters_keep_their_weight_at_any_height() {
        let ink = |height| {
            let pixels = drawn('M', height);
            let luma = &pixels[..pixels.len() * 2 / 3];
            luma.iter().map(|sample| f64::from(*sample)).sum::<f64>() / luma.len() as f64
        };
        for height in [12, 16, 20, 32, 48, 71, 200] {
            let ratio = ink(height) / ink(32);
            assert!((0.7..1.4).contains(&ratio), "{height}: {ratio}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_not_drawn() {
        assert_eq!(Lettering::fitting(10, 20, 100), None);
        let lettering = Lettering::fitting(10, 300, 100).unwrap();
        assert!(lettering.advance() * 10 <= 300);
    }
}
