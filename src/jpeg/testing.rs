//! Raw pictures as cameras write them, and what decoders make of our JPEGs.

use std::io::Write;
use std::process::{Command, Stdio};

use super::canvas::Colour;
use crate::clock::Monotonic;
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
        let mut bytes = vec![0xAA; format.picture_len(stride, height)];
        let (w, h) = (width as usize, height as usize);
        // Drivers repeat the last column where a pair of an odd width needs one.
        let rgb = |x: usize, y: usize| colour(x.min(w - 1), y.min(h - 1));
        let yuv = |x: usize, y: usize| {
            let [red, green, blue] = rgb(x, y);
            Colour::rgb(red, green, blue)
        };
        let chroma = stride * h;
        let half = stride / 2;
        let second = chroma + half * h.div_ceil(2);
        for y in 0..h {
            for x in 0..w.next_multiple_of(2) {
                let (row, block) = (y * stride, yuv(x & !1, y & !1));
                let mut put = |at: usize, sample: u8| bytes[at] = sample;
                let [red, green, blue] = rgb(x, y);
                match format {
                    PixelFormat::Yuyv | PixelFormat::Yvyu | PixelFormat::Uyvy => {
                        let luma = usize::from(format == PixelFormat::Uyvy);
                        put(row + 2 * x + luma, yuv(x, y).y);
                        let first = (x % 2 == 0) == (format != PixelFormat::Yvyu);
                        let line = yuv(x & !1, y);
                        put(row + 2 * x + 1 - luma, if first { line.u } else { line.v });
                        continue;
                    }
                    _ if x >= w => continue,
                    PixelFormat::Rgb24 => {
                        [red, green, blue].into_iter().enumerate().for_each(|(i, c)| put(row + 3 * x + i, c))
                    }
                    PixelFormat::Bgr24 => {
                        [blue, green, red].into_iter().enumerate().for_each(|(i, c)| put(row + 3 * x + i, c))
                    }
                    PixelFormat::Rgb565 => {
                        let word =
                            u16::from(red >> 3) << 11 | u16::from(green >> 2) << 5 | u16::from(blue >> 3);
                        put(row + 2 * x, word as u8);
                        put(row + 2 * x + 1, (word >> 8) as u8);
                    }
                    _ => put(row + x, yuv(x, y).y),
                }
                let (cx, cy) = (x / 2, y / 2);
                match format {
                    PixelFormat::Nv12 | PixelFormat::Nv21 => {
                        let swapped = usize::from(format == PixelFormat::Nv21);
                        put(chroma + cy * stride + 2 * cx + swapped, block.u);
                        put(chroma + cy * stride + 2 * cx + 1 - swapped, block.v);
                    }
                    PixelFormat::Yu12 | PixelFormat::Yv12 => {
                        let (u, v) =
                            if format == PixelFormat::Yu12 { (chroma, second) } else { (second, chroma) };
                        put(u + cy * half + cx, block.u);
                        put(v + cy * half + cx, block.v);
                    }
                    _ => {}
                }
            }
        }
        Self { bytes, format, width, height, stride }
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
