//! What is measured: which servers, with how many viewers of which picture, for how long and how often.

use std::time::Duration;

use crate::camera::Input;
use crate::peers::Peer;

pub const VGA: (u32, u32) = (640, 480);
pub const HD: (u32, u32) = (1280, 720);
pub const FULL_HD: (u32, u32) = (1920, 1080);

/// What slow viewers read, in bytes a second; a picture of 120 kB takes them 0.3 s.
pub const SLOW_RATE: usize = 400_000;
/// Where pictures queue, they grow older all the while.
const SLOW_WARM: f64 = 3.0;
const SLOW_SECONDS: f64 = 7.0;

/// How long nobody has watched before idling is measured, and for how long it is: longer than mjpegd's idle-timeout.
pub const IDLE_WARM: Duration = Duration::from_millis(2500);
pub const IDLE_SECONDS: Duration = Duration::from_secs(4);
/// How long then somebody watches: motion lets its first viewer wait for a second.
pub const WOKEN_SECONDS: f64 = 1.5;

/// Seconds of measuring: where targets read the figures, and where none does.
const LONG: f64 = 3.0;
const BRIEF: f64 = 2.0;

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
    /// Besides those that all scenarios give.
    pub flags: &'static [&'static str],
    pub rounds: usize,
}

impl Contestant {
    const fn of(peer: Peer, rounds: usize) -> Self {
        Self { peer, variant: "", flags: &[], rounds }
    }

    pub fn name(&self) -> String {
        format!("{}{}", self.peer.name(), self.variant)
    }
}

impl Scenario {
    pub fn link(&self) -> Link {
        match self.kind {
            Kind::Watch { link, .. } => link,
            Kind::Idle | Kind::Start => Link::Loopback,
        }
    }

    /// About how long all its rounds take, where none is repeated; what a start and an end take has been measured.
    pub fn seconds(&self) -> f64 {
        let each = match self.kind {
            Kind::Watch { viewers, link, warm, seconds, .. } => {
                let making = if link == Link::Loopback { 0.0 } else { 0.5 };
                warm + seconds + making + viewers as f64 / 500.0
            }
            Kind::Idle => (IDLE_WARM + IDLE_SECONDS).as_secs_f64() + WOKEN_SECONDS,
            Kind::Start => 0.0,
        };
        let start = |peer| match peer {
            Peer::Motion => 2.0,
            Peer::Flask => 1.5,
            _ => 0.05,
        };
        self.contestants
            .iter()
            .map(|contestant| contestant.rounds as f64 * (each + start(contestant.peer)))
            .sum()
    }
}

/// Those that pass JPEGs on; mjpegd more often where the targets read its figures alone.
fn passing_on(ours: usize, others: usize) -> Vec<Contestant> {
    let others = [Peer::BareLoop, Peer::ThreadLoop, Peer::Ustreamer].map(|peer| Contestant::of(peer, others));
    [Contestant::of(Peer::Mjpegd, ours)].into_iter().chain(others).collect()
}

/// With those that compress each picture anew, which are measured less often: they differ by more than any round does.
fn everyone(ours: usize, others: usize) -> Vec<Contestant> {
    with_anew(passing_on(ours, others), others)
}

fn encoding(rounds: usize) -> Vec<Contestant> {
    with_anew([Peer::Mjpegd, Peer::Ustreamer].map(|peer| Contestant::of(peer, rounds)).to_vec(), rounds)
}

fn with_anew(mut contestants: Vec<Contestant>, rounds: usize) -> Vec<Contestant> {
    contestants.extend([Peer::Motion, Peer::Flask].map(|peer| Contestant::of(peer, rounds.div_ceil(3))));
    contestants
}

/// The yardstick for the way that mjpegd goes with many viewers.
const SHARED_COPY: Contestant =
    Contestant { variant: ", sendfile", flags: &["sendfile"], ..Contestant::of(Peer::BareLoop, 4) };

pub fn scenarios() -> Vec<Scenario> {
    let mut hundred = everyone(4, 4);
    hundred.insert(2, SHARED_COPY);
    let mut all = vec![
        watch(100, HD, Input::Mjpeg, LONG, hundred),
        watch(1, HD, Input::Mjpeg, BRIEF, everyone(2, 2)),
        watch(10, HD, Input::Mjpeg, BRIEF, everyone(2, 2)),
        watch(100, VGA, Input::Mjpeg, BRIEF, everyone(2, 2)),
        watch(1000, VGA, Input::Mjpeg, LONG, everyone(3, 1)),
        watch(100, FULL_HD, Input::Mjpeg, BRIEF, everyone(2, 2)),
        watch(1, HD, Input::Yuyv, LONG, encoding(3)),
        watch(1, VGA, Input::Yuyv, BRIEF, encoding(2)),
        watch(1, FULL_HD, Input::Yuyv, LONG, encoding(3)),
        watch(100, HD, Input::Yuyv, BRIEF, encoding(2)),
    ];
    all.extend([slow(), link(Link::Shaped), link(Link::Long), slices(), still(), idle(), start()]);
    all
}

fn watch(
    viewers: usize,
    size: (u32, u32),
    input: Input,
    seconds: f64,
    contestants: Vec<Contestant>,
) -> Scenario {
    // A thousand connections take a while to be made.
    let warm = if viewers >= 1000 { 2.0 } else { 0.8 };
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
        kind: Kind::Watch {
            viewers: 5,
            slow: 5,
            link: Link::Loopback,
            warm: SLOW_WARM,
            seconds: SLOW_SECONDS,
        },
        input: Input::Mjpeg,
        size: HD,
        fault: "",
        contestants: passing_on(3, 1),
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
        kind: Kind::Watch { viewers: 1, slow: 0, link, warm: 3.0, seconds: 4.5 },
        input: Input::Mjpeg,
        size: HD,
        fault: "",
        contestants: [(Peer::Mjpegd, 3), (Peer::BareLoop, 1), (Peer::Ustreamer, 1)]
            .map(|(peer, rounds)| Contestant::of(peer, rounds))
            .to_vec(),
    }
}

fn slices() -> Scenario {
    let mjpegd = |variant, flags, rounds| Contestant { peer: Peer::Mjpegd, variant, flags, rounds };
    Scenario {
        name: "slices".to_owned(),
        title: "From the camera's buffer to the slot, 1920x1080 YUYV".to_owned(),
        kind: Kind::Watch { viewers: 1, slow: 0, link: Link::Loopback, warm: 0.7, seconds: 2.5 },
        input: Input::Yuyv,
        size: FULL_HD,
        fault: "",
        contestants: vec![
            mjpegd(", one worker", &["--workers", "1"], 6),
            mjpegd(", two workers, in slices", &["--workers", "2"], 6),
            mjpegd(", two workers, whole pictures", &["--workers", "2", "--encoder-slices", "1"], 2),
        ],
    }
}

fn still() -> Scenario {
    let one = |peer, variant, flags, rounds| Contestant { peer, variant, flags, rounds };
    let drop_same: &[_] = &["--drop-same-frames", "30"];
    Scenario {
        name: "still".to_owned(),
        title: "1 viewer of a picture that does not change, 1280x720 YUYV".to_owned(),
        kind: Kind::Watch { viewers: 1, slow: 0, link: Link::Loopback, warm: 0.8, seconds: LONG },
        input: Input::Yuyv,
        size: HD,
        fault: "still:0",
        contestants: vec![
            one(Peer::Mjpegd, "", &[], 3),
            one(Peer::Mjpegd, ", --drop-same-frames 30", drop_same, 3),
            one(Peer::Ustreamer, "", &[], 1),
            one(Peer::Ustreamer, ", --drop-same-frames 30", drop_same, 1),
        ],
    }
}

fn idle() -> Scenario {
    let mut contestants = everyone(3, 1);
    contestants.retain(|contestant| contestant.peer.has_camera());
    let flags = &["--slowdown"];
    contestants.push(Contestant { peer: Peer::Ustreamer, variant: ", --slowdown", flags, rounds: 1 });
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
    let mut contestants = everyone(9, 9);
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
