//! Who is compared: mjpegd, two yardsticks of ours, and the servers that people use today.

/// Builds and fetches what the peers need.
mod tools;

/// One started server.
mod server;

use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::camera::{Camera, Input, METER};
use super::frames::Film;
pub use server::Server;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    Mjpegd,
    BareLoop,
    ThreadLoop,
    Ustreamer,
    Motion,
    Flask,
}

/// What a server is asked to do. It agrees with what the camera can.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    pub camera: &'a Camera<'a>,
    pub input: Input,
    pub size: (u32, u32),
    pub fps: u32,
    /// For the yardsticks, which have no camera.
    pub film: &'a Film,
    /// An IPv4 address to listen on.
    pub host: &'a str,
    pub port: u16,
    /// Gets what the server prints.
    pub log: &'a Path,
    /// Words before the program, such as `ip netns exec NAME`; whatever they name becomes the program (`exec`).
    pub before: &'a [String],
    /// More flags, for those that take some.
    pub flags: &'a [&'a str],
}

impl Peer {
    pub const ALL: [Self; 6] =
        [Self::Mjpegd, Self::BareLoop, Self::ThreadLoop, Self::Ustreamer, Self::Motion, Self::Flask];

    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mjpegd => "mjpegd",
            Self::BareLoop => "bare loop",
            Self::ThreadLoop => "thread per viewer",
            Self::Ustreamer => "ustreamer",
            Self::Motion => "motion",
            Self::Flask => "Flask + OpenCV",
        }
    }

    /// The version that was measured, as the program itself tells it; empty for the yardsticks.
    pub fn version(self) -> String {
        match self {
            Self::Mjpegd => env!("CARGO_PKG_VERSION").to_owned(),
            Self::BareLoop | Self::ThreadLoop => String::new(),
            Self::Ustreamer => tools::first_version("ustreamer", "--version"),
            Self::Motion => tools::first_version("motion", "-h"),
            Self::Flask => tools::flask_version(),
        }
    }

    /// The path of its stream.
    pub fn path(self) -> &'static str {
        match self {
            Self::Mjpegd | Self::Ustreamer => "/stream",
            Self::BareLoop | Self::ThreadLoop | Self::Motion => "/",
            Self::Flask => "/video_feed",
        }
    }

    /// Whether it compresses for viewers even what is JPEG already. These are far from the others, and no target reads them.
    pub fn compresses_anew(self) -> bool {
        matches!(self, Self::Motion | Self::Flask)
    }

    /// Whether it takes its pictures from a camera; the yardsticks read files, and only send what is JPEG already.
    pub fn has_camera(self) -> bool {
        !matches!(self, Self::BareLoop | Self::ThreadLoop)
    }

    /// Why it cannot take part here. The first call builds or fetches what it needs, which may take a minute.
    pub fn missing(self) -> Option<String> {
        let ready = match self {
            Self::Mjpegd => Ok(()),
            Self::BareLoop => tools::build("bare_loop"),
            Self::ThreadLoop => tools::build("thread_per_viewer"),
            Self::Ustreamer => tools::installed("ustreamer"),
            Self::Motion => tools::installed("motion"),
            Self::Flask => tools::make_venv(),
        };
        ready.err().map(|error| format!("{error:#}"))
    }

    /// Starts it; [`Server::ready`] waits until it shows something.
    pub fn start(self, setup: &Setup<'_>) -> Result<Server> {
        let mut words: Vec<String> = setup.before.to_vec();
        words.extend(match self {
            Self::Mjpegd => mjpegd(setup),
            Self::BareLoop => yardstick("bare_loop", setup),
            Self::ThreadLoop => yardstick("thread_per_viewer", setup),
            Self::Ustreamer => ustreamer(setup),
            Self::Motion => motion(setup)?,
            Self::Flask => flask(setup),
        });
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET");
        if self.has_camera() {
            setup.camera.preload_into(&mut command);
        } else {
            command.env(METER, setup.camera.meter());
        }
        Server::start(command, setup, self.path())
    }
}

/// The words of a command line, whatever they are made of.
macro_rules! words {
    ($($word:expr),* $(,)?) => { vec![$($word.to_string()),*] };
}

fn mjpegd(setup: &Setup<'_>) -> Vec<String> {
    let format = match setup.input {
        Input::Mjpeg => "MJPEG",
        Input::Yuyv => "YUYV",
    };
    // The machine's own settings file is none of the benchmark's.
    let mut words = words![env!("CARGO_BIN_EXE_mjpegd"), "--config", "/dev/null"];
    words.extend(words!["--device", setup.camera.node().display(), "--format", format]);
    words.extend(words!["--resolution", resolution(setup), "--desired-fps", setup.fps, "--quality", 80]);
    words.extend(words!["--host", setup.host, "--port", setup.port]);
    words.extend(more(setup));
    words
}

fn more<'a>(setup: &Setup<'a>) -> impl Iterator<Item = String> + use<'a> {
    setup.flags.iter().map(ToString::to_string)
}

fn resolution(setup: &Setup<'_>) -> String {
    format!("{}x{}", setup.size.0, setup.size.1)
}

fn yardstick(program: &str, setup: &Setup<'_>) -> Vec<String> {
    let program = tools::built(program);
    let mut words = words![program.display(), setup.host, setup.port, setup.film.folder.display(), setup.fps];
    words.extend(more(setup));
    words
}

/// JPEGs are passed on as they are; raw pictures compressed by as many workers as ustreamer thinks best. It is not
/// asked for a rate: it would drop every other frame of a camera whose rate is a little higher.
fn ustreamer(setup: &Setup<'_>) -> Vec<String> {
    let (format, encoder) = match setup.input {
        Input::Mjpeg => ("JPEG", "HW"),
        Input::Yuyv => ("YUYV", "CPU"),
    };
    let mut words =
        words!["ustreamer", "--device", setup.camera.node().display(), "--persistent", "--tcp-nodelay"];
    words.extend(words!["--format", format, "--encoder", encoder, "--quality", 80]);
    words.extend(words!["--resolution", resolution(setup), "--host", setup.host, "--port", setup.port]);
    words.extend(more(setup));
    words
}

/// Nothing but the stream: nothing looks for what moves, no pictures or films of it, no words in the picture. At the camera's rate, since at
/// its highest it sends each picture several times over.
fn motion(setup: &Setup<'_>) -> Result<Vec<String>> {
    // V4L2_PIX_FMT_MJPEG and V4L2_PIX_FMT_YUYV by motion's own numbers.
    let palette = match setup.input {
        Input::Mjpeg => 8,
        Input::Yuyv => 15,
    };
    let local = if setup.host.parse::<IpAddr>()?.is_loopback() { "on" } else { "off" };
    let (width, height) = setup.size;
    let (fps, port) = (setup.fps, setup.port);
    let (folder, node) = (setup.camera.folder(), setup.camera.node());
    let settings = format!(
        "daemon off\nlog_level 5\ntarget_dir {}\nvideo_device {}\nvideo_params palette={palette}\n\
         width {width}\nheight {height}\nframerate {fps}\n\
         stream_port {port}\nstream_localhost {local}\nstream_maxrate {fps}\nstream_quality 80\n\
         pause on\nemulate_motion off\npicture_output off\nmovie_output off\n\
         text_left\ntext_right\nwebcontrol_port 0\n",
        folder.display(),
        node.display(),
    );
    let file = folder.join("motion.conf");
    std::fs::write(&file, settings)?;
    Ok(words!["motion", "-c", file.display()])
}

fn flask(setup: &Setup<'_>) -> Vec<String> {
    let format = match setup.input {
        Input::Mjpeg => "MJPG",
        Input::Yuyv => "YUYV",
    };
    let program = tools::source("flask_opencv.py");
    let (width, height) = setup.size;
    let mut words =
        words![tools::python().display(), program.display(), setup.camera.node().display(), format];
    words.extend(words![width, height, setup.fps, setup.host, setup.port]);
    words
}
