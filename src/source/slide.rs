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

pub struct Slide {
    bytes: Vec<u8>,
    format: PixelFormat,
    width: u32,
    height: u32,
}

impl Slide {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            bail!("it is larger than {} MiB", MAX_FILE_BYTES >> 20);
        }
        if Self::is_png(&bytes) {
            return Self::from_png(&bytes);
        }
        if !bytes.starts_with(&[0xFF, 0xD8]) {
            bail!("it is neither a JPEG nor a PNG");
        }
        let markers = markers::walk(&bytes)?;
        Ok(Self { bytes, format: PixelFormat::Jpeg, width: markers.width, height: markers.height })
    }

    pub(super) fn is_png(bytes: &[u8]) -> bool {
        bytes.starts_with(b"\x89PNG\r\n\x1a\n")
    }

    pub fn from_png(bytes: &[u8]) -> anyhow::Result<Self> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        let header = decoder.read_header_info()?;
        let (width, height) = (header.width, header.height);
        if !(2..=MAX_SIDE).contains(&width) || !(2..=MAX_SIDE).contains(&height) {
            bail!("a picture of {width}x{height} is outside 2x2 to {MAX_SIDE}x{MAX_SIDE}");
        }
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            bail!("a picture of {width}x{height} has over {} megapixels", MAX_PIXELS >> 20);
        }
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let length = reader.output_buffer_size().context("it is too large")?;
        let mut decoded = vec![0; length];
        let frame = reader.next_frame(&mut decoded)?;
        decoded.truncate(frame.buffer_size());
        Ok(Self { bytes: to_rgb(decoded, frame.color_type), format: PixelFormat::Rgb24, width, height })
    }

    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    pub(super) fn format(&self) -> &'static str {
        match self.format {
            PixelFormat::Jpeg => "JPEG",
            _ => "PNG",
        }
    }

    pub fn picture(&self, captured: Monotonic) -> Picture<'_> {
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
    let over_black = |sample: u8, alpha: u8| ((u16::from(sample) * u16::from(alpha) + 127) / 255) as u8;
    match colours {
        png::ColorType::Rgb | png::ColorType::Indexed => pixels,
        png::ColorType::Grayscale => pixels.iter().flat_map(|grey| [*grey; 3]).collect(),
        png::ColorType::GrayscaleAlpha => {
            pixels.chunks_exact(2).flat_map(|pixel| [over_black(pixel[0], pixel[1]); 3]).collect()
        }
        png::ColorType::Rgba => pixels
            .chunks_exact(4)
            .flat_map(|pixel| [0, 1, 2].map(|at| over_black(pixel[at], pixel[3])))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG of one line repeated.
    fn png(
        colours: png::ColorType,
        depth: png::BitDepth,
        line: &[u8],
        width: u32,
        set: impl Fn(&mut png::Encoder<'_, &mut Vec<u8>>),
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, 2);
        encoder.set_color(colours);
        encoder.set_depth(depth);
        set(&mut encoder);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&line.repeat(2)).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn first_two(bytes: &[u8]) -> [u8; 6] {
        let slide = Slide::from_png(bytes).unwrap();
        assert_eq!((slide.size(), slide.format(), slide.bytes.len()), ((2, 2), "PNG", 12));
        slide.bytes[..6].try_into().unwrap()
    }

    #[test]
    fn every_kind_of_png_becomes_rgb() {
        use png::{BitDepth, ColorType};
        let plain = |colours, depth, line: &[u8]| first_two(&png(colours, depth, line, 2, |_| {}));
        assert_eq!(plain(ColorType::Rgb, BitDepth::Eight, &[1, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 5, 6]);
        assert_eq!(plain(ColorType::Grayscale, BitDepth::One, &[0b1000_0000]), [255, 255, 255, 0, 0, 0]);
        assert_eq!(plain(ColorType::Grayscale, BitDepth::Sixteen, &[7, 0, 9, 0]), [7, 7, 7, 9, 9, 9]);
        assert_eq!(
            plain(ColorType::GrayscaleAlpha, BitDepth::Eight, &[200, 255, 200, 0]),
            [200, 200, 200, 0, 0, 0]
        );
        assert_eq!(
            plain(ColorType::Rgba, BitDepth::Eight, &[100, 50, 0, 255, 100, 50, 0, 128]),
            [100, 50, 0, 50, 25, 0]
        );
        let palette = png(ColorType::Indexed, BitDepth::Eight, &[1, 0], 2, |encoder| {
            encoder.set_palette(vec![9, 8, 7, 255, 0, 0]);
        });
        assert_eq!(first_two(&palette), [255, 0, 0, 9, 8, 7]);
        let see_through = png(ColorType::Indexed, BitDepth::Eight, &[1, 0], 2, |encoder| {
            encoder.set_palette(vec![9, 8, 7, 255, 0, 0]);
            encoder.set_trns(vec![255, 0]);
        });
        assert_eq!(first_two(&see_through), [0, 0, 0, 9, 8, 7]);
    }

    #[test]
    fn what_is_too_large_says_so_before_it_is_decoded() {
        let header = |width: u32, height: u32| {
            let mut bytes = png(png::ColorType::Rgb, png::BitDepth::Eight, &[0; 6], 2, |_| {});
            bytes[16..20].copy_from_slice(&width.to_be_bytes());
            bytes[20..24].copy_from_slice(&height.to_be_bytes());
            let crc = crc32(&bytes[12..29]);
            bytes[29..33].copy_from_slice(&crc.to_be_bytes());
            Slide::from_png(&bytes).err().unwrap().to_string()
        };
        assert_eq!(header(20000, 10), "a picture of 20000x10 is outside 2x2 to 16384x16384");
        assert_eq!(header(16000, 16000), "a picture of 16000x16000 has over 32 megapixels");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(
                crc ^ u32::from(*byte),
                |crc, _| {
                    if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }
                },
            )
        })
    }

    #[test]
    fn a_broken_png_is_an_error() {
        let whole = png(png::ColorType::Rgb, png::BitDepth::Eight, &[0; 6], 2, |_| {});
        for length in 8..whole.len() - 12 {
            assert!(Slide::from_png(&whole[..length]).is_err(), "{length}");
        }
    }
}
