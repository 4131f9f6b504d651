//! What tests of filters see.

use std::time::Instant;

use super::PATIENCE;
use super::camera::Camera;
use super::client::state;
use super::daemon::{Daemon, Launch};
use super::stream::{Part, Stream};

/// With a camera that may be slow: all processors have to do with the filters of other tests.
pub fn daemon(camera: &Camera, args: &[&str]) -> Daemon {
    Launch::default().camera(camera).args(&["--device-timeout", "30"]).args(args).start()
}

pub fn is_filtered(part: &Part) -> bool {
    part.jpeg.windows(8).any(|eight| eight == b"FILTERED")
}

/// Of the test camera, as it took it.
pub fn is_plain(part: &Part) -> bool {
    part.marker().is_some() && !is_filtered(part)
}

pub fn filter(daemon: &Daemon) -> serde_json::Value {
    state(daemon)["result"]["mjpegd"]["filter"].clone()
}

/// Reads the stream until there is a picture such as wanted.
pub fn find(stream: &mut Stream, wanted: impl Fn(&Part) -> bool) -> Part {
    let begin = Instant::now();
    loop {
        let part = stream.next();
        if wanted(&part) {
            return part;
        }
        assert!(begin.elapsed() < 2 * PATIENCE, "it never came to that");
    }
}

/// So many pictures in a row are such.
pub fn all(stream: &mut Stream, count: usize, wanted: impl Fn(&Part) -> bool) -> bool {
    (0..count).all(|_| wanted(&stream.next()))
}
