//! A camera's JPEG, or that of whoever may hand in pictures, on its way into the slot without being decoded.

use std::sync::{Arc, LazyLock};

use mjpegd::frame::FramePool;
use mjpegd::jpeg::huffman::STANDARD_TABLES;
use mjpegd::jpeg::markers::{self, MAX_SIDE, Markers};
use mjpegd::jpeg::repair;

use super::jpeg;

/// What is decoded to be compared; more takes a fuzzer's time and says nothing new.
const MOST_PIXELS: u32 = 1 << 18;
const MOST_SCANS: usize = 20;

pub fn run(data: &[u8]) -> bool {
    static POOL: LazyLock<Arc<FramePool>> = LazyLock::new(FramePool::new);
    let size = markers::size(data);
    let Ok(frame) = repair(jpeg(data), &POOL) else { return false };
    assert_eq!(size, Some((frame.width, frame.height)));
    assert!((1..=MAX_SIDE).contains(&frame.width) && (1..=MAX_SIDE).contains(&frame.height));
    // One complete JPEG, and nothing else; to repair it once more changes nothing.
    assert!(frame.jpeg.starts_with(&[0xFF, 0xD8]) && frame.jpeg.ends_with(&[0xFF, 0xD9]));
    assert!(frame.jpeg.len() <= data.len() + STANDARD_TABLES.len());
    let whole = Markers { width: frame.width, height: frame.height, tables_at: None, end: frame.jpeg.len() };
    assert_eq!(markers::walk(&frame.jpeg), Ok(whole));
    assert_eq!(*repair(jpeg(&frame.jpeg), &POOL).unwrap().jpeg, *frame.jpeg);
    // It is a beginning of the camera's, with the tables somewhere in it.
    let added = match markers::walk(data).unwrap() {
        Markers { tables_at: Some(at), end, .. } => {
            assert_eq!([&data[..at], &STANDARD_TABLES, &data[at..end]].concat(), *frame.jpeg);
            STANDARD_TABLES.len()
        }
        Markers { end, .. } => {
            assert_eq!(data[..end], *frame.jpeg);
            0
        }
    };
    assert!(frame.jpeg.len() <= data.len() + added);
    shows_the_same(data, &frame.jpeg, frame.width * frame.height);
    true
}

/// What a decoder makes of the camera's own bytes, it makes of ours.
fn shows_the_same(before: &[u8], after: &[u8], pixels: u32) {
    let scans = memchr::memmem::find_iter(before, &[0xFF, 0xDA]).count();
    if pixels > MOST_PIXELS || scans > MOST_SCANS {
        return;
    }
    let decode = |jpeg: &[u8]| turbojpeg::decompress(jpeg, turbojpeg::PixelFormat::RGB);
    if let Ok(shown) = decode(before) {
        assert!(shown.pixels == decode(after).unwrap().pixels);
    }
}
