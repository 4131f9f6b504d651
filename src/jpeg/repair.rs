//! Passthrough: what the camera compressed, made fit for browsers in the one copy that a frame costs.

use std::sync::Arc;

use super::huffman::STANDARD_TABLES;
use super::markers::{self, Error, Markers};
use crate::clock::Monotonic;
use crate::frame::{Frame, FramePool, Times};
use crate::picture::Picture;

impl Markers {
    /// The JPEG in the parts that it is to be made of, with the tables that it lacks and without padding.
    pub(super) fn repaired<'a>(&self, jpeg: &'a [u8]) -> [&'a [u8]; 3] {
        let jpeg = jpeg.get(..self.end).unwrap_or_default();
        match self.tables_at.and_then(|at| jpeg.split_at_checked(at)) {
            Some((head, tail)) => [head, &STANDARD_TABLES, tail],
            None => [jpeg, &[], &[]],
        }
    }
}

/// The camera's JPEG with the Huffman tables it left out and without padding, in memory of our own.
pub fn repair(picture: Picture<'_>, pool: &Arc<FramePool>) -> Result<Frame, Error> {
    let encode_begin = Monotonic::now();
    let markers = markers::walk(picture.bytes)?;
    Ok(Frame {
        jpeg: pool.join(&markers.repaired(picture.bytes)),
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

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::testing::{decode, ffmpeg_warnings, jpeg};
    use super::*;

    fn repaired(bytes: &[u8]) -> Frame {
        repair(jpeg(bytes), &FramePool::new()).unwrap()
    }

    #[test]
    fn each_quirk_of_a_camera_decodes_to_the_same_picture() {
        let whole = baseline(320, 240);
        let bare = without_tables(&whole);
        let quirks = [
            ("whole", whole.clone()),
            ("no tables", bare.clone()),
            ("no tables, AVI header", with_segment(&bare, 2, 0xE0, b"AVI1\0\0\0\0\0\0\0\0\0\0")),
            ("padding", [&whole[..], &[0; 999]].concat()),
            ("no tables, old data behind", [&bare[..], &whole[50..]].concat()),
            ("thumbnail", with_thumbnail(&whole)),
        ];
        for (name, quirk) in quirks {
            let frame = repaired(&quirk);
            assert_eq!((frame.width, frame.height, frame.online), (320, 240, true), "{name}");
            assert_eq!(decode(&frame.jpeg).pixels, decode(&whole).pixels, "{name}");
            assert_eq!(ffmpeg_warnings(&frame.jpeg), "", "{name}");
        }
    }

    #[test]
    fn a_progressive_one_and_one_with_restarts_pass_as_they_are() {
        for jpeg in [progressive(320, 240), with_restarts(320, 240)] {
            let frame = repaired(&jpeg);
            assert_eq!(*frame.jpeg, jpeg);
            assert_eq!(decode(&frame.jpeg).width, 320);
        }
    }
}
