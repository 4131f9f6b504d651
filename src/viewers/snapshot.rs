//! One picture: newer than the request, unless the request takes an older one; or the reason why there is none.

use std::num::IntErrorKind;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, Body};
use super::context::Context;
use super::request::Query;
use super::routes::no_cache;
use crate::clock::{Monotonic, unix_seconds};
use crate::frame::Frame;
use crate::status::State;

/// Which picture would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    asked: Monotonic,
    /// `?max_age=MS`: a picture that old is taken at once. camera-streamer calls it `max_delay`.
    max_age: Option<Duration>,
}

impl Wanted {
    pub fn parse(query: &Query) -> Result<Self, String> {
        let given = ["max_age", "max_delay"].iter().find_map(|name| Some((name, query.get(name)?)));
        let max_age = match given {
            None => None,
            Some((name, text)) => {
                let millis = match text.parse::<u64>() {
                    Ok(millis) => millis,
                    // However old it is.
                    Err(error) if *error.kind() == IntErrorKind::PosOverflow => u64::MAX,
                    Err(_) => {
                        return Err(format!(
                            "{name}: {text:?} is not a whole number of milliseconds, 0 or more"
                        ));
                    }
                };
                Some(Duration::from_millis(millis))
            }
        };
        Ok(Self { asked: Monotonic::now(), max_age })
    }

    fn takes(&self, frame: &Frame) -> bool {
        let captured = frame.times.captured;
        captured > self.asked || self.max_age.is_some_and(|max_age| self.asked - captured <= max_age)
    }

    /// The answer to this frame; `None`: wait for another one.
    pub fn answer(&self, frame: &Arc<Frame>, context: &Context) -> Option<Answer> {
        if frame.online {
            return self.takes(frame).then(|| picture(frame));
        }
        match context.status.get() {
            // The last picture, marked.
            State::Paused if context.orders.is_paused() => Some(picture(frame)),
            // A camera that is there may be slow to start, or come to itself again; one that is not there will not.
            State::NoCamera(_) => Some(self.late(Some(frame), context)),
            _ => None,
        }
    }

    /// No frame that would do has come in time: the newest of a camera that is slower than that, or the reason.
    pub fn late(&self, frame: Option<&Arc<Frame>>, context: &Context) -> Answer {
        let fresh = |frame: &Frame| frame.online && frame.times.published.age() <= two_intervals(context);
        match frame.filter(|frame| fresh(frame) || context.settings().http.snapshot_placeholder) {
            Some(frame) => picture(frame),
            None => unavailable(context),
        }
    }
}

/// For how long a frame of a slow camera is its newest one.
fn two_intervals(context: &Context) -> Duration {
    let interval = context.status.get().running().and_then(|opened| opened.interval());
    interval.unwrap_or_default().saturating_mul(2).max(context.settings().http.snapshot_timeout)
}

/// The head as ustreamer writes it.
fn picture(frame: &Arc<Frame>) -> Answer {
    let times = &frame.times;
    let seconds = |moment: Monotonic| format!("{:.6}", moment.as_secs_f64());
    let answer = Answer::new(200, "image/jpeg", Body::Frame(Arc::clone(frame)))
        .with("X-Timestamp", &format!("{:.6}", unix_seconds()))
        .with("X-UStreamer-Online", if frame.online { "true" } else { "false" })
        .with("X-UStreamer-Width", &frame.width.to_string())
        .with("X-UStreamer-Height", &frame.height.to_string())
        .with("X-UStreamer-Grab-Begin-Timestamp", &seconds(times.captured))
        .with("X-UStreamer-Grab-End-Timestamp", &seconds(times.grabbed))
        .with("X-UStreamer-Encode-Begin-Timestamp", &seconds(times.encode_begin))
        .with("X-UStreamer-Encode-End-Timestamp", &seconds(times.encode_end))
        .with("X-UStreamer-Send-Timestamp", &seconds(Monotonic::now()));
    no_cache(answer)
}

fn unavailable(context: &Context) -> Answer {
    let state = context.status.get();
    let reason = match state.trouble() {
        Some(_) => state.to_string(),
        None => {
            format!(
                "no picture within {} s ({state})",
                context.settings().http.snapshot_timeout.as_secs_f64()
            )
        }
    };
    no_cache(Answer::text(503, &reason).with("Retry-After", "1"))
}
