//! What a camera sends, as ffprobe tells it.

use std::fmt;
use std::io::Read as _;

use serde::Deserialize;

use super::INPUT;
use super::running::Running;
use crate::source::raw::Raw;

/// Longer answers are none.
const LONGEST: u64 = 64 << 10;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Video {
    codec: String,
    /// What its pictures are when they are decoded.
    pub(super) raw: Raw,
    pub(super) fps: Option<f64>,
    /// Options have other names from some version on.
    pub(super) libavformat_major: u32,
}

impl Video {
    pub(super) fn is_jpeg(&self) -> bool {
        self.codec == "mjpeg"
    }
}

/// "H264".
impl fmt::Display for Video {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.codec.to_uppercase())
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    library_versions: Vec<Library>,
    #[serde(default)]
    streams: Vec<Stream>,
}

#[derive(Deserialize)]
struct Library {
    name: String,
    major: u32,
}

#[derive(Deserialize)]
struct Stream {
    codec_name: String,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
    color_range: Option<String>,
    avg_frame_rate: Option<String>,
}

/// Asks the camera, which takes a connection of its own.
pub(super) fn ask(running: &Running, input: &str) -> Result<Video, String> {
    let words = format!(
        "ffprobe {INPUT} -select_streams v:0 -show_library_versions \
         -show_entries stream=codec_name,width,height,color_range,avg_frame_rate:library_version=name,major -of json"
    );
    let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
    let (child, stdout) = running.start(&words, input)?;
    let mut text = String::new();
    stdout.take(LONGEST).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let answer: Answer = serde_json::from_str(&text).map_err(|_| child.reason())?;
    if answer.streams.is_empty() {
        return Err(child.reason());
    }
    video(answer)
}

fn video(answer: Answer) -> Result<Video, String> {
    let libavformat = answer.library_versions.iter().find(|library| library.name == "libavformat");
    let libavformat_major = libavformat.map_or(0, |library| library.major);
    let stream = answer.streams.into_iter().next().ok_or("there is no video in it")?;
    let Stream { codec_name: codec, width, height, color_range, avg_frame_rate } = stream;
    // Nearly all video is limited, and what is not says so.
    let raw = Raw::new(width, height, color_range.as_deref() != Some("pc"));
    let raw = raw.ok_or_else(|| format!("its {codec} of {width}x{height} is no size that is shown"))?;
    let fps = avg_frame_rate.as_deref().and_then(rate);
    Ok(Video { codec, raw, fps, libavformat_major })
}

/// Of "30000/1001"; cameras that do not know say "0/0", and some make a clock's ticks of it.
fn rate(text: &str) -> Option<f64> {
    let (frames, seconds) = text.split_once('/')?;
    let rate = frames.parse::<f64>().ok()? / seconds.parse::<f64>().ok()?;
    (0.1..=240.0).contains(&rate).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stream: &str) -> Result<Video, String> {
        let versions = r#"[{"name": "libavutil", "major": 57}, {"name": "libavformat", "major": 59}]"#;
        let text = format!(r#"{{"library_versions": {versions}, "programs": [], "streams": [{stream}]}}"#);
        video(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn what_ffprobe_says_is_understood() {
        let door = read(
            r#"{"codec_name": "h264", "width": 1920, "height": 1081, "color_range": "tv", "avg_frame_rate": "25/1"}"#,
        );
        let door = door.unwrap();
        assert_eq!(
            (door.to_string(), door.is_jpeg(), door.fps, door.libavformat_major),
            ("H264".into(), false, Some(25.0), 59)
        );
        assert_eq!(Some(door.raw), Raw::new(1920, 1080, true));
        let old = read(
            r#"{"codec_name": "mjpeg", "width": 640, "height": 480, "color_range": "pc", "avg_frame_rate": "0/0"}"#,
        );
        assert!(old.is_ok_and(|old| old.is_jpeg() && old.fps.is_none()));
        assert!(read(r#"{"codec_name": "h264"}"#).is_err_and(|why| why.contains("0x0")));
        assert!(read("").is_err());
    }
}
