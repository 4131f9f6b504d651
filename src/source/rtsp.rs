//! A network camera, by the system's ffmpeg, which decodes what it sends and makes JPEGs of it.

use super::command::Command;
use crate::config::Rtsp;
use crate::config::values::RtspUrl;

/// What ffmpeg is told before the address: not to wait until it knows the stream by heart, nor to keep what comes early.
const LOW_DELAY: &str = "ffmpeg -nostdin -hide_banner -loglevel error -fflags nobuffer -flags low_delay -analyzeduration 500000 -rtsp_transport";

/// And behind it.
const TO_JPEG: &str = "-an -c:v mjpeg -q:v 4 -f image2pipe -";

pub(super) fn command(settings: &Rtsp) -> Command {
    let url = settings.url.as_ref();
    let mut words: Vec<String> = LOW_DELAY.split(' ').map(str::to_owned).collect();
    words.extend([
        settings.transport.to_string(),
        "-i".to_owned(),
        url.map_or_else(String::new, |url| url.secret().to_owned()),
    ]);
    words.extend(TO_JPEG.split(' ').map(str::to_owned));
    Command {
        name: url.map(RtspUrl::to_string),
        words,
        secrets: url.map(RtspUrl::secrets).unwrap_or_default(),
        fps: None,
        missing: "`sudo apt install ffmpeg`",
    }
}
