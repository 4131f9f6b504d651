//! A picture that a program has decoded: planes of YUV 4:2:0, as V4L2's YU12 has them.

use super::fed::LONGEST_PICTURE;
use crate::clock::Monotonic;
use crate::jpeg::markers::MAX_SIDE;
use crate::picture::{Picture, PixelFormat};

const FORMAT: PixelFormat = PixelFormat::Yu12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raw {
    width: u32,
    height: u32,
    /// Black is 16 and white is 235, as in video (BT.601, BT.709), and not 0 and 255, as in JPEG.
    is_limited: bool,
}

impl Raw {
    /// The sides become even, so that each two lines and columns have their colours. `None`: too small or too large.
    pub(super) fn new(width: u32, height: u32, is_limited: bool) -> Option<Self> {
        let raw = Self { width: width & !1, height: height & !1, is_limited };
        // The product of such sides is a number also where numbers have 32 bits.
        let is_sane = width.max(height) <= MAX_SIDE && width.min(height) >= 2;
        (is_sane && raw.len() <= LONGEST_PICTURE).then_some(raw)
    }

    pub(super) fn size(self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Bytes of one.
    pub(super) fn len(self) -> usize {
        FORMAT.picture_len(self.width as usize, self.height)
    }

    /// False: it is not whole.
    pub(super) fn show(
        self,
        bytes: &mut [u8],
        captured: Monotonic,
        take: &mut dyn FnMut(Picture<'_>),
    ) -> bool {
        if bytes.len() != self.len() {
            return false;
        }
        if self.is_limited {
            let (luma, chroma) = bytes.split_at_mut(self.width as usize * self.height as usize);
            luma.iter_mut().for_each(|value| *value = full_luma(*value));
            chroma.iter_mut().for_each(|value| *value = full_chroma(*value));
        }
        let Self { width, height, .. } = self;
        let (stride, grabbed) = (width as usize, Monotonic::now());
        take(Picture { bytes, format: FORMAT, width, height, stride, captured, grabbed });
        true
    }
}

/// By 255/219, in sixteen bits, which the compiler does for many at once.
fn full_luma(value: u8) -> u8 {
    let scaled = (u16::from(value.saturating_sub(16)) * 149 + 64) >> 7;
    scaled.min(255) as u8
}

/// By 255/224, around grey.
fn full_chroma(value: u8) -> u8 {
    let scaled = (((i16::from(value) - 128) * 146 + 64) >> 7) + 128;
    scaled.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_of_video_become_those_of_jpeg() {
        assert_eq!([0, 16, 126, 235, 255].map(full_luma), [0, 0, 128, 255, 255]);
        assert_eq!([0, 16, 128, 240, 255].map(full_chroma), [0, 0, 128, 255, 255]);
        let raw = Raw::new(4, 3, true).unwrap();
        assert_eq!(raw.size(), (4, 2));
        let mut bytes = [[16; 8].as_slice(), &[128; 4]].concat();
        let mut shown = Vec::new();
        assert!(raw.show(&mut bytes, Monotonic::now(), &mut |picture| shown = picture.bytes.to_vec()));
        assert_eq!(shown, [[0; 8].as_slice(), &[128; 4]].concat());
        assert!(!raw.show(&mut [0; 11], Monotonic::now(), &mut |_| unreachable!()));
    }

    #[test]
    fn sizes_that_no_camera_has_are_refused() {
        for (width, height) in [(0, 0), (1, 1), (u32::MAX, u32::MAX), (60_000, 60_000), (2, 70_000)] {
            assert_eq!(Raw::new(width, height, false), None);
        }
        assert!(Raw::new(3840, 2160, true).is_some());
    }
}
