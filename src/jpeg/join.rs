//! Slices of one picture, each compressed to a JPEG of its own, joined to the JPEG of the whole.
//!
//! At a restart marker the prediction of brightness starts anew at a whole byte, as it does where a JPEG begins. So the
//! scans of the slices, with such a marker between any two, are the scan of the whole and decode to the same pixels.

use std::sync::Arc;

use super::markers::{DRI, SOF0, SOS};
use crate::frame::{FramePool, Jpeg};

/// They follow in turn, and then begin again.
const RESTARTS: [[u8; 2]; 8] = [
    [0xFF, 0xD0],
    [0xFF, 0xD1],
    [0xFF, 0xD2],
    [0xFF, 0xD3],
    [0xFF, 0xD4],
    [0xFF, 0xD5],
    [0xFF, 0xD6],
    [0xFF, 0xD7],
];

/// Bytes of EOI, with which each slice ends.
const END: usize = 2;

/// Joins what one compressor setting made, all slices but the last of `interval` MCUs each. The size is the one that
/// decoders are to show: what was compressed may have been padded to whole blocks. `None`: these are not such JPEGs.
pub(super) fn join(
    slices: &mut [&mut [u8]],
    (width, height): (u16, u16),
    interval: u16,
    pool: &Arc<FramePool>,
) -> Option<Jpeg> {
    let (first, rest) = slices.split_first_mut()?;
    let head = Head::of(first)?;
    let [h1, h0] = height.to_be_bytes();
    let [w1, w0] = width.to_be_bytes();
    first.get_mut(head.size..head.size + 4)?.copy_from_slice(&[h1, h0, w1, w0]);
    let [i1, i0] = interval.to_be_bytes();
    let restarts = [0xFF, DRI, 0, 4, i1, i0];
    let mut parts = Vec::with_capacity(2 * rest.len() + 4);
    let (before, scan) = first.split_at_checked(head.scan)?;
    if rest.is_empty() {
        return Some(pool.join(&[before, scan]));
    }
    let (scan, end) = scan.split_at_checked(scan.len().checked_sub(END)?)?;
    parts.extend([before, &restarts, scan]);
    for (slice, restart) in rest.iter().zip(RESTARTS.iter().cycle()) {
        // All have the same tables, and with them heads of the same length.
        let data = slice.get(head.data..slice.len().checked_sub(END)?)?;
        parts.extend([restart, data]);
    }
    parts.push(end);
    Some(pool.join(&parts))
}

/// Places in the head of a JPEG.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    /// The height and the width in SOF.
    size: usize,
    /// SOS.
    scan: usize,
    /// The entropy-coded data behind it.
    data: usize,
}

impl Head {
    fn of(jpeg: &[u8]) -> Option<Self> {
        let (mut at, mut size) = (2, None);
        loop {
            let &[0xFF, marker, l1, l0] = jpeg.get(at..)?.first_chunk()? else {
                return None;
            };
            let next = at + 2 + usize::from(u16::from_be_bytes([l1, l0]));
            match marker {
                SOF0 => size = Some(at + 5),
                SOS => return Some(Self { size: size?, scan: at, data: next }),
                _ => {}
            }
            at = next;
        }
    }
}
