//! A raw picture's bytes as lines, checked against its size and stride before anybody reads them.

use std::ops::Range;

use thiserror::Error;

use super::markers::MAX_SIDE;
use crate::picture::{Picture, PixelFormat};

/// Why a picture is not what its format and size say.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Unfit {
    #[error("a {format} picture of {width}x{height} needs {needed} bytes, but {got} came")]
    TooShort { format: PixelFormat, width: u32, height: u32, needed: usize, got: usize },
    #[error("a {format} line of {width} pixels does not fit into {stride} bytes")]
    Stride { format: PixelFormat, width: u32, stride: usize },
    #[error("a picture of {width}x{height} is outside 2x2 to {MAX_SIDE}x{MAX_SIDE}")]
    Size { width: u32, height: u32 },
    #[error("{0} is compressed already")]
    Compressed(PixelFormat),
}

/// Lines of a picture, whose bytes are known to be long enough for them.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    picture: &'a [u8],
    format: PixelFormat,
    width: usize,
    stride: usize,
    /// Bytes of a line that say something.
    len: usize,
    /// Of the whole picture.
    height: usize,
    /// Those of them that are meant.
    band: Range<usize>,
    chroma: Chroma,
}

#[derive(Clone, Copy)]
struct Chroma {
    stride: usize,
    len: usize,
    lines: usize,
    planes: usize,
}

impl Chroma {
    fn of(picture: &Picture<'_>) -> Self {
        let width = picture.width as usize;
        let (stride, len, planes) = match picture.format {
            PixelFormat::Nv12 | PixelFormat::Nv21 => (picture.stride, width.next_multiple_of(2), 1),
            PixelFormat::Yu12 | PixelFormat::Yv12 => (picture.stride / 2, width.div_ceil(2), 2),
            _ => (0, 0, 0),
        };
        Self {
            stride,
            // At an odd width and stride the last sample has no room.
            len: len.min(stride),
            lines: picture.height.div_ceil(2) as usize,
            planes,
        }
    }
}

impl<'a> Lines<'a> {
    pub(super) fn of(picture: &Picture<'a>) -> Result<Self, Unfit> {
        let Picture { format, width, height, stride, .. } = *picture;
        if format.is_jpeg() {
            return Err(Unfit::Compressed(format));
        }
        if !(2..=MAX_SIDE).contains(&width) || !(2..=MAX_SIDE).contains(&height) {
            return Err(Unfit::Size { width, height });
        }
        let len = format.min_stride(width);
        // Twice the longest line there is: so no size overflows on 32-bit boards.
        if stride < len || stride > 1 << 17 {
            return Err(Unfit::Stride { format, width, stride });
        }
        let lines = Self {
            picture: picture.bytes,
            format,
            width: width as usize,
            stride,
            len,
            height: height as usize,
            band: 0..height as usize,
            chroma: Chroma::of(picture),
        };
        let needed = lines.needed();
        if picture.bytes.len() < needed {
            let got = picture.bytes.len();
            return Err(Unfit::TooShort { format, width, height, needed, got });
        }
        Ok(lines)
    }

    /// Up to the last byte that says something: some drivers leave out the padding of the last line.
    fn needed(&self) -> usize {
        let Chroma { stride, len, lines, planes } = self.chroma;
        match planes {
            0 => self.stride * (self.height - 1) + self.len,
            _ => self.stride * self.height + stride * (lines * planes - 1) + len,
        }
    }

    /// Some of them, which begin at an even line: two lines may share their chroma.
    pub(super) fn band(&self, band: Range<usize>) -> Self {
        Self { band, ..self.clone() }
    }

    pub(super) fn format(&self) -> PixelFormat {
        self.format
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.band.len()
    }

    /// Lines of the first plane.
    pub(super) fn first(&self) -> impl Iterator<Item = &'a [u8]> {
        self.every(self.band.start * self.stride, self.stride, self.len).take(self.band.len())
    }

    /// Lines of the chroma plane of this number.
    pub(super) fn chroma(&self, number: usize) -> impl Iterator<Item = &'a [u8]> {
        let Chroma { stride, len, lines, .. } = self.chroma;
        let begin = self.stride * self.height + stride * (lines * number + self.band.start / 2);
        self.every(begin, stride, len).take(self.band.len().div_ceil(2))
    }

    fn every(&self, begin: usize, stride: usize, len: usize) -> impl Iterator<Item = &'a [u8]> {
        let plane = self.picture.get(begin..).unwrap_or_default();
        plane.chunks(stride.max(1)).map_while(move |line| line.get(..len))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Raw;
    use super::*;

    fn checked(raw: &Raw) -> Result<(), Unfit> {
        Lines::of(&raw.picture()).map(|_| ())
    }

    #[test]
    fn a_picture_too_short_for_its_size_is_refused() {
        for format in PixelFormat::ALL.into_iter().filter(|format| !format.is_jpeg()) {
            let mut raw = Raw::paint(format, (34, 18), 0, |_, _| [1, 2, 3]);
            assert_eq!(checked(&raw), Ok(()), "{format}");
            raw.bytes.pop();
            assert!(matches!(checked(&raw), Err(Unfit::TooShort { .. })), "{format}");
            raw.bytes.clear();
            assert!(matches!(checked(&raw), Err(Unfit::TooShort { .. })), "{format}");
        }
    }

    #[test]
    fn padding_behind_the_last_line_may_be_missing() {
        let mut raw = Raw::paint(PixelFormat::Yuyv, (32, 4), 64, |_, _| [1, 2, 3]);
        raw.bytes.truncate(raw.bytes.len() - 64);
        assert_eq!(checked(&raw), Ok(()));
    }

    #[test]
    fn sizes_and_strides_that_cannot_be_are_refused() {
        let mut raw = Raw::paint(PixelFormat::Yuyv, (32, 4), 0, |_, _| [1, 2, 3]);
        raw.stride = 63;
        assert!(matches!(checked(&raw), Err(Unfit::Stride { .. })));
        raw.stride = usize::MAX;
        assert!(matches!(checked(&raw), Err(Unfit::Stride { .. })));
        for (width, height) in [(0, 4), (4, 0), (1, 1), (u32::MAX, u32::MAX)] {
            (raw.width, raw.height) = (width, height);
            assert!(matches!(checked(&raw), Err(Unfit::Size { .. })));
        }
        raw.format = PixelFormat::Mjpeg;
        assert!(matches!(checked(&raw), Err(Unfit::Compressed(_))));
    }
}
