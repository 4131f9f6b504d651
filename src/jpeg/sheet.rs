//! A picture on its way to a JPEG, in horizontal slices that several threads can compress side by side.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use turbojpeg::Subsamp;

use super::change::Change;
use super::decode::Decoded;
use super::encode::{Encoder, make_room};
use super::geometry::Geometry;
use super::join::join;
use super::lines::{Lines, Unfit};
use super::planes::{Plan, Planes};
use super::resample::Resampler;
use crate::config::values::Subsampling;
use crate::frame::{FramePool, Jpeg};
use crate::picture::Picture;

/// What is to be made of a picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// 1 to 100.
    pub(super) quality: u8,
    pub(super) subsampling: Subsampling,
    pub(super) change: Change,
}

/// Memory for a picture and for what becomes of its slices, used again for the next one.
#[derive(Default)]
pub struct Sheet {
    order: Order,
    width: usize,
    height: usize,
    plan: Plan,
    /// Lines of each slice; the last has what is left.
    step: usize,
    /// MCUs of each slice, which decoders call the restart interval.
    interval: u16,
    origin: Origin,
    /// The camera's picture, where slices are not filled from it straight away.
    original: Planes,
    jpeg: Vec<u8>,
    slices: Vec<Mutex<Slice>>,
}

/// Where slices get their lines from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Origin {
    /// From whoever fills them.
    #[default]
    Outside,
    Original,
    Jpeg,
}

#[derive(Default)]
struct Slice {
    planes: Planes,
    scratch: Vec<u8>,
    made: Option<anyhow::Result<Made>>,
}

/// A JPEG in the scratch.
struct Made {
    len: usize,
    /// Whether it is what viewers get to the last byte, and not part of it.
    whole: bool,
}

impl Sheet {
    /// Takes a copy of a picture that is to be compressed in about so many slices.
    pub(super) fn fill(&mut self, picture: &Picture<'_>, order: Order, slices: usize) -> Result<(), Unfit> {
        let lines = Lines::of(picture)?;
        self.begin(&lines, order, slices);
        (0..self.slices()).for_each(|slice| self.fill_slice(slice, &lines));
        Ok(())
    }

    /// Makes room for a picture that is to be compressed in about so many slices.
    pub(super) fn begin(&mut self, lines: &Lines<'_>, order: Order, slices: usize) {
        let size = (lines.width(), lines.height());
        let raw = Plan::new(lines.format(), order.subsampling);
        let plan = order.change.plan(raw, Plan::yuv(order.subsampling));
        // What is only compressed, or written over, goes into the slices line by line.
        let straight =
            order.change.geometry.is_none() && plan.is_grey() == raw.is_grey() && !order.change.greyscale;
        if straight {
            self.origin = Origin::Outside;
        } else {
            self.origin = Origin::Original;
            self.original.fill(lines, raw.planar());
        }
        self.lay_out(size, order, plan, slices);
    }

    /// Takes a copy of a JPEG of this size, given in parts.
    pub(super) fn begin_jpeg(&mut self, parts: &[&[u8]], size: (usize, usize), order: Order) {
        self.jpeg.clear();
        parts.iter().for_each(|part| self.jpeg.extend_from_slice(part));
        self.origin = Origin::Jpeg;
        let plan = Plan::yuv(order.subsampling);
        // Taken apart by one thread, it is put together by the same.
        self.lay_out(size, order, plan, 1);
    }

    fn lay_out(&mut self, size: (usize, usize), order: Order, plan: Plan, slices: usize) {
        (self.width, self.height) = order.change.geometry.map_or(size, |geometry| geometry.size);
        (self.order, self.plan) = (order, plan);
        let (width, height) = plan.mcu_size();
        let (rows, columns) = (self.height.div_ceil(height), self.width.div_ceil(width));
        // A restart interval has 16 bits, which only slices of the hugest pictures exceed; then there are more of them.
        let most = usize::from(u16::MAX) / columns;
        let step = rows.div_ceil(slices.max(1));
        let step = if step < rows { step.min(most).max(1) } else { rows };
        self.interval = u16::try_from(step * columns).unwrap_or_default();
        self.step = step * height;
        self.slices.resize_with(rows.div_ceil(step), Mutex::default);
        for slice in &mut self.slices {
            slice.get_mut().unwrap_or_else(PoisonError::into_inner).made = None;
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

    fn band(&self, number: usize) -> Range<usize> {
        let begin = number * self.step;
        begin..(begin + self.step).min(self.height)
    }

    /// Takes a copy of the slice's lines, if it is to come from there, out of those that the sheet was begun for.
    pub(super) fn fill_slice(&self, number: usize, lines: &Lines<'_>) {
        if self.origin != Origin::Outside {
            return;
        }
        if let Some(mut slice) = self.slice(number) {
            slice.planes.fill(&lines.band(self.band(number)), self.plan);
        }
    }

    /// Makes a slice's JPEG. How that went is told by [`Sheet::join`].
    pub(super) fn compress(&self, number: usize, encoder: &mut Encoder) {
        if let Some(mut slice) = self.slice(number) {
            slice.made = Some(self.make(number, &mut slice, encoder));
        }
    }

    fn make(&self, number: usize, slice: &mut Slice, encoder: &mut Encoder) -> anyhow::Result<Made> {
        let Slice { planes, scratch, .. } = slice;
        let band = self.band(number);
        match self.origin {
            Origin::Outside => {}
            Origin::Original => {
                let source = self.original.read();
                let sampling = [0, 1, 2].map(|plane| self.original.plan().sampling(plane));
                let whole = Geometry::whole(self.original.size());
                let geometry = self.order.change.geometry.unwrap_or(whole);
                reshape(
                    &Decoded { planes: source, sampling },
                    (&geometry, self.order.change.greyscale),
                    self.plan,
                    &band,
                    planes,
                    &mut encoder.resampler,
                );
            }
            Origin::Jpeg => {
                if let Some(len) = self.remake(planes, scratch, encoder)? {
                    return Ok(Made { len, whole: true });
                }
            }
        }
        self.order.change.draw(planes, band.start);
        let len = encoder.encode(planes.view(), self.order.quality, scratch)?;
        Ok(Made { len, whole: false })
    }

    /// Turns a JPEG into another one, and says how long that is; `None`: it is in the planes now.
    fn remake(
        &self,
        planes: &mut Planes,
        scratch: &mut Vec<u8>,
        encoder: &mut Encoder,
    ) -> anyhow::Result<Option<usize>> {
        let Encoder { decoder, resampler, .. } = encoder;
        let Order { subsampling, change, .. } = &self.order;
        let header = decoder.header(&self.jpeg)?;
        let geometry = change.geometry.unwrap_or(Geometry::whole((header.width, header.height)));
        if change.label.is_none() && !change.dimmed {
            // However much colour it has.
            make_room((self.width, self.height), Subsamp::None, scratch)?;
            let done = decoder.transform(&self.jpeg, &header, &geometry, change.greyscale, scratch)?;
            if done.is_some() {
                return Ok(done);
            }
        }
        let decoded = decoder.decode(&self.jpeg, &header, &geometry)?;
        let colour = Plan::yuv(*subsampling);
        let own = if decoded.planes[1].is_some() { colour } else { Plan::GREY };
        let plan = change.plan(own, colour);
        reshape(&decoded, (&geometry, change.greyscale), plan, &(0..self.height), planes, resampler);
        Ok(None)
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
            let Made { len, whole } = slice.made.take().context("a slice was left out")??;
            let jpeg = slice.scratch.get_mut(..len).unwrap_or_default();
            if whole {
                return Ok(pool.join(&[jpeg]));
            }
            slices.push(jpeg);
        }
        join(&mut slices, size, self.interval, pool).context("the slices do not fit together")
    }
}

/// Fills planes with a band of the picture as the geometry has it.
fn reshape(
    source: &Decoded<'_>,
    (geometry, greyscale): (&Geometry, bool),
    plan: Plan,
    band: &Range<usize>,
    planes: &mut Planes,
    resampler: &mut Resampler,
) {
    planes.lay_out((geometry.size.0, band.len()), plan);
    for (number, (out, stride)) in planes.write().into_iter().enumerate() {
        let to = plan.sampling(number);
        match source.planes[number].filter(|_| number == 0 || !greyscale) {
            Some(plane) => {
                let axes = geometry.axes(source.sampling[number], to);
                let lines = band.start / to.1..band.end.div_ceil(to.1);
                resampler.make(plane, axes, geometry.orientation.transposed, lines, (out, stride));
            }
            // What is grey in between other colours.
            None => out.fill(128),
        }
    }
    planes.pad_below();
}

#[cfg(test)]
mod tests {
    use super::super::markers::walk;
    use super::super::testing::{Raw, compress, decode, order};
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
        let mut encoder = Encoder::default();
        for slices in [[0, 1], [0, 0]] {
            sheet.fill(&raw.picture(), order(80, Subsampling::Yuv420), 2).unwrap();
            for slice in slices {
                sheet.compress(slice, &mut encoder);
            }
            assert_eq!(sheet.join(&pool).is_ok(), slices == [0, 1]);
        }
    }
}
