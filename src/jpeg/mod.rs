//! From a camera's picture to a JPEG that every browser can draw.
//!
//! ```text
//! JPEG cameras:  picture -> markers (is it whole?) -> repair: one copy, with huffman tables, without padding -> frame
//!                changed ones: the same -> pool -> transform without loss, or decode -> planes -> as raw ones
//! raw cameras:   picture -> sheet (planes, in slices) -> pool of encode threads -> join -> frame
//! no camera:     canvas -> placard -> frame
//! ```

mod axis;

pub mod canvas;

mod change;

mod decode;

pub mod encode;

pub mod font;

mod geometry;

mod headers;

pub mod huffman;

mod join;

mod label;

mod letters;

pub mod lettering;

mod lines;

mod mark;

pub mod markers;

mod orientation;

mod overlay;

mod placard;

mod planes;

mod pool;

mod repair;

mod resample;

mod sheet;

pub mod splitter;

mod transpose;

mod unpack;

mod worker;

#[cfg(test)]
#[allow(unreachable_pub, reason = "the tests in `tests/` take this file in too")]
mod fixtures;

#[cfg(test)]
mod testing;

pub use change::{Change, Changes};
pub use lines::Unfit;
pub use mark::mark;
pub use overlay::Facts;
pub use placard::placard;
pub use pool::{EncoderPool, Taken};
pub use repair::repair;
pub use worker::Deliver;
