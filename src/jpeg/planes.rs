//! Lines of a raw picture in the compressor's own order, in memory that is used again for the next ones.
//!
//! Cameras' YUV goes to planar YUV and never becomes RGB. A camera that has 4:2:0 stays 4:2:0 whatever the setting says:
//! there is no more colour to keep. Luma and chroma values are taken as they are.

use turbojpeg::{Image, Subsamp, YuvPlanesImage};

use super::lines::Lines;
use super::resample::Plane;
use super::unpack::{Rgb, copy, every_second, halved, mean_with, rgb565};
use crate::config::values::Subsampling;
use crate::picture::PixelFormat;

/// What waits for a compressor.
#[derive(Debug, Default)]
pub struct Planes {
    memory: Vec<u8>,
    /// Chroma of a packed line and of the one below, until they are mixed and taken apart.
    chroma: [Vec<u8>; 2],
    width: usize,
    height: usize,
    plan: Plan,
}

/// How the samples lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    layout: Layout,
    /// How much colour a JPEG of it keeps.
    subsamp: Subsamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Yuv420,
    Yuv422,
    Grey,
    Rgb,
    /// RGB and a byte of nothing.
    Rgbx,
    Bgr,
}

/// What a compressor is given.
pub(super) enum View<'a> {
    /// In whole MCUs, the last of which may lie partly outside of the picture.
    Yuv(YuvPlanesImage<&'a [u8]>),
    /// Packed, with the chroma that the JPEG of it keeps.
    Packed(Image<&'a [u8]>, Subsamp),
}

impl Plan {
    pub(super) const GREY: Self = Self { layout: Layout::Grey, subsamp: Subsamp::Gray };

    /// For pictures of this format, as they cost least.
    pub(super) fn new(format: PixelFormat, subsampling: Subsampling) -> Self {
        let Self { layout: packed, subsamp } = Self::yuv(subsampling);
        let (layout, subsamp) = match format {
            PixelFormat::Yuyv | PixelFormat::Uyvy | PixelFormat::Yvyu => (packed, subsamp),
            PixelFormat::Rgb24 => (Layout::Rgb, subsamp),
            PixelFormat::Rgb565 => (Layout::Rgbx, subsamp),
            PixelFormat::Bgr24 => (Layout::Bgr, subsamp),
            PixelFormat::Grey => (Layout::Grey, Subsamp::Gray),
            _ => (Layout::Yuv420, Subsamp::Sub2x2),
        };
        Self { layout, subsamp }
    }

    pub(super) const fn yuv(subsampling: Subsampling) -> Self {
        match subsampling {
            Subsampling::Yuv420 => Self { layout: Layout::Yuv420, subsamp: Subsamp::Sub2x2 },
            Subsampling::Yuv422 => Self { layout: Layout::Yuv422, subsamp: Subsamp::Sub2x1 },
        }
    }

    /// The same in planes, which can be changed before they are compressed.
    pub(super) const fn planar(self) -> Self {
        let layout = match (self.layout, self.subsamp) {
            (Layout::Rgb | Layout::Rgbx | Layout::Bgr, Subsamp::Sub2x1) => Layout::Yuv422,
            (Layout::Rgb | Layout::Rgbx | Layout::Bgr, _) => Layout::Yuv420,
            (layout, _) => layout,
        };
        Self { layout, ..self }
    }

    pub(super) fn is_grey(self) -> bool {
        self == Self::GREY
    }

    /// Pixels that a JPEG of it is made of at a time: the width and the height of an MCU.
    pub(super) fn mcu_size(self) -> (usize, usize) {
        self.subsamp.mcu_size()
    }

    /// Pixels across and down that share a sample of this plane.
    pub(super) fn sampling(self, plane: usize) -> (usize, usize) {
        if plane == 0 { (1, 1) } else { self.subsamp.size() }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self { layout: Layout::Yuv420, subsamp: Subsamp::Sub2x2 }
    }
}

impl Planes {
    /// Takes a copy of the lines; their memory can go back to the camera afterwards.
    pub(super) fn fill(&mut self, lines: &Lines<'_>, plan: Plan) {
        self.lay_out((lines.width(), lines.height()), plan);
        match lines.format() {
            PixelFormat::Rgb24 if self.is_planar() => self.fill_rgb(lines, Rgb::of_rgb24),
            PixelFormat::Bgr24 if self.is_planar() => self.fill_rgb(lines, Rgb::of_bgr24),
            PixelFormat::Rgb565 if self.is_planar() => self.fill_rgb(lines, Rgb::of_rgb565),
            PixelFormat::Yuyv => self.fill_packed::<0, 1, 0, 1>(lines),
            PixelFormat::Yvyu => self.fill_packed::<0, 1, 1, 0>(lines),
            PixelFormat::Uyvy => self.fill_packed::<1, 0, 0, 1>(lines),
            PixelFormat::Nv12 => self.fill_semi_planar::<0, 1>(lines),
            PixelFormat::Nv21 => self.fill_semi_planar::<1, 0>(lines),
            PixelFormat::Yu12 => self.fill_planar(lines, false),
            PixelFormat::Yv12 => self.fill_planar(lines, true),
            PixelFormat::Rgb565 => self.fill_lines(lines, 4, rgb565),
            PixelFormat::Rgb24 | PixelFormat::Bgr24 => self.fill_lines(lines, 3, copy),
            PixelFormat::Grey => self.fill_lines(lines, 1, copy),
            PixelFormat::Mjpeg | PixelFormat::Jpeg => {}
        }
        self.pad_below();
    }

    /// Makes room for a picture, which is to be filled in.
    pub(super) fn lay_out(&mut self, (width, height): (usize, usize), plan: Plan) {
        (self.width, self.height, self.plan) = (width, height, plan);
        self.memory.resize(self.total_len(), 0);
    }

    pub(super) fn plan(&self) -> Plan {
        self.plan
    }

    pub(super) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn is_planar(&self) -> bool {
        matches!(self.plan.layout, Layout::Yuv420 | Layout::Yuv422)
    }

    /// Luma, and chroma where there is any, to be read.
    pub(super) fn read(&self) -> [Option<Plane<'_>>; 3] {
        let (luma, chroma) = self.memory.split_at(self.luma_len().min(self.memory.len()));
        let plane = |samples, stride, (across, down): (usize, usize)| {
            let (width, height) = (self.width.div_ceil(across), self.height.div_ceil(down));
            Some(Plane { samples, stride, width, height })
        };
        let luma = plane(luma, self.luma_stride(), (1, 1));
        if !self.is_planar() {
            return [luma, None, None];
        }
        let (u, v) = chroma.split_at(self.chroma_len());
        let sampling = self.plan.subsamp.size();
        [luma, plane(u, self.chroma_stride(), sampling), plane(v, self.chroma_stride(), sampling)]
    }

    /// Darker, and less colourful.
    pub(super) fn dim(&mut self) {
        for (number, (plane, _)) in self.write().into_iter().enumerate() {
            for sample in plane {
                *sample = if number == 0 { *sample / 5 * 2 } else { 64 + *sample / 2 };
            }
        }
    }

    /// Luma, and chroma where there is any, to be written, and how long the lines of each are.
    pub(super) fn write(&mut self) -> Vec<(&mut [u8], usize)> {
        let (luma, chroma, planar) = (self.luma_stride(), self.chroma_stride(), self.is_planar());
        let (y, u, v) = self.split();
        let mut planes = vec![(y, luma)];
        if planar {
            planes.extend([(u, chroma), (v, chroma)]);
        }
        planes
    }

    pub(super) fn view(&self) -> View<'_> {
        let packed = |format: turbojpeg::PixelFormat| {
            let (pixels, pitch) = (self.memory.as_slice(), self.width * format.size());
            let image = Image { pixels, width: self.width, pitch, height: self.height, format };
            View::Packed(image, self.plan.subsamp)
        };
        match self.plan.layout {
            Layout::Yuv420 | Layout::Yuv422 => View::Yuv(self.view_of_planes()),
            Layout::Grey => packed(turbojpeg::PixelFormat::GRAY),
            Layout::Rgb => packed(turbojpeg::PixelFormat::RGB),
            Layout::Rgbx => packed(turbojpeg::PixelFormat::RGBX),
            Layout::Bgr => packed(turbojpeg::PixelFormat::BGR),
        }
    }

    fn view_of_planes(&self) -> YuvPlanesImage<&[u8]> {
        let (y_plane, chroma) = self.memory.split_at(self.luma_len());
        let (u_plane, v_plane) = chroma.split_at(self.chroma_len());
        YuvPlanesImage {
            y_plane,
            u_plane,
            v_plane,
            width: self.luma_stride(),
            height: self.height.next_multiple_of(self.plan.subsamp.mcu_height()),
            y_stride: self.luma_stride(),
            u_stride: self.chroma_stride(),
            v_stride: self.chroma_stride(),
            subsamp: self.plan.subsamp,
        }
    }

    /// Lines that share their chroma: two, or each has its own.
    fn shared(&self) -> usize {
        if self.plan.layout == Layout::Yuv420 { 2 } else { 1 }
    }

    /// `Y` is the byte of luma in each pair; `U` and `V` are those of the chroma bytes in each pair of them.
    fn fill_packed<const Y: usize, const C: usize, const U: usize, const V: usize>(
        &mut self,
        lines: &Lines<'_>,
    ) {
        let (luma_stride, chroma_stride, width) = (self.luma_stride(), self.chroma_stride(), self.width);
        let shared = self.shared();
        let [mut chroma, mut other] = std::mem::take(&mut self.chroma);
        chroma.resize(width.next_multiple_of(2), 0);
        other.resize(width.next_multiple_of(2), 0);
        let (luma, u, v) = self.split();
        let planes = luma.chunks_exact_mut(luma_stride * shared).zip(in_step(u, v, chroma_stride));
        let mut source = lines.first();
        for (luma, (u, v)) in planes {
            let Some(line) = source.next() else { break };
            let (first, second) = luma.split_at_mut(luma_stride);
            padded(first, width, |luma| every_second::<Y>(line, luma));
            every_second::<C>(line, &mut chroma);
            if shared == 2 {
                // Of an odd height the last line stands twice.
                let line = source.next().unwrap_or(line);
                padded(second, width, |luma| every_second::<Y>(line, luma));
                every_second::<C>(line, &mut other);
                mean_with(&other, &mut chroma);
            }
            padded(u, chroma.len() / 2, |u| every_second::<U>(&chroma, u));
            padded(v, chroma.len() / 2, |v| every_second::<V>(&chroma, v));
        }
        self.chroma = [chroma, other];
    }

    fn fill_rgb(&mut self, lines: &Lines<'_>, unpack: fn(&[u8], &mut Rgb)) {
        let (luma_stride, chroma_stride, width) = (self.luma_stride(), self.chroma_stride(), self.width);
        let shared = self.shared();
        let (mut first, mut other) = (Rgb::default(), Rgb::default());
        let (luma, u, v) = self.split();
        let planes = luma.chunks_exact_mut(luma_stride * shared).zip(in_step(u, v, chroma_stride));
        let mut source = lines.first();
        for (luma, (u, v)) in planes {
            let Some(line) = source.next() else { break };
            let (above, below) = luma.split_at_mut(luma_stride);
            unpack(line, &mut first);
            padded(above, width, |luma| first.luma(luma));
            if shared == 2 {
                // Of an odd height the last line stands twice.
                unpack(source.next().unwrap_or(line), &mut other);
                padded(below, width, |luma| other.luma(luma));
                first.mean_with(&other);
            }
            let (blue, red) = first.chroma();
            padded(u, width.div_ceil(2), |u| halved(blue, u));
            padded(v, width.div_ceil(2), |v| halved(red, v));
        }
    }

    fn fill_semi_planar<const U: usize, const V: usize>(&mut self, lines: &Lines<'_>) {
        let chroma_stride = self.chroma_stride();
        self.fill_luma(lines);
        let (_, u, v) = self.split();
        for ((u, v), line) in in_step(u, v, chroma_stride).zip(lines.chroma(0)) {
            padded(u, line.len() / 2, |u| every_second::<U>(line, u));
            padded(v, line.len() / 2, |v| every_second::<V>(line, v));
        }
    }

    fn fill_planar(&mut self, lines: &Lines<'_>, v_first: bool) {
        let chroma_stride = self.chroma_stride();
        self.fill_luma(lines);
        let (_, u, v) = self.split();
        for (plane, number) in [(u, usize::from(v_first)), (v, usize::from(!v_first))] {
            for (out, line) in plane.chunks_exact_mut(chroma_stride).zip(lines.chroma(number)) {
                padded(out, line.len(), |out| copy(line, out));
            }
        }
    }

    fn fill_luma(&mut self, lines: &Lines<'_>) {
        let (stride, width) = (self.luma_stride(), self.width);
        let (luma, ..) = self.split();
        for (out, line) in luma.chunks_exact_mut(stride).zip(lines.first()) {
            padded(out, width, |out| copy(line, out));
        }
    }

    /// Fills the last row of MCUs up with the last line of each plane.
    pub(super) fn pad_below(&mut self) {
        if !self.is_planar() {
            return;
        }
        let (luma, chroma) = (self.luma_stride(), self.chroma_stride());
        let (lines, chroma_lines) = (self.height, self.height.div_ceil(self.shared()));
        let (y, u, v) = self.split();
        for (plane, stride, lines) in [(y, luma, lines), (u, chroma, chroma_lines), (v, chroma, chroma_lines)]
        {
            if let Some((whole, below)) = plane.split_at_mut_checked(stride * lines) {
                let last = whole.rchunks_exact(stride).next().unwrap_or_default();
                below.chunks_exact_mut(stride).for_each(|line| line.copy_from_slice(last));
            }
        }
    }

    fn fill_lines(&mut self, lines: &Lines<'_>, pixel: usize, unpack: fn(&[u8], &mut [u8])) {
        for (out, line) in self.memory.chunks_exact_mut(self.width * pixel).zip(lines.first()) {
            unpack(line, out);
        }
    }

    fn split(&mut self) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let (luma, chroma) = (self.luma_len(), self.chroma_len());
        let (luma, rest) = self.memory.split_at_mut(luma);
        let (u, v) = if rest.is_empty() { (&mut [][..], rest) } else { rest.split_at_mut(chroma) };
        (luma, u, v)
    }

    fn total_len(&self) -> usize {
        match self.plan.layout {
            Layout::Yuv420 | Layout::Yuv422 => self.luma_len() + 2 * self.chroma_len(),
            Layout::Grey => self.luma_len(),
            Layout::Rgb | Layout::Bgr => self.width * self.height * 3,
            Layout::Rgbx => self.width * self.height * 4,
        }
    }

    /// Whole MCUs: else the compressor would copy each line once more, to fill them up.
    fn luma_stride(&self) -> usize {
        if self.plan.is_grey() {
            self.width
        } else {
            self.width.next_multiple_of(self.plan.subsamp.mcu_width())
        }
    }

    fn luma_len(&self) -> usize {
        if self.plan.is_grey() {
            return self.width * self.height;
        }
        self.luma_stride() * self.height.next_multiple_of(self.plan.subsamp.mcu_height())
    }

    fn chroma_stride(&self) -> usize {
        self.luma_stride() / 2
    }

    fn chroma_len(&self) -> usize {
        self.luma_len() / 2 / self.shared()
    }
}

/// Both chroma planes, line by line.
fn in_step<'a>(
    u: &'a mut [u8],
    v: &'a mut [u8],
    stride: usize,
) -> impl Iterator<Item = (&'a mut [u8], &'a mut [u8])> {
    u.chunks_exact_mut(stride).zip(v.chunks_exact_mut(stride))
}

/// Lets `fill` write so many samples, and repeats the last of them to the end of the line.
pub(super) fn padded(line: &mut [u8], whole: usize, fill: impl FnOnce(&mut [u8])) {
    if let Some((line, rest)) = line.split_at_mut_checked(whole) {
        fill(line);
        rest.fill(line.last().copied().unwrap_or(128));
    }
}
