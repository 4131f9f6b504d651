//! Passthrough: what the camera compressed, made fit for browsers in the one copy that a frame costs.

use std::sync::Arc;

use super::huffman::STANDARD_TABLES;
use super::markers::{self, Error};
use crate::clock::Monotonic;
use crate::frame::{Frame, FramePool, Times};
use crate::picture::Picture;

/// The camera's JPEG with the Huffman tables it left out and without padding, in memory of our own.
pub fn repair(picture: Picture<'_>, pool: &Arc<FramePool>) -> Result<Frame, Error> {
    let encode_begin = Monotonic::now();
    let markers = markers::walk(picture.bytes)?;
    let jpeg = picture.bytes.get(..markers.end).unwrap_or_default();
    let cut = markers.tables_at.and_then(|at| jpeg.split_at_checked(at));
    let jpeg = match cut {
        Some((head, tail)) => pool.join(&[head, &STANDARD_TABLES, tail]),
        None => pool.join(&[jpeg]),
    };
    Ok(Frame {
        jpeg,
        width: markers.width,
        height: markers.height,
        online: true,
        times: Times {
            captured: picture.captured,
            grabbed: picture.grabbed,
            encode_begin,
            encode_end: Monotonic::now(),
            ..Times::default()
        },
        number: 0,
    })
}
