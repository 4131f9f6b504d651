//! A network camera, by the system's ffmpeg: JPEGs come through as the camera makes them, other kinds of video are decoded there
//! and compressed by us, with the quality of the settings and only those that are shown.

mod probe;

mod running;

use std::io::{Error, ErrorKind, Read};
use std::sync::{Arc, OnceLock};

use super::Lost;
use super::command::pump;
use super::fed::{Feed, Feeder};
use super::raw::Raw;
use crate::config::Rtsp as Settings;
use crate::config::values::{RtspTransport, RtspUrl};
use crate::mailbox::Mailbox;

use self::probe::Video;
use self::running::{Guard, Running};

/// The address is read from the standard input, where no list of processes shows it, by way of ffmpeg's lists of files; and
/// from these ways of the network alone may what it leads to come.
const INPUT: &str = "-hide_banner -loglevel error -f concat -safe 0 -protocol_whitelist pipe,rtsp,rtp,srtp,udp,tcp,tls -i pipe:0";

pub(super) struct Rtsp {
    settings: Settings,
    /// What it sends, asked for once.
    video: Arc<OnceLock<Video>>,
}

impl Rtsp {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), video: Arc::default() }
    }
}

impl Feeder for Rtsp {
    fn name(&self) -> String {
        self.settings.url.as_ref().map_or_else(String::new, RtspUrl::to_string)
    }

    fn format(&self) -> String {
        self.video.get().map_or_else(|| "RTSP".to_owned(), Video::to_string)
    }

    fn start(&mut self) -> Result<Feed, Lost> {
        let Settings { url, transport } = &self.settings;
        let Some(url) = url else { return Err(Lost::NoCamera("no address is given".into())) };
        let running = Arc::new(Running::new(url.secrets()));
        let guard = Guard(Arc::clone(&running));
        let raw = Arc::new(OnceLock::new());
        let session = Session {
            running,
            input: list(url, *transport),
            video: Arc::clone(&self.video),
            raw: Arc::clone(&raw),
        };
        let name = self.name();
        let run = move |mailbox: &Mailbox| format!("{name}: {}", session.run(mailbox));
        let fps = self.video.get().and_then(|video| video.fps);
        Ok(Feed { raw, ..Feed::new(run, guard, fps) })
    }
}

/// ffmpeg's list of one file: <https://ffmpeg.org/ffmpeg-formats.html#concat-1>. How pictures are to come stands in the address,
/// since older ones have no other place for it; ffmpeg takes it off again.
fn list(url: &RtspUrl, transport: RtspTransport) -> String {
    let address = url.secret();
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("ffconcat version 1.0\nfile '{}{sign}{transport}'\n", address.replace('\'', r"'\''"))
}

/// From one opening of the camera to its end.
struct Session {
    running: Arc<Running>,
    input: String,
    video: Arc<OnceLock<Video>>,
    raw: Arc<OnceLock<Raw>>,
}

impl Session {
    /// Until nobody wants more, or none come: why.
    fn run(&self, mailbox: &Mailbox) -> String {
        let video = match self.video.get() {
            Some(video) => video,
            None => match probe::ask(&self.running, &self.input) {
                Ok(video) => self.video.get_or_init(|| video),
                Err(why) => return why,
            },
        };
        let input = format!("{}{}", self.input, options(video));
        let (child, mut pictures) = match self.running.start(&words(video), &input) {
            Ok(started) => started,
            Err(why) => return why,
        };
        let why = |error: Option<Error>| error.map_or_else(|| child.reason(), |error| error.to_string());
        if video.is_jpeg() {
            return pump(&mut pictures, mailbox, why);
        }
        let raw = *self.raw.get_or_init(|| video.raw);
        match read_raw(&mut pictures, raw, mailbox) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => why(None),
            Err(error) => why(Some(error)),
            Ok(()) => String::new(),
        }
    }
}

/// Of the file that came last in the list, for those that know such a line: not to wait until its rate is known by heart, nor to keep
/// what comes meanwhile. The first picture comes a second earlier for it.
fn options(video: &Video) -> &'static str {
    match video.libavformat_major {
        ..59 => "",
        _ => "option fpsprobesize 0\noption fflags nobuffer\n",
    }
}

/// Not held back until ffmpeg knows the stream by heart, and none made twice for the sake of an even rate.
fn words(video: &Video) -> Vec<String> {
    let every_one = if video.libavformat_major < 60 { "-vsync" } else { "-fps_mode" };
    let (width, height) = video.raw.size();
    let made = match video.is_jpeg() {
        true => "-c:v copy -f image2pipe -".to_owned(),
        false => format!("-pix_fmt yuv420p -s {width}x{height} -f rawvideo -"),
    };
    let line =
        format!("ffmpeg -fflags nobuffer -flags low_delay {INPUT} -map 0:v:0 {every_one} passthrough {made}");
    line.split(' ').map(str::to_owned).collect()
}

fn read_raw(from: &mut impl Read, raw: Raw, mailbox: &Mailbox) -> Result<(), Error> {
    let mut picture = vec![0; raw.len()];
    loop {
        from.read_exact(&mut picture)?;
        if !mailbox.put(&picture) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_in_the_list_whatever_is_in_it() {
        for (address, line) in [
            ("rtsp://door/live", "file 'rtsp://door/live?tcp'"),
            ("rtsp://me:a%20b@door/cam?channel=1", "file 'rtsp://me:a%20b@door/cam?channel=1&tcp'"),
            ("rtsp://door/it's", r"file 'rtsp://door/it'\''s?tcp'"),
        ] {
            let list = list(&address.parse().unwrap(), RtspTransport::Tcp);
            assert_eq!(list, format!("ffconcat version 1.0\n{line}\n"));
        }
        assert!(list(&"rtsp://door/live".parse().unwrap(), RtspTransport::Udp).ends_with("?udp'\n"));
    }
}
