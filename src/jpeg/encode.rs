//! One thread's tools: planes in, JPEG out.

use turbojpeg::{Compressor, OutputBuf, compressed_buf_len};

use super::decode::Decoder;
use super::planes::View;
use super::resample::Resampler;

/// Compresses one picture, or slice of one, after another, on one thread. What is never needed is never made.
#[derive(Default)]
pub struct Encoder {
    compressor: Option<Compressor>,
    quality: u8,
    pub(super) decoder: Decoder,
    pub(super) resampler: Resampler,
}

/// As long as a JPEG of this size may become. Zeroed memory comes straight from the kernel, where resizing would write
/// it all; and the kernel gives pages only to what is written.
pub(super) fn make_room(
    (width, height): (usize, usize),
    subsamp: turbojpeg::Subsamp,
    scratch: &mut Vec<u8>,
) -> Result<(), turbojpeg::Error> {
    let worst = compressed_buf_len(width, height, subsamp)?;
    if scratch.len() != worst {
        *scratch = vec![0; worst];
    }
    Ok(())
}

impl Encoder {
    /// Writes into the scratch, and says how much of it is the JPEG. `quality` is 1 to 100.
    pub(super) fn encode(
        &mut self,
        view: View<'_>,
        quality: u8,
        scratch: &mut Vec<u8>,
    ) -> Result<usize, turbojpeg::Error> {
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            None => self.compressor.insert(Compressor::new()?),
        };
        if self.quality != quality {
            compressor.set_quality(quality.into())?;
            self.quality = quality;
        }
        let (width, height, subsamp) = match &view {
            View::Yuv(image) => (image.width, image.height, image.subsamp),
            View::Packed(image, subsamp) => (image.width, image.height, *subsamp),
        };
        make_room((width, height), subsamp, scratch)?;
        let mut output = OutputBuf::borrowed(scratch);
        match view {
            View::Yuv(image) => compressor.compress_yuv_planes(&image, &mut output)?,
            View::Packed(image, subsamp) => {
                compressor.set_subsamp(subsamp)?;
                compressor.compress(image, &mut output)?;
            }
        }
        Ok(output.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use turbojpeg::Subsamp;

    use super::super::sheet::Sheet;
    use super::super::testing::{Raw, compress, decode, ffmpeg_warnings, order};
    use super::*;
    use crate::config::values::Subsampling;
    use crate::frame::FramePool;
    use crate::picture::PixelFormat;

    const RAW: [PixelFormat; 11] = {
        let [_, _, raw @ ..] = PixelFormat::ALL;
        raw
    };

    /// Encodes what `colour` paints, and compares what a decoder makes of it.
    fn mean_error(
        format: PixelFormat,
        size: (u32, u32),
        extra: usize,
        colour: impl Fn(usize, usize) -> [u8; 3],
    ) -> f64 {
        let mut worst = 0.0_f64;
        for subsampling in [Subsampling::Yuv420, Subsampling::Yuv422] {
            let raw = Raw::paint(format, size, extra, &colour);
            let jpeg = compress(&raw, 95, subsampling, 1);
            let image = decode(&jpeg);
            assert_eq!((image.width, image.height), (size.0 as usize, size.1 as usize));
            let mut sum = 0;
            for (at, pixel) in image.pixels.chunks_exact(3).enumerate() {
                let mut expected = colour(at % image.width, at / image.width);
                if format == PixelFormat::Grey {
                    let [red, green, blue] = expected;
                    expected = [super::super::canvas::Colour::rgb(red, green, blue).y; 3];
                }
                sum += pixel.iter().zip(expected).map(|(is, was)| u64::from(is.abs_diff(was))).sum::<u64>();
            }
            worst = worst.max(sum as f64 / image.pixels.len() as f64);
        }
        worst
    }

    #[test]
    fn a_gradient_comes_back_from_every_format() {
        let gradient = |x: usize, y: usize| [(x * 3) as u8, (y * 5) as u8, 200 - (x + y) as u8];
        for format in RAW {
            for (size, extra) in [((64, 48), 0), ((64, 48), 32), ((50, 38), 6), ((34, 2), 0)] {
                let error = mean_error(format, size, extra, gradient);
                assert!(error < 6.0, "{format} {size:?}+{extra}: {error}");
            }
        }
    }

    #[test]
    fn odd_sizes_lose_nothing_at_their_edges() {
        let gradient = |x: usize, y: usize| [(x * 6) as u8, (y * 5) as u8, 100];
        for format in RAW {
            for (size, extra) in [((17, 33), 0), ((33, 17), 15), ((31, 31), 1), ((3, 3), 2)] {
                let error = mean_error(format, size, extra, gradient);
                assert!(error < 9.0, "{format} {size:?}+{extra}: {error}");
            }
        }
    }

    #[test]
    fn colours_stay_what_they_are_in_every_format() {
        for colour in [[250, 10, 10], [10, 250, 10], [10, 10, 250], [255, 255, 255], [0, 0, 0]] {
            for format in RAW {
                let error = mean_error(format, (32, 32), 0, |_, _| colour);
                assert!(error < 5.0, "{format} {colour:?}: {error}");
            }
        }
    }

    #[test]
    fn ffmpeg_decodes_every_layout_without_a_warning() {
        let pixels = fixtures::rgb(160, 120);
        for (format, subsampling) in [
            (PixelFormat::Yuyv, Subsampling::Yuv420),
            (PixelFormat::Yuyv, Subsampling::Yuv422),
            (PixelFormat::Rgb24, Subsampling::Yuv422),
            (PixelFormat::Grey, Subsampling::Yuv420),
        ] {
            let raw = Raw::paint(format, (160, 120), 0, |x, y| {
                let at = (y * 160 + x) * 3;
                [pixels[at], pixels[at + 1], pixels[at + 2]]
            });
            let jpeg = compress(&raw, 80, subsampling, 1);
            assert_eq!(ffmpeg_warnings(&jpeg), "", "{format} {subsampling:?}");
        }
    }

    #[test]
    fn the_setting_decides_how_much_colour_a_packed_picture_keeps() {
        for (subsampling, expected) in
            [(Subsampling::Yuv420, Subsamp::Sub2x2), (Subsampling::Yuv422, Subsamp::Sub2x1)]
        {
            for format in [PixelFormat::Yuyv, PixelFormat::Rgb24] {
                let raw = Raw::paint(format, (32, 32), 0, |_, _| [9, 9, 9]);
                let jpeg = compress(&raw, 80, subsampling, 1);
                assert_eq!(turbojpeg::read_header(&jpeg).unwrap().subsamp, expected);
            }
        }
    }

    #[test]
    fn one_encoder_takes_pictures_of_changing_sizes_and_formats() {
        let (mut sheet, pool) = (Sheet::default(), FramePool::new());
        let mut encoder = Encoder::default();
        for (format, size) in [
            (PixelFormat::Yuyv, (64, 64)),
            (PixelFormat::Grey, (8, 8)),
            (PixelFormat::Rgb24, (90, 70)),
            (PixelFormat::Yuyv, (66, 64)),
        ] {
            let raw = Raw::paint(format, size, 0, |_, _| [200, 30, 30]);
            sheet.fill(&raw.picture(), order(80, Subsampling::Yuv422), 1).unwrap();
            sheet.compress(0, &mut encoder);
            let image = decode(&sheet.join(&pool).unwrap());
            assert_eq!((image.width as u32, image.height as u32), size);
        }
    }
}
