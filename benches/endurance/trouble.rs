//! What a camera can do to a daemon, in the words of `tests/camera/fakecam.h`, and what viewers are to see of it.

/// What viewers see while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// A picture that says what is wrong.
    Placard,
    /// The camera, with fewer pictures where some are broken.
    Live,
}

#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub name: &'static str,
    pub words: &'static str,
    pub shows: Shows,
    /// It hits at the start only, so the camera is started anew when it begins.
    pub at_start: bool,
}

pub const fn told(name: &'static str, words: &'static str) -> Fault {
    Fault { name, words, shows: Shows::Placard, at_start: false }
}

const fn at_start(name: &'static str, words: &'static str) -> Fault {
    Fault { name, words, shows: Shows::Placard, at_start: true }
}

const fn some(name: &'static str, words: &'static str) -> Fault {
    Fault { name, words, shows: Shows::Live, at_start: false }
}

pub const FAULTS: &[Fault] = &[
    told("unplugged and plugged in again", "unplug"),
    told("the node stays and its camera is gone (ENODEV)", "open=ENODEV dqbuf=ENODEV"),
    told("EIO in mid stream and at each start", "dqbuf=EIO streamon=EIO"),
    told("EPROTO in mid stream and at each start", "dqbuf=EPROTO streamon=EPROTO"),
    told("buffers cannot be given back (EIO)", "qbuf=EIO"),
    told("stalled: no picture comes", "stall"),
    told("each picture is random bytes", "garbage"),
    told("each picture is cut off in the middle", "truncate"),
    told("each picture is empty", "empty"),
    told("each picture is marked as broken by the driver", "error"),
    at_start("opening is refused (EACCES)", "open=EACCES"),
    at_start("the node is not there when it is opened", "unplug"),
    at_start("another program has the camera (EBUSY when it is set up)", "s_fmt=EBUSY"),
    at_start("another program has the camera (EBUSY when it starts)", "streamon=EBUSY"),
    at_start("no bandwidth on the bus (ENOSPC when it starts)", "streamon=ENOSPC"),
    at_start("EIO when it starts", "streamon=EIO"),
    at_start("EPROTO when it starts", "streamon=EPROTO"),
    at_start("no memory for buffers (EINVAL when they are asked for)", "reqbufs=EINVAL"),
    some("each picture is told to be longer than its buffer", "oversized"),
    told("the driver hangs while a picture is taken from it", "hang=dqbuf"),
    told("the driver hangs while a buffer is given back", "hang=qbuf"),
    some("a million sequence numbers between two pictures", "jump"),
    some("every third picture is random bytes", "garbage every:3"),
    some("every third picture is cut off", "truncate every:3"),
    some("every third picture is empty", "empty every:3"),
    some("every third picture is marked as broken", "error every:3"),
    some("3000 bytes behind each picture", "pad:3000"),
    some("no Huffman tables in the pictures", "strip-dht"),
    some("the driver loses two of three pictures", "gap"),
];
