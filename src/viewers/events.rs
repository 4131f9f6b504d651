//! Server-sent events (the HTML standard, section 9.2): the state, whenever it changes. Who is slow gets the newest state
//! when the last one has gone out, and none in between.

use std::time::Duration;

use super::context::Context;
use super::request::{Query, Request};
use super::routes::{NO_CACHE, cors_headers};
use super::state;
use crate::clock::Monotonic;
use crate::config::Http;

/// A change that comes right after another one waits this long, so that many at once are one event.
const LEAST_INTERVAL: Duration = Duration::from_millis(200);

/// Without anything to tell a comment goes out, so that a lost connection is noticed and proxies keep it open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a listener asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `?every=SECONDS`: the state also comes that often, for the figures in it that change all the time.
    every: Option<Duration>,
}

impl Options {
    pub fn parse(query: &Query) -> Result<Self, String> {
        let Some(text) = query.get("every") else { return Ok(Self::default()) };
        let seconds: f64 = text.parse().unwrap_or(f64::NAN);
        match (0.2..=3600.0).contains(&seconds) {
            true => Ok(Self { every: Some(Duration::from_secs_f64(seconds)) }),
            false => Err(format!("every: {text:?} is refused; allowed: 0.2 to 3600 seconds")),
        }
    }
}

/// One that listens.
#[derive(Debug)]
pub(super) struct Listener {
    options: Options,
    /// Number of the change that it was told last; 0: none yet.
    told: u64,
    told_at: Monotonic,
}

/// What is due.
pub(super) enum Due {
    Now(Vec<u8>),
    At(Monotonic),
}

impl Listener {
    pub(super) fn new(options: Options) -> Self {
        Self { options, told: 0, told_at: Monotonic::default() }
    }

    pub(super) fn next(&mut self, context: &Context, now: Monotonic) -> Due {
        let changes = context.changes();
        let due = match self.told == changes {
            false => self.told_at + LEAST_INTERVAL,
            true => self.told_at + self.options.every.unwrap_or(KEEP_ALIVE),
        };
        if due > now {
            return Due::At(due);
        }
        let news = self.told != changes || self.options.every.is_some();
        self.told = changes;
        self.told_at = now;
        Due::Now(if news { event(context) } else { b":\n\n".to_vec() })
    }
}

fn event(context: &Context) -> Vec<u8> {
    let mut event = b"event: state\ndata: ".to_vec();
    event.extend_from_slice(&state::json(context));
    event.extend_from_slice(b"\n\n");
    event
}

pub const CONTENT_TYPE: &str = "text/event-stream";

/// The answer's head. The browser connects again by itself when the connection ends, after the time that is told here.
pub(super) fn head(request: &Request, http: &Http) -> Vec<u8> {
    let mut head = String::from("HTTP/1.1 200 OK\r\n");
    for (name, value) in cors_headers(request, http) {
        head += &format!("{name}: {value}\r\n");
    }
    for (name, value) in NO_CACHE {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!(
        "X-Accel-Buffering: no\r\nConnection: close\r\nContent-Type: {CONTENT_TYPE}\r\n\r\nretry: 1000\n\n"
    );
    head.into_bytes()
}
