//! One picture file of a slideshow: known by its content, read and decoded once for a showing.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, bail};

use crate::clock::Monotonic;
use crate::jpeg::markers::{self, MAX_SIDE};
use crate::picture::{Picture, PixelFormat};

const MAX_FILE_BYTES: u64 = 64 << 20;
/// What a decoded PNG may take: a board with 512 MB must survive it.
const MAX_PIXELS: u64 = 32 << 20;

pub(super) struct Slide {
    bytes: Vec<u8>,
    format: PixelFormat,
    width: u32,
    height: u32,
}

impl Slide {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?
            .take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            bail!("it is larger than {} MiB", MAX_FILE_BYTES >> 20);
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Self::from_png(&bytes);
        }
        if !bytes.starts_with(&[0xFF, 0xD8]) {
            bail!("it is neither a JPEG nor a PNG");
        }
        let markers = markers::walk(&bytes)?;
        Ok(Self {
            bytes,
            format: PixelFormat::Jpeg,
            width: markers.width,
            height: markers.height,
        })
    }

    fn from_png(bytes: &[u8]) -> anyhow::Result<Self> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        let header = decoder.read_header_info()?;
        let (width, height) = (header.width, header.height);
        if !(2..=MAX_SIDE).contains(&width) || !(2..=MAX_SIDE).contains(&height) {
            bail!("a picture of {width}x{height} is outside 2x2 to {MAX_SIDE}x{MAX_SIDE}");
        }
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            bail!(
                "a picture of {width}x{height} has over {} megapixels",
                MAX_PIXELS >> 20
            );
        }
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let length = reader.output_buffer_size().context("it is too large")?;
        let mut decoded = vec![0; length];
        let frame = reader.next_frame(&mut decoded)?;
        decoded.truncate(frame.buffer_size());
        Ok(Self {
            bytes: to_rgb(decoded, frame.color_type),
            format: PixelFormat::Rgb24,
            width,
            height,
        })
    }

    pub(super) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    pub(super) fn format(&self) -> &'static str {
        match self.format {
            PixelFormat::Jpeg => "JPEG",
            _ => "PNG",
        }
    }

    pub(super) fn picture(&self, captured: Monotonic) -> Picture<'_> {
        Picture {
            bytes: &self.bytes,
            format: self.format,
            width: self.width,
            height: self.height,
            stride: self.format.min_stride(self.width),
            captured,
            grabbed: captured,
        }
    }
}

/// What is transparent shows black.
fn to_rgb(pixels: Vec<u8>, colours: png::ColorType) -> Vec<u8> {
    let over_black =
        |sample: u8, alpha: u8| ((u16::from(sample) * u16::from(alpha) + 127) / 255) as u8;
    match colours {
        png::ColorType::Rgb | png::ColorType::Indexed => pixels,
        png::ColorType::Grayscale => pixels.iter().flat_map(|grey| [*grey; 3]).collect(),
        png::ColorType::GrayscaleAlpha => pixels
            .chunks_exact(2)
            .flat_map(|pixel| [over_black(pixel[0], pixel[1]); 3])
            .collect(),
        png::ColorType::Rgba => pixels
            .chunks_exact(4)
            .flat_map(|pixel| [0, 1, 2].map(|at| over_black(pixel[at], pixel[3])))
            .collect(),
    }
}
