//! The command lines of programs that bring pictures of cameras which are no V4L2 device.

use std::env;

use super::command::Command;
use crate::config::values::{FrameRate, RtspTransport, Url};
use crate::config::{Encoder, Rpicam, Source};

/// A camera on the Raspberry Pi's ribbon cable, by rpicam-apps, which older systems call libcamera-apps.
pub(super) fn rpicam(source: &Source, encoder: &Encoder, camera: &Rpicam) -> Command {
    let program = ["rpicam-vid", "libcamera-vid"].into_iter().find(|name| is_there(name)).unwrap_or("rpicam-vid");
    let size = source.resolution;
    let mut words: Vec<String> = [program, "--nopreview", "--timeout", "0", "--codec", "mjpeg", "--flush"]
        .map(str::to_owned)
        .to_vec();
    let mut give = |option: &str, value: String| words.extend([option.to_owned(), value]);
    give("--camera", camera.camera.to_string());
    give("--width", size.width.to_string());
    give("--height", size.height.to_string());
    give("--quality", encoder.quality.get().to_string());
    if let Some(fps) = source.desired_fps {
        give("--framerate", fps.per_second().to_string());
    }
    give("--output", "-".to_owned());
    words.extend(camera.options.iter().cloned());
    Command {
        name: None,
        words,
        secrets: Vec::new(),
        fps: source.desired_fps.map(FrameRate::per_second),
        missing: "`sudo apt install rpicam-apps-lite` on Raspberry Pi OS",
    }
}

/// A network camera, by ffmpeg: without waiting to know the stream by heart, without keeping what comes too early.
pub(super) fn rtsp(url: &Url, transport: RtspTransport) -> Command {
    let before = [
        "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-fflags", "nobuffer", "-flags", "low_delay",
        "-analyzeduration", "500000", "-rtsp_transport",
    ];
    let mut words: Vec<String> = before.map(str::to_owned).to_vec();
    words.extend([transport.to_string(), "-i".to_owned(), url.secret().to_owned()]);
    words.extend(["-an", "-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe", "-"].map(str::to_owned));
    Command {
        name: Some(url.to_string()),
        words,
        secrets: url.secrets(),
        fps: None,
        missing: "`sudo apt install ffmpeg`",
    }
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
