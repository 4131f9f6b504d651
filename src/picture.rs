//! What a source hands over: one picture as the camera wrote it, still in the camera's memory.

use std::fmt;

use crate::clock::Monotonic;

/// One picture, borrowed from its source until the stage behind has copied it.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    pub bytes: &'a [u8],
    pub format: PixelFormat,
    pub width: u32,
    pub height: u32,
    /// Bytes from one line to the next of the first plane; 0 for JPEG. Chroma planes follow V4L2's rule: planar
    /// formats have half of it, semi-planar ones the same.
    pub stride: usize,
    /// When the camera took it: the driver's timestamp where it is on our clock, else when we got it.
    pub captured: Monotonic,
    /// When we got it.
    pub grabbed: Monotonic,
}

/// The pixel formats that mjpegd reads, by their V4L2 names, in the order in which it prefers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    Mjpeg,
    Jpeg,
    Yuyv,
    Uyvy,
    Yvyu,
    Nv12,
    Nv21,
    Yu12,
    Yv12,
    Rgb24,
    Bgr24,
    Rgb565,
    Grey,
}

impl PixelFormat {
    pub const ALL: [Self; 13] = [
        Self::Mjpeg,
        Self::Jpeg,
        Self::Yuyv,
        Self::Uyvy,
        Self::Yvyu,
        Self::Nv12,
        Self::Nv21,
        Self::Yu12,
        Self::Yv12,
        Self::Rgb24,
        Self::Bgr24,
        Self::Rgb565,
        Self::Grey,
    ];

    /// The four characters that V4L2 calls it by, `V4L2_PIX_FMT_*` in `linux/videodev2.h`.
    pub const fn fourcc(self) -> [u8; 4] {
        *match self {
            Self::Mjpeg => b"MJPG",
            Self::Jpeg => b"JPEG",
            Self::Yuyv => b"YUYV",
            Self::Uyvy => b"UYVY",
            Self::Yvyu => b"YVYU",
            Self::Nv12 => b"NV12",
            Self::Nv21 => b"NV21",
            Self::Yu12 => b"YU12",
            Self::Yv12 => b"YV12",
            Self::Rgb24 => b"RGB3",
            Self::Bgr24 => b"BGR3",
            Self::Rgb565 => b"RGBP",
            Self::Grey => b"GREY",
        }
    }

    pub fn from_fourcc(fourcc: [u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.fourcc() == fourcc)
    }

    /// The name that ustreamer's `--format` takes and the log shows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mjpeg => "MJPEG",
            Self::Jpeg => "JPEG",
            Self::Yuyv => "YUYV",
            Self::Uyvy => "UYVY",
            Self::Yvyu => "YVYU",
            Self::Nv12 => "NV12",
            Self::Nv21 => "NV21",
            Self::Yu12 => "YU12",
            Self::Yv12 => "YV12",
            Self::Rgb24 => "RGB24",
            Self::Bgr24 => "BGR24",
            Self::Rgb565 => "RGB565",
            Self::Grey => "GREY",
        }
    }

    /// Whether the camera compresses: its pictures are passed through.
    pub const fn is_jpeg(self) -> bool {
        matches!(self, Self::Mjpeg | Self::Jpeg)
    }

    /// Bytes a line takes at least in the first plane; 0 for JPEG.
    pub const fn min_stride(self, width: u32) -> usize {
        let width = width as usize;
        match self {
            Self::Mjpeg | Self::Jpeg => 0,
            Self::Yuyv | Self::Uyvy | Self::Yvyu => width.div_ceil(2) * 4,
            Self::Nv12 | Self::Nv21 | Self::Yu12 | Self::Yv12 | Self::Grey => width,
            Self::Rgb24 | Self::Bgr24 => width * 3,
            Self::Rgb565 => width * 2,
        }
    }

    /// Bytes a whole picture takes; 0 for JPEG, whose size is its own.
    pub const fn picture_len(self, stride: usize, height: u32) -> usize {
        let height = height as usize;
        let chroma_lines = height.div_ceil(2);
        match self {
            Self::Mjpeg | Self::Jpeg => 0,
            Self::Nv12 | Self::Nv21 => stride * (height + chroma_lines),
            Self::Yu12 | Self::Yv12 => stride * height + 2 * (stride / 2) * chroma_lines,
            _ => stride * height,
        }
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_fourcc() {
        for format in PixelFormat::ALL {
            assert_eq!(PixelFormat::from_fourcc(format.fourcc()), Some(format));
        }
        assert_eq!(PixelFormat::from_fourcc(*b"H264"), None);
    }

    #[test]
    fn sizes_are_those_of_the_v4l2_documentation() {
        assert_eq!(PixelFormat::Yuyv.picture_len(1280 * 2, 720), 1_843_200);
        assert_eq!(PixelFormat::Nv12.picture_len(1280, 720), 1_382_400);
        assert_eq!(PixelFormat::Yu12.picture_len(1280, 720), 1_382_400);
        assert_eq!(PixelFormat::Grey.picture_len(640, 480), 307_200);
    }
}
