//! A camera's JPEG on its way to another one: turned without loss where its blocks allow that, else taken apart to planes.

use anyhow::{Context, ensure};
use turbojpeg::{
    Colorspace, DecompressHeader, Decompressor, Error, Image, OutputBuf, PixelFormat, ScalingFactor, Subsamp,
    Transformer, YuvImage, yuv_pixels_len,
};

use super::geometry::Geometry;
use super::lines::Lines;
use super::planes::{Plan, Planes};
use super::resample::Plane;
use crate::clock::Monotonic;
use crate::config::values::Subsampling;
use crate::picture::{self, Picture};

/// The largest that is taken apart: more than any camera's, and at most 200 MB in memory.
const MAX_PIXELS: usize = 8192 * 8192;

/// The progressive ones have about ten. Each costs as much as a picture, however few bytes it has.
const MAX_SCANS: usize = 100;

/// What libjpeg says of a picture that it has read to its end all the same. Some cameras make each of theirs like that.
const HARMLESS: [&str; 5] = [
    "Corrupt JPEG data",
    "Premature end of JPEG file",
    "Inconsistent progression",
    "Invalid SOS parameters",
    "Unknown Adobe color",
];

/// One for each thread, with the memory of the last picture.
#[derive(Default)]
pub(super) struct Decoder {
    transformer: Option<Transformer>,
    decompressor: Option<Decompressor>,
    memory: Vec<u8>,
    colours: Planes,
}

/// A picture that was taken apart.
pub(super) struct Decoded<'a> {
    pub(super) planes: [Option<Plane<'a>>; 3],
    /// Pixels of the JPEG, across and down, that share a sample of each.
    pub(super) sampling: [(usize, usize); 3],
}

impl Decoder {
    /// What the JPEG is, if it is one that can be worked with.
    pub(super) fn header(&mut self, jpeg: &[u8]) -> anyhow::Result<DecompressHeader> {
        let scans = memchr::memmem::find_iter(jpeg, &[0xFF, 0xDA]).count();
        ensure!(scans <= MAX_SCANS, "the JPEG has {scans} scans; allowed: {MAX_SCANS}");
        let header = try_with(&mut self.decompressor, Decompressor::new, |tool| tool.read_header(jpeg))?;
        let pixels = header.width * header.height;
        ensure!(pixels <= MAX_PIXELS, "the JPEG has {pixels} pixels; allowed: {MAX_PIXELS}");
        Ok(header)
    }

    /// Writes the JPEG turned and cut as it is meant to be, and says how long it is; `None`: that would lose something.
    pub(super) fn transform(
        &mut self,
        jpeg: &[u8],
        header: &DecompressHeader,
        geometry: &Geometry,
        greyscale: bool,
        scratch: &mut [u8],
    ) -> anyhow::Result<Option<usize>> {
        let brightness = matches!(header.colorspace, Colorspace::YCbCr | Colorspace::Gray);
        let Some(mut transform) = geometry.lossless(header.subsamp).filter(|_| brightness || !greyscale)
        else {
            return Ok(None);
        };
        if header.subsamp == Subsamp::Unknown {
            return Ok(None);
        }
        transform.gray = greyscale && header.subsamp != Subsamp::Gray;
        transform.copy_none = true;
        let mut output = OutputBuf::borrowed(scratch);
        try_with(&mut self.transformer, Transformer::new, |tool| {
            tool.transform(&transform, jpeg, &mut output).or_else(forgive)
        })?;
        Ok(Some(output.len()))
    }

    /// Takes the JPEG apart, reduced as far as the geometry allows.
    pub(super) fn decode(
        &mut self,
        jpeg: &[u8],
        header: &DecompressHeader,
        geometry: &Geometry,
    ) -> anyhow::Result<Decoded<'_>> {
        let brightness = matches!(header.colorspace, Colorspace::YCbCr | Colorspace::Gray);
        if !brightness || header.subsamp == Subsamp::Unknown {
            return self.decode_colours(jpeg, header);
        }
        let by = geometry.reduction();
        let factor = ScalingFactor::new(1, by);
        let DecompressHeader { width, height, subsamp, .. } = header.scaled(factor);
        self.memory.resize(yuv_pixels_len(width, 1, height, subsamp)?, 0);
        let mut image = YuvImage { pixels: &mut self.memory[..], width, align: 1, height, subsamp };
        try_with(&mut self.decompressor, Decompressor::new, |tool| {
            tool.set_scaling_factor(factor)?;
            tool.decompress_to_yuv(jpeg, image.as_deref_mut()).or_else(forgive)
        })?;
        let (luma, chroma) = (image.y_size(), image.uv_size());
        let (across, down) = subsamp.size();
        let (y, rest) = self.memory.split_at_checked(luma.0 * luma.1).context("luma")?;
        let (u, v) = match subsamp {
            Subsamp::Gray => {
                return Ok(Decoded { planes: [plane(y, luma), None, None], sampling: [(by, by); 3] });
            }
            _ => rest.split_at_checked(chroma.0 * chroma.1).context("chroma")?,
        };
        let shared = (across * by, down * by);
        Ok(Decoded {
            planes: [plane(y, luma), plane(u, chroma), plane(v, chroma)],
            sampling: [(by, by), shared, shared],
        })
    }

    /// By way of RGB: where colours are not brightness and two differences, or lie in an order of their own.
    fn decode_colours(&mut self, jpeg: &[u8], header: &DecompressHeader) -> anyhow::Result<Decoded<'_>> {
        let (width, height, format) = (header.width, header.height, PixelFormat::RGB);
        let pitch = width * format.size();
        self.memory.resize(pitch * height, 0);
        let image = Image { pixels: &mut self.memory[..], width, pitch, height, format };
        try_with(&mut self.decompressor, Decompressor::new, |tool| {
            tool.set_scaling_factor(ScalingFactor::ONE)?;
            tool.decompress(jpeg, image).or_else(forgive)
        })?;
        let lines = Lines::of(&Picture {
            bytes: &self.memory,
            format: picture::PixelFormat::Rgb24,
            width: width as u32,
            height: height as u32,
            stride: pitch,
            captured: Monotonic::default(),
            grabbed: Monotonic::default(),
        })?;
        let plan = Plan::yuv(Subsampling::Yuv420);
        self.colours.fill(&lines, plan);
        let sampling = [0, 1, 2].map(|number| plan.sampling(number));
        Ok(Decoded { planes: self.colours.read(), sampling })
    }
}

fn plane(samples: &[u8], (width, height): (usize, usize)) -> Option<Plane<'_>> {
    Some(Plane { samples, stride: width, width, height })
}

/// Works with a tool that is made when it is needed first, and anew after an error: libjpeg-turbo is left in the middle of
/// the picture that it failed at, and would fail at all others.
fn try_with<T, R>(
    tool: &mut Option<T>,
    new: fn() -> turbojpeg::Result<T>,
    work: impl FnOnce(&mut T) -> turbojpeg::Result<R>,
) -> turbojpeg::Result<R> {
    let mut ready = match tool.take() {
        Some(ready) => ready,
        None => new()?,
    };
    let done = work(&mut ready)?;
    *tool = Some(ready);
    Ok(done)
}

/// A picture with something wrong in it is shown as a browser would show it.
fn forgive(error: Error) -> Result<(), Error> {
    match &error {
        Error::TurboJpegError(what) if HARMLESS.iter().any(|harmless| what.starts_with(harmless)) => Ok(()),
        _ => Err(error),
    }
}
