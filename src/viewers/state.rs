//! How things are: `/api/v1/state`, what the page shows at a glance, and what `/state` has under `mjpegd`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::context::Context;
use super::refusals::Limit;
use crate::clock::Monotonic;
use crate::filter;
use crate::frame::Frame;
use crate::outlet::Outlet;
use crate::status;

#[derive(Serialize)]
pub(super) struct State<'a> {
    version: &'a str,
    /// Of this machine, with its offset from UTC (RFC 3339).
    time: String,
    uptime_seconds: f64,
    paused: bool,
    camera: Camera<'a>,
    /// `None`: there is none.
    filter: Option<Filter>,
    picture: Option<Picture>,
    viewers: usize,
    connections: usize,
    /// By what there was too much of.
    refused: BTreeMap<&'static str, u64>,
    published_fps: f64,
    frames: Frames,
    sent_bytes: u64,
    pushes: Vec<Push>,
    settings: Settings,
    controls: Controls,
    allow_stop: bool,
}

#[derive(Serialize)]
struct Camera<'a> {
    /// One of idle, paused, starting, online, standby, no-camera, no-signal.
    state: &'a str,
    /// The same in a sentence, with what to do where something is wrong.
    text: String,
    device: Option<&'a str>,
    format: Option<&'a str>,
    width: Option<u32>,
    height: Option<u32>,
    /// What the driver has agreed to.
    fps: Option<f64>,
    /// What is measured.
    captured_fps: f64,
    /// For how long its pictures have been equal; a camera that is well has noise.
    same_for_seconds: f64,
    times_opened: u64,
}

#[derive(Serialize)]
struct Filter {
    /// One of starting, running, failed.
    state: &'static str,
    /// The same in words, with why.
    text: String,
    restarts: u64,
    answered: u64,
    passed_over: u64,
    dropped: u64,
    /// Of the newest answer.
    latency_seconds: f64,
}

#[derive(Serialize)]
struct Frames {
    captured: u64,
    lost_by_driver: u64,
    dropped_error_flag: u64,
    dropped_truncated: u64,
    dropped_invalid: u64,
    dropped_late: u64,
    dropped_same: u64,
    published: u64,
    delivered: u64,
    skipped_for_slow_viewers: u64,
    sink_written: u64,
    sink_dropped: u64,
}

/// The newest one.
#[derive(Serialize)]
struct Picture {
    number: u64,
    width: u32,
    height: u32,
    bytes: usize,
    /// False: it stands for a camera that is not there, or paused.
    live: bool,
    age_seconds: f64,
}

/// One of `[[push]]`.
#[derive(Serialize)]
struct Push {
    name: String,
    /// One of http, redis, file, command.
    to: &'static str,
    sent: u64,
    failures: u64,
    /// What it was too slow for.
    skipped: u64,
    /// Whether the last frame did not go out.
    failing: bool,
    last_error: Option<String>,
    last_sent_seconds_ago: Option<f64>,
    /// By its stop key.
    ended: bool,
}

#[derive(Serialize)]
struct Settings {
    /// Another one after each change.
    generation: u64,
    /// Whether they differ from the file and the flags.
    changed: bool,
    /// Whether a restart would find the same.
    saved: bool,
    /// Whether there is a file to keep them in.
    can_save: bool,
}

#[derive(Serialize)]
struct Controls {
    /// Another one after each change, by whomsoever.
    generation: u64,
    /// What the settings want of them and the camera does not do.
    troubles: Vec<String>,
}

pub fn json(context: &Context) -> Vec<u8> {
    // Numbers, strings and structs always have a JSON form.
    serde_json::to_vec(&State::new(context, &context.status.get())).unwrap_or_default()
}

impl<'a> State<'a> {
    pub(super) fn new(context: &'a Context, camera: &'a status::State) -> Self {
        let (changes, saved) = context.live.changes();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            time: jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            uptime_seconds: context.started.age().as_secs_f64(),
            paused: context.orders.is_paused(),
            camera: Camera::new(context, camera),
            filter: context.filter.as_deref().map(|filter| Filter::new(&filter.status)),
            picture: context.latest.get().as_deref().map(Picture::new),
            viewers: context.viewers().len(),
            connections: context.places.open(),
            refused: refused(context),
            published_fps: tenths(context.latest.published_fps()),
            frames: frames(context),
            sent_bytes: context.stats.sent_bytes.get(),
            pushes: context.outlets.get().iter().map(|outlet| Push::new(outlet)).collect(),
            settings: Settings {
                generation: context.live.generation(),
                changed: !changes.table().is_empty(),
                saved,
                can_save: context.live.can_save(),
            },
            controls: Controls { generation: context.panel.changes(), troubles: context.panel.troubles() },
            allow_stop: context.settings().api.allow_stop,
        }
    }
}

impl<'a> Camera<'a> {
    fn new(context: &Context, state: &'a status::State) -> Self {
        let opened = state.running();
        let size = opened.and_then(|opened| opened.size);
        Self {
            state: state.word(),
            text: state.to_string(),
            device: opened.map(|opened| opened.device.as_str()),
            format: opened.map(|opened| opened.format.as_str()),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            fps: opened.and_then(|opened| opened.fps),
            captured_fps: tenths(context.stats.captured_fps.get()),
            same_for_seconds: tenths(context.stats.same_seconds.get()),
            times_opened: context.stats.opened.get(),
        }
    }
}

impl Filter {
    fn new(status: &filter::Status) -> Self {
        let state = status.get();
        Self {
            state: state.word(),
            text: state.to_string(),
            restarts: status.restarts.get(),
            answered: status.answered.get(),
            passed_over: status.passed_over.get(),
            dropped: status.dropped.get(),
            latency_seconds: status.last_latency.get(),
        }
    }
}

impl Picture {
    fn new(frame: &Frame) -> Self {
        Self {
            number: frame.number,
            width: frame.width,
            height: frame.height,
            bytes: frame.jpeg.len(),
            live: frame.online,
            age_seconds: (Monotonic::now() - frame.times.captured).as_secs_f64(),
        }
    }
}

impl Push {
    fn new(outlet: &Outlet) -> Self {
        Self {
            name: outlet.settings.name.clone(),
            to: outlet.settings.receiver.kind().as_str(),
            sent: outlet.sent.get(),
            failures: outlet.failures.get(),
            skipped: outlet.skipped.get(),
            failing: outlet.is_failing(),
            last_error: outlet.last_error(),
            last_sent_seconds_ago: outlet.last_sent().map(|sent| sent.age().as_secs_f64()),
            ended: outlet.has_ended(),
        }
    }
}

fn frames(context: &Context) -> Frames {
    let stats = &context.stats;
    Frames {
        captured: stats.captured.get(),
        lost_by_driver: stats.lost.get(),
        dropped_error_flag: stats.dropped_error.get(),
        dropped_truncated: stats.dropped_truncated.get(),
        dropped_invalid: stats.dropped_invalid.get(),
        dropped_late: stats.dropped_late.get(),
        dropped_same: stats.dropped_same.get(),
        published: context.latest.published(),
        delivered: stats.delivered.get(),
        skipped_for_slow_viewers: stats.skipped.get(),
        sink_written: stats.sink_written.get(),
        sink_dropped: stats.sink_dropped.get(),
    }
}

fn refused(context: &Context) -> BTreeMap<&'static str, u64> {
    Limit::ALL.into_iter().map(|limit| (limit.word(), context.refusals.counted(limit))).collect()
}

fn tenths(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}
