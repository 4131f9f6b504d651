//! From a camera's picture to a JPEG that every browser can draw.
//!
//! ```text
//! JPEG cameras:  picture -> markers (is it whole?) -> repair: one copy, with huffman tables, without padding -> frame
//! raw cameras:   picture -> sheet (planes, in slices) -> pool of encode threads -> join -> frame
//! no camera:     canvas -> placard -> frame
//! ```

pub mod canvas;

pub mod encode;

mod headers;

pub mod huffman;

mod join;

pub mod lettering;

mod lines;

pub mod markers;

mod placard;

mod planes;

mod pool;

mod repair;

mod sheet;

mod unpack;

mod worker;

#[cfg(test)]
#[allow(unreachable_pub, reason = "the tests in `tests/` take this file in too")]
mod fixtures;

#[cfg(test)]
mod testing;

pub use lines::Unfit;
pub use placard::placard;
pub use pool::{EncoderPool, Taken};
pub use repair::repair;
pub use worker::Deliver;
