//! How far a connection has come, and what becomes of it.

use super::answer::Answer;
use super::budget::Share;
use super::errands::Reply;
use super::event_loop::{Listening, Watching};
use super::events::Listener;
use super::inflow::Inflow;
use super::request::Request;
use super::routes::Upload;
use super::snapshot::Wanted;
use super::viewer::Viewer;

/// What a connection is about.
pub(super) enum Phase {
    /// Of TLS, before anything else.
    Handshake {
        refusal: Option<Answer>,
    },
    /// Between answers: a head is awaited, or has come in part.
    Head,
    /// The head is known, and the body is awaited.
    Body {
        request: Box<Request>,
        upload: Upload,
        len: usize,
        _share: Share,
    },
    /// Pictures come in.
    Inflow {
        request: Box<Request>,
        inflow: Box<Inflow>,
        _share: Share,
    },
    /// What was asked for is being done elsewhere.
    Errand {
        request: Box<Request>,
        reply: Reply,
    },
    Answering {
        close: bool,
    },
    /// Waiting for the picture that the request wants.
    Snapshot {
        wanted: Wanted,
        request: Box<Request>,
        _watching: Watching,
    },
    Stream(Box<Viewer>),
    Events {
        listener: Listener,
        _listening: Listening,
    },
    /// Answered and half closed; what still comes in is thrown away.
    Lingering,
}

/// What becomes of a connection after its turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    /// There is more to do, after the others have had their turn.
    Unfinished,
    Closed(&'static str),
}

/// Whether a phase has more to do at once.
pub(super) enum Step {
    Again,
    Wait,
    Close(&'static str),
}
