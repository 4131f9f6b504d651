//! Letters out of a font file of the user's.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ab_glyph::{Font as _, FontVec, PxScale, ScaleFont, point};
use anyhow::Context;

/// The largest that we know, of all Chinese, Japanese and Korean letters in several styles, takes a third of it.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The first font of a file, where that is a collection.
pub struct Font(FontVec);

/// One letter, and where it stands.
pub(super) struct Glyph {
    /// From where it stands to where the next one does.
    pub(super) advance: f32,
    /// Its left and upper edge, from there and from the line's top.
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) width: usize,
    /// How much of each pixel it covers.
    pub(super) cover: Vec<u8>,
}

impl Font {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let read = || -> anyhow::Result<Self> {
            let mut bytes = Vec::new();
            File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
            anyhow::ensure!(bytes.len() as u64 <= MAX_BYTES, "it is larger than {} MiB", MAX_BYTES >> 20);
            let font = FontVec::try_from_vec_and_index(bytes, 0).ok().context("it is not a font")?;
            Ok(Self(font))
        };
        read().with_context(|| path.display().to_string())
    }

    /// A letter of lines that are so high.
    pub(super) fn glyph(&self, letter: char, height: usize) -> Glyph {
        let scale = PxScale::from(height as f32);
        let font = self.0.as_scaled(scale);
        let id = font.glyph_id(letter);
        let advance = font.h_advance(id).max(0.0);
        let at = point(0.0, font.ascent().round());
        let mut glyph = Glyph { advance, left: 0, top: 0, width: 0, cover: Vec::new() };
        if let Some(outline) = self.0.outline_glyph(id.with_scale_and_position(scale, at)) {
            let bounds = outline.px_bounds();
            // A broken font may have letters as large as it likes.
            let most = height * 8;
            let side = |length: f32| (length.ceil().max(0.0) as usize).min(most);
            let (width, lines) = (side(bounds.width()), side(bounds.height()));
            (glyph.left, glyph.top, glyph.width) = (bounds.min.x as i32, bounds.min.y as i32, width);
            glyph.cover = vec![0; width * lines];
            outline.draw(|x, y, cover| {
                let (x, y) = (x as usize, y as usize);
                if let Some(pixel) = glyph.cover.get_mut(y * width + x).filter(|_| x < width) {
                    *pixel = (cover.clamp(0.0, 1.0) * 255.0).round() as u8;
                }
            });
        }
        glyph
    }
}
