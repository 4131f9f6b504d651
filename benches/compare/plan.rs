//! What is measured: which servers, with how many viewers of which picture, for how long and how often.

use crate::camera::Input;
use crate::peers::Peer;

pub const VGA: (u32, u32) = (640, 480);
pub const HD: (u32, u32) = (1280, 720);
pub const FULL_HD: (u32, u32) = (1920, 1080);

/// What slow viewers read, in bytes a second; a picture of 120 kB takes them 0.3 s.
pub const SLOW_RATE: usize = 400_000;

pub struct Scenario {
    pub name: String,
    /// As a heading.
    pub title: String,
    pub kind: Kind,
    pub input: Input,
    pub size: (u32, u32),
    /// What is special about the camera, in the words of tests/camera/fakecam.h; else empty.
    pub fault: &'static str,
    pub contestants: Vec<Contestant>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Viewers watch.
    Watch { viewers: usize, slow: usize, link: Link, warm: f64, seconds: f64 },
    /// Somebody has watched, and nobody does any longer.
    Idle,
    /// From the start of the process to the first byte of the first picture.
    Start,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Loopback,
    /// 8 Mbit/s, by a token bucket between two network namespaces.
    Shaped,
    /// 50 ms each way.
    Long,
}

#[derive(Clone, Copy, Debug)]
pub struct Contestant {
    pub peer: Peer,
    /// Behind its name, where it takes part more than once.
    pub variant: &'static str,
    /// For mjpegd, besides those that all scenarios give.
    pub flags: &'static [&'static str],
    pub rounds: usize,
}

impl Contestant {
    const fn of(peer: Peer, rounds: usize) -> Self {
        Self { peer, variant: "", flags: &[], rounds }
    }
}

/// Those that pass JPEGs on, and those that compress each picture anew, which are measured less often: they differ by
/// more than any round does.
fn everyone(rounds: usize) -> Vec<Contestant> {
    let mut all = passing_on(rounds);
    all.extend([Peer::Motion, Peer::Flask].map(|peer| Contestant::of(peer, rounds.div_ceil(3))));
    all
}

fn passing_on(rounds: usize) -> Vec<Contestant> {
    [Peer::Mjpegd, Peer::BareLoop, Peer::ThreadLoop, Peer::Ustreamer]
        .map(|peer| Contestant::of(peer, rounds))
        .to_vec()
}

fn encoding(rounds: usize) -> Vec<Contestant> {
    let mut all = [Peer::Mjpegd, Peer::Ustreamer].map(|peer| Contestant::of(peer, rounds)).to_vec();
    all.extend([Peer::Motion, Peer::Flask].map(|peer| Contestant::of(peer, rounds.div_ceil(3))));
    all
}

pub fn scenarios() -> Vec<Scenario> {
    let mut all = vec![
        watch(100, HD, Input::Mjpeg, everyone(4)),
        watch(1, HD, Input::Mjpeg, everyone(2)),
        watch(10, HD, Input::Mjpeg, everyone(2)),
        watch(100, VGA, Input::Mjpeg, everyone(2)),
        watch(1000, VGA, Input::Mjpeg, everyone(2)),
        watch(100, FULL_HD, Input::Mjpeg, everyone(2)),
        watch(1, HD, Input::Yuyv, encoding(3)),
        watch(1, VGA, Input::Yuyv, encoding(2)),
        watch(1, FULL_HD, Input::Yuyv, encoding(2)),
        watch(100, HD, Input::Yuyv, encoding(2)),
    ];
    all.extend([slow(), link(Link::Shaped), link(Link::Long), slices(), still(), idle(), start()]);
    all
}

fn watch(viewers: usize, size: (u32, u32), input: Input, contestants: Vec<Contestant>) -> Scenario {
    // A thousand connections take a while to be made.
    let (warm, seconds) = if viewers >= 1000 { (2.0, 4.0) } else { (1.0, 3.0) };
    let (width, height) = size;
    let kind = Kind::Watch { viewers, slow: 0, link: Link::Loopback, warm, seconds };
    Scenario {
        name: watch_name(viewers, size, input),
        title: format!("{}, {width}x{height} {}", count(viewers), input.name()),
        kind,
        input,
        size,
        fault: "",
        contestants,
    }
}

pub fn watch_name(viewers: usize, (width, height): (u32, u32), input: Input) -> String {
    format!("{viewers}-{width}x{height}-{}", input.name().to_lowercase())
}

fn count(viewers: usize) -> String {
    if viewers == 1 { "1 viewer".to_owned() } else { format!("{viewers} viewers") }
}

fn slow() -> Scenario {
    Scenario {
        name: "slow".to_owned(),
        title: format!("5 viewers that read {} kB/s beside 5 fast ones, 1280x720 MJPEG", SLOW_RATE / 1000),
        kind: Kind::Watch { viewers: 5, slow: 5, link: Link::Loopback, warm: 3.0, seconds: 5.0 },
        input: Input::Mjpeg,
        size: HD,
        fault: "",
        contestants: passing_on(2),
    }
}

fn link(link: Link) -> Scenario {
    let (name, what) = match link {
        Link::Loopback => ("loopback", "loopback"),
        Link::Shaped => ("shaped", "a link of 8 Mbit/s"),
        Link::Long => ("long", "a link of 50 ms each way"),
    };
    Scenario {
        name: name.to_owned(),
        title: format!("1 viewer over {what}, 1280x720 MJPEG"),
        kind: Kind::Watch { viewers: 1, slow: 0, link, warm: 4.0, seconds: 5.0 },
        input: Input::Mjpeg,
        size: HD,
        fault: "",
        contestants: [Peer::Mjpegd, Peer::BareLoop, Peer::Ustreamer]
            .map(|peer| Contestant::of(peer, 1))
            .to_vec(),
    }
}

fn slices() -> Scenario {
    let mjpegd = |variant, flags| Contestant { peer: Peer::Mjpegd, variant, flags, rounds: 3 };
    Scenario {
        name: "slices".to_owned(),
        title: "From the camera's buffer to the slot, 1920x1080 YUYV".to_owned(),
        kind: Kind::Watch { viewers: 1, slow: 0, link: Link::Loopback, warm: 1.0, seconds: 3.0 },
        input: Input::Yuyv,
        size: FULL_HD,
        fault: "",
        contestants: vec![
            mjpegd(", one worker", &["--workers", "1"]),
            mjpegd(", two workers, whole pictures", &["--workers", "2", "--encoder-slices", "1"]),
            mjpegd(", two workers, two slices", &["--workers", "2"]),
        ],
    }
}

fn still() -> Scenario {
    let mjpegd = |variant, flags| Contestant { peer: Peer::Mjpegd, variant, flags, rounds: 2 };
    Scenario {
        name: "still".to_owned(),
        title: "1 viewer of a picture that does not change, 1280x720 YUYV".to_owned(),
        kind: Kind::Watch { viewers: 1, slow: 0, link: Link::Loopback, warm: 1.0, seconds: 3.0 },
        input: Input::Yuyv,
        size: HD,
        fault: "still:0",
        contestants: vec![
            mjpegd(", every picture sent", &[]),
            mjpegd(", --drop-same-frames 30", &["--drop-same-frames", "30"]),
        ],
    }
}

fn idle() -> Scenario {
    let mut contestants = everyone(1);
    contestants.retain(|contestant| contestant.peer.has_camera());
    Scenario {
        name: "idle".to_owned(),
        title: "Nobody watches, 1280x720 MJPEG".to_owned(),
        kind: Kind::Idle,
        input: Input::Mjpeg,
        size: HD,
        fault: "",
        contestants,
    }
}

fn start() -> Scenario {
    let mut contestants = everyone(9);
    contestants.retain(|contestant| contestant.peer.has_camera());
    let flags = &["--source", "pattern"];
    contestants.push(Contestant { peer: Peer::Mjpegd, variant: ", test picture", flags, rounds: 9 });
    Scenario {
        name: "start".to_owned(),
        title: "From the start of the process to the first picture, 1280x720".to_owned(),
        kind: Kind::Start,
        input: Input::Mjpeg,
        size: HD,
        fault: "",
        contestants,
    }
}
