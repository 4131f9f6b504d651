//! Values with a range or a unit of their own: parse, print, and the words that say what is allowed.

use std::path::PathBuf;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub width: u32,
    pub height: u32,
}

/// Pictures a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameRate(f64);

impl FrameRate {
    pub fn per_second(self) -> f64 {
        self.0
    }
}

/// JPEG quality, 1 (worst) to 100 (best).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality(u8);

impl Quality {
    pub fn get(self) -> u8 {
        self.0
    }
}

/// How much colour an encoded JPEG keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsampling {
    /// 4:2:0: half the colour in both directions.
    Yuv420,
    /// 4:2:2: half the colour in a line.
    Yuv422,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceName {
    V4l2,
    Pattern,
    Slideshow,
}

/// Which camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Devices {
    /// The first node that is a camera.
    Auto,
    /// These, in order.
    List(Vec<PathBuf>),
}
