//! Raw pictures as cameras write them, and what decoders make of our JPEGs.

use std::io::Write;
use std::process::{Command, Stdio};

use super::canvas::Colour;
use super::change::Change;
use super::encode::Encoder;
use super::geometry::Geometry;
use super::sheet::{Order, Sheet};
use crate::clock::Monotonic;
use crate::config::Image;
use crate::config::values::{Rotation, Subsampling};
use crate::frame::{FramePool, Jpeg};
use crate::picture::{Picture, PixelFormat};

/// A raw picture in memory of its own.
pub(super) struct Raw {
    pub(super) bytes: Vec<u8>,
    pub(super) format: PixelFormat,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) stride: usize,
}

impl Raw {
    /// Paints it with RGB colours; each line takes `extra` bytes more than it must, full of what does not belong to it.
    pub(super) fn paint(
        format: PixelFormat,
        (width, height): (u32, u32),
        extra: usize,
        colour: impl Fn(usize, usize) -> [u8; 3],
    ) -> Self {
        let mut stride = format.min_stride(width) + extra;
        if matches!(format, PixelFormat::Yu12 | PixelFormat::Yv12 | PixelFormat::Nv12 | PixelFormat::Nv21) {
            stride = stride.next_multiple_of(2);
        }
        let mut raw =
            Self { bytes: vec![0xAA; format.picture_len(stride, height)], format, width, height, stride };
        for y in 0..height as usize {
            for x in 0..width as usize {
                raw.put_first(x, y, colour(x, y));
                raw.put_chroma(x, y, colour(x & !1, y & !1), colour(x & !1, y));
            }
        }
        raw
    }

    /// A pixel of the only plane, or its luma.
    fn put_first(&mut self, x: usize, y: usize, [red, green, blue]: [u8; 3]) {
        let luma = [Colour::rgb(red, green, blue).y];
        let word = (u16::from(red) >> 3 << 11) | (u16::from(green) >> 2 << 5) | (u16::from(blue) >> 3);
        let (at, pixel): (usize, &[u8]) = match self.format {
            PixelFormat::Yuyv | PixelFormat::Yvyu => (2 * x, &luma),
            PixelFormat::Uyvy => (2 * x + 1, &luma),
            PixelFormat::Rgb24 => (3 * x, &[red, green, blue]),
            PixelFormat::Bgr24 => (3 * x, &[blue, green, red]),
            PixelFormat::Rgb565 => (2 * x, &word.to_le_bytes()),
            _ => (x, &luma),
        };
        self.put(y * self.stride + at, pixel);
    }

    /// The chroma that a pixel shares: with a block of four, or with its neighbour in the line.
    fn put_chroma(&mut self, x: usize, y: usize, block: [u8; 3], pair: [u8; 3]) {
        let [red, green, blue] = block;
        let block = Colour::rgb(red, green, blue);
        let [red, green, blue] = pair;
        let pair = Colour::rgb(red, green, blue);
        let row = y * self.stride + x / 2 * 4;
        let chroma = self.height as usize * self.stride;
        let semi = chroma + y / 2 * self.stride + x / 2 * 2;
        let first = chroma + y / 2 * (self.stride / 2) + x / 2;
        let second = first + self.stride / 2 * (self.height as usize).div_ceil(2);
        let (u, v, colour) = match self.format {
            PixelFormat::Yuyv => (row + 1, row + 3, pair),
            PixelFormat::Yvyu => (row + 3, row + 1, pair),
            PixelFormat::Uyvy => (row, row + 2, pair),
            PixelFormat::Nv12 => (semi, semi + 1, block),
            PixelFormat::Nv21 => (semi + 1, semi, block),
            PixelFormat::Yu12 => (first, second, block),
            PixelFormat::Yv12 => (second, first, block),
            _ => return,
        };
        self.put(u, &[colour.u]);
        self.put(v, &[colour.v]);
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn picture(&self) -> Picture<'_> {
        Picture {
            bytes: &self.bytes,
            format: self.format,
            width: self.width,
            height: self.height,
            stride: self.stride,
            captured: Monotonic::now(),
            grabbed: Monotonic::now(),
        }
    }
}

pub(super) fn jpeg(bytes: &[u8]) -> Picture<'_> {
    Picture {
        bytes,
        format: PixelFormat::Mjpeg,
        width: 0,
        height: 0,
        stride: 0,
        captured: Monotonic::now(),
        grabbed: Monotonic::now(),
    }
}

pub(super) fn order(quality: u8, subsampling: Subsampling) -> Order {
    Order { quality, subsampling, ..Order::default() }
}

/// The JPEG of a picture, made in about so many slices.
pub(super) fn compress(raw: &Raw, quality: u8, subsampling: Subsampling, slices: usize) -> Jpeg {
    let (mut sheet, mut encoder) = (Sheet::default(), Encoder::default());
    sheet.fill(&raw.picture(), order(quality, subsampling), slices).unwrap();
    for slice in 0..sheet.slices() {
        sheet.compress(slice, &mut encoder);
    }
    sheet.join(&FramePool::new()).unwrap()
}

/// What becomes of a JPEG whose header is right.
pub(super) fn remake(jpeg: &[u8], order: Order) -> anyhow::Result<Jpeg> {
    let markers = super::markers::walk(jpeg)?;
    let mut sheet = Sheet::default();
    sheet.begin_jpeg(&markers.repaired(jpeg), (markers.width as usize, markers.height as usize), order);
    sheet.compress(0, &mut Encoder::default());
    sheet.join(&FramePool::new())
}

/// A change of the geometry alone, as the settings have it for a picture of this size.
pub(super) fn change(image: &Image, size: (usize, usize)) -> Change {
    Change { geometry: Some(Geometry::new(image, size)), greyscale: image.greyscale, ..Change::default() }
}

/// The eight ways in which a picture can lie.
pub(super) fn orientations() -> Vec<Image> {
    let rotations = [Rotation::Zero, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];
    let flips = [false, true];
    let each = |rotate| flips.map(|flip_horizontal| Image { rotate, flip_horizontal, ..Image::default() });
    rotations.into_iter().flat_map(each).collect()
}

/// A picture of so many bytes a pixel as the settings have it, the plain way.
pub(super) fn oriented(
    image: &Image,
    pixels: &[u8],
    (width, height): (usize, usize),
    bytes: usize,
) -> (Vec<u8>, (usize, usize)) {
    let at = |x: usize, y: usize| &pixels[(y * width + x) * bytes..][..bytes];
    let turned = matches!(image.rotate, Rotation::Quarter | Rotation::ThreeQuarters);
    let (wide, high) = if turned { (height, width) } else { (width, height) };
    let mut out = Vec::new();
    for y in 0..high {
        for x in 0..wide {
            let (x, y) = match image.rotate {
                Rotation::Zero => (x, y),
                Rotation::Quarter => (y, height - 1 - x),
                Rotation::Half => (width - 1 - x, height - 1 - y),
                Rotation::ThreeQuarters => (width - 1 - y, x),
            };
            let x = if image.flip_horizontal { width - 1 - x } else { x };
            let y = if image.flip_vertical { height - 1 - y } else { y };
            out.extend_from_slice(at(x, y));
        }
    }
    (out, (wide, high))
}

/// The mean difference of two pictures' samples, and the largest.
pub(super) fn difference(one: &[u8], other: &[u8]) -> (f64, u8) {
    assert_eq!(one.len(), other.len());
    let each = || one.iter().zip(other).map(|(one, other)| one.abs_diff(*other));
    (each().map(f64::from).sum::<f64>() / one.len() as f64, each().max().unwrap_or_default())
}

/// The pixels, in RGB.
pub(super) fn decode(jpeg: &[u8]) -> turbojpeg::Image<Vec<u8>> {
    turbojpeg::decompress(jpeg, turbojpeg::PixelFormat::RGB).unwrap()
}

/// What ffmpeg has to say to a JPEG: nothing, if all is well. It warns of a missing EOI, its own encoder's too, where a
/// scan is so plain that no byte of it needs stuffing; progressive pictures end in such a scan.
pub(super) fn ffmpeg_warnings(jpeg: &[u8]) -> String {
    let mut ffmpeg = Command::new("ffmpeg")
        .args("-v warning -f jpeg_pipe -i pipe:0 -f null -".split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg is needed for the tests");
    ffmpeg.stdin.take().unwrap().write_all(jpeg).unwrap();
    let output = ffmpeg.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}
