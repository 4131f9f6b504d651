//! A picture on its way to a JPEG, in horizontal slices that several threads can compress side by side.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;

use super::encode::Encoder;
use super::join::join;
use super::lines::{Lines, Unfit};
use super::planes::{Planes, mcu_size};
use crate::config::values::Subsampling;
use crate::frame::{FramePool, Jpeg};
use crate::picture::Picture;

/// Memory for a picture and for what becomes of its slices, used again for the next one.
#[derive(Default)]
pub struct Sheet {
    width: usize,
    height: usize,
    subsampling: Subsampling,
    /// Lines of each slice; the last has what is left.
    step: usize,
    /// MCUs of each slice, which decoders call the restart interval.
    interval: u16,
    slices: Vec<Mutex<Slice>>,
}

#[derive(Default)]
struct Slice {
    planes: Planes,
    /// As long as the worst case. The kernel gives pages only to what is written.
    scratch: Vec<u8>,
    /// How much of it is the slice's JPEG.
    jpeg: Option<Result<usize, turbojpeg::Error>>,
}

impl Sheet {
    /// Takes a copy of a picture that is to be compressed in about so many slices.
    pub(super) fn fill(
        &mut self,
        picture: &Picture<'_>,
        subsampling: Subsampling,
        slices: usize,
    ) -> Result<(), Unfit> {
        let lines = Lines::of(picture)?;
        self.lay_out(&lines, subsampling, slices);
        (0..self.slices()).for_each(|slice| self.fill_slice(slice, &lines));
        Ok(())
    }

    /// Makes room for a picture that is to be compressed in about so many slices.
    pub(super) fn lay_out(&mut self, lines: &Lines<'_>, subsampling: Subsampling, slices: usize) {
        (self.width, self.height) = (lines.width(), lines.height());
        self.subsampling = subsampling;
        let (width, height) = mcu_size(lines.format(), subsampling);
        let (rows, columns) = (self.height.div_ceil(height), self.width.div_ceil(width));
        // A restart interval has 16 bits, which only slices of the hugest pictures exceed; then there are more of them.
        let most = usize::from(u16::MAX) / columns;
        let step = rows.div_ceil(slices.max(1));
        let step = if step < rows { step.min(most).max(1) } else { rows };
        self.interval = u16::try_from(step * columns).unwrap_or_default();
        self.step = step * height;
        self.slices.resize_with(rows.div_ceil(step), Mutex::default);
        for slice in &mut self.slices {
            slice.get_mut().unwrap_or_else(PoisonError::into_inner).jpeg = None;
        }
    }

    pub fn width(&self) -> u32 {
        self.width as u32
    }

    pub fn height(&self) -> u32 {
        self.height as u32
    }

    pub fn slices(&self) -> usize {
        self.slices.len()
    }

    /// Takes a copy of the slice's lines, out of those of the picture that the sheet was laid out for.
    pub(super) fn fill_slice(&self, number: usize, lines: &Lines<'_>) {
        if let Some(mut slice) = self.slice(number) {
            let begin = number * self.step;
            let band = begin..(begin + self.step).min(self.height);
            slice.planes.fill(&lines.band(band), self.subsampling);
        }
    }

    /// Compresses a slice that is filled. How that went is told by [`Sheet::join`].
    pub(super) fn compress(&self, number: usize, encoder: &mut Encoder) {
        if let Some(mut slice) = self.slice(number) {
            let Slice { planes, scratch, jpeg } = &mut *slice;
            *jpeg = Some(encoder.encode(planes.view(), scratch));
        }
    }

    fn slice(&self, number: usize) -> Option<MutexGuard<'_, Slice>> {
        Some(self.slices.get(number)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The JPEG of the whole picture, once each slice is compressed.
    pub(super) fn join(&mut self, pool: &Arc<FramePool>) -> anyhow::Result<Jpeg> {
        let size = (self.width() as u16, self.height() as u16);
        let mut slices = Vec::with_capacity(self.slices.len());
        for slice in &mut self.slices {
            let slice = slice.get_mut().unwrap_or_else(PoisonError::into_inner);
            let len = slice.jpeg.take().context("a slice was left out")??;
            slices.push(slice.scratch.get_mut(..len).unwrap_or_default());
        }
        join(&mut slices, size, self.interval, pool).context("the slices do not fit together")
    }
}

#[cfg(test)]
mod tests {
    use super::super::markers::walk;
    use super::super::testing::{Raw, compress, decode};
    use super::*;
    use crate::picture::PixelFormat;

    /// No two parts of it are alike.
    fn uneven(x: usize, y: usize) -> [u8; 3] {
        [(x * 7 + y * y) as u8, (y * 5 + x * x / 3) as u8, (x * y + 90) as u8]
    }

    fn restarts(jpeg: &[u8]) -> Vec<u8> {
        let pairs = jpeg.windows(2).filter(|pair| pair[0] == 0xFF && (0xD0..=0xD7).contains(&pair[1]));
        pairs.map(|pair| pair[1] - 0xD0).collect()
    }

    #[test]
    fn however_it_is_cut_a_picture_decodes_to_the_same_pixels() {
        let formats = [PixelFormat::Yuyv, PixelFormat::Nv12, PixelFormat::Grey, PixelFormat::Rgb24];
        // The last of them are cut into fewer slices than asked for: no slice is less than a row of blocks.
        for (width, height) in [(64, 144), (80, 135), (51, 161), (33, 17), (2, 2)] {
            for format in formats {
                let raw = Raw::paint(format, (width, height), 0, uneven);
                for subsampling in [Subsampling::Yuv420, Subsampling::Yuv422] {
                    let whole = compress(&raw, 80, subsampling, 1);
                    assert!(restarts(&whole).is_empty());
                    for slices in [2, 3, 4, 9, 16] {
                        let sliced = compress(&raw, 80, subsampling, slices);
                        let name = format!("{format} {width}x{height} {subsampling} in {slices}");
                        assert_eq!(decode(&sliced).pixels, decode(&whole).pixels, "{name}");
                        let markers = walk(&sliced).unwrap();
                        assert_eq!((markers.width, markers.height), (width, height), "{name}");
                        assert_eq!(markers.end, sliced.len(), "{name}");
                    }
                }
            }
        }
    }

    #[test]
    fn restart_markers_stand_between_slices_in_turn() {
        let raw = Raw::paint(PixelFormat::Yuyv, (32, 16 * 10), 0, uneven);
        for (slices, expected) in [(2, &[0][..]), (4, &[0, 1, 2]), (10, &[0, 1, 2, 3, 4, 5, 6, 7, 0])] {
            assert_eq!(restarts(&compress(&raw, 80, Subsampling::Yuv420, slices)), expected);
        }
    }

    #[test]
    fn a_picture_that_16_bits_cannot_count_the_slices_of_is_cut_into_more() {
        // 1024 blocks in a row, of which 16 bits count 63 rows.
        let raw = Raw::paint(PixelFormat::Grey, (8192, 1024), 0, uneven);
        let whole = compress(&raw, 80, Subsampling::Yuv420, 1);
        let sliced = compress(&raw, 80, Subsampling::Yuv420, 2);
        assert_eq!(restarts(&sliced), [0, 1]);
        assert_eq!(decode(&sliced).pixels, decode(&whole).pixels);
    }

    #[test]
    fn a_picture_of_which_a_slice_is_missing_is_none() {
        let raw = Raw::paint(PixelFormat::Grey, (32, 32), 0, uneven);
        let (mut sheet, pool) = (Sheet::default(), FramePool::new());
        let mut encoder = Encoder::new(80).unwrap();
        for slices in [[0, 1], [0, 0]] {
            sheet.fill(&raw.picture(), Subsampling::Yuv420, 2).unwrap();
            for slice in slices {
                sheet.compress(slice, &mut encoder);
            }
            assert_eq!(sheet.join(&pool).is_ok(), slices == [0, 1]);
        }
    }
}
