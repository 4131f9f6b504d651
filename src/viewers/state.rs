//! `/state`: ustreamer's JSON, and ours beside it under `mjpegd`.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde::Serialize;

use super::context::Context;
use crate::status::State;

#[derive(Serialize)]
struct Whole<'a> {
    ok: bool,
    result: Outcome<'a>,
}

/// Key for key, and in order, what ustreamer answers; `mjpegd` comes last.
#[derive(Serialize)]
struct Outcome<'a> {
    instance_id: &'a str,
    encoder: Encoder,
    source: Source,
    stream: Stream,
    mjpegd: Ours<'a>,
}

#[derive(Serialize)]
struct Encoder {
    #[serde(rename = "type")]
    kind: &'static str,
    quality: u8,
}

#[derive(Serialize)]
struct Source {
    resolution: Resolution,
    online: bool,
    desired_fps: u32,
    captured_fps: u32,
}

#[derive(Serialize)]
struct Resolution {
    width: u32,
    height: u32,
}

#[derive(Serialize)]
struct Stream {
    queued_fps: u32,
    clients: usize,
    clients_stat: BTreeMap<String, Client>,
}

#[derive(Serialize)]
struct Client {
    fps: u32,
    extra_headers: bool,
    advance_headers: bool,
    dual_final_frames: bool,
    zero_data: bool,
    key: String,
}

#[derive(Serialize)]
struct Ours<'a> {
    version: &'a str,
    uptime_seconds: f64,
    camera: Camera<'a>,
    frames: Frames,
    connections: usize,
    sent_bytes: u64,
}

#[derive(Serialize)]
struct Camera<'a> {
    /// One of idle, starting, online, standby, no-camera, no-signal.
    state: &'a str,
    /// The same in a sentence.
    text: String,
    device: Option<&'a str>,
    format: Option<&'a str>,
    /// What the driver has agreed to, and what is measured.
    fps: Option<f64>,
    captured_fps: f64,
    times_opened: u64,
    /// Of the newest picture; null without one.
    picture_age_seconds: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Frames {
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
}

pub fn json(context: &Context) -> Vec<u8> {
    let state = context.status.get();
    let whole = Whole {
        ok: true,
        result: Outcome {
            instance_id: "",
            encoder: encoder(context, &state),
            source: source(context, &state),
            stream: stream(context),
            mjpegd: ours(context, &state),
        },
    };
    // Numbers, strings and maps with string keys always have a JSON form.
    serde_json::to_vec(&whole).unwrap_or_default()
}

fn encoder(context: &Context, state: &State) -> Encoder {
    // ustreamer calls a JPEG that the camera made "HW".
    let camera_encodes = state.running().is_some_and(|opened| opened.format.ends_with("JPEG"));
    Encoder {
        kind: if camera_encodes { "HW" } else { "CPU" },
        quality: context.live.get().encoder.quality.get(),
    }
}

fn source(context: &Context, state: &State) -> Source {
    let frame = context.latest.get();
    let settings = context.live.get();
    let wish = settings.source.resolution;
    let (width, height) = frame.map_or((wish.width, wish.height), |frame| (frame.width, frame.height));
    Source {
        resolution: Resolution { width, height },
        online: state.running().is_some(),
        desired_fps: whole(settings.source.desired_fps.map_or(0.0, |fps| fps.per_second())),
        captured_fps: whole(context.stats.captured_fps.get()),
    }
}

fn stream(context: &Context) -> Stream {
    let viewers = context.viewers();
    let clients_stat = viewers.iter().map(|(id, viewer)| {
        let options = viewer.options.clone();
        let client = Client {
            fps: whole(viewer.fps.get()),
            extra_headers: options.extra_headers,
            advance_headers: options.advance_headers,
            dual_final_frames: options.dual_final_frames,
            zero_data: options.zero_data,
            key: options.key,
        };
        (format!("{id:016x}"), client)
    });
    Stream {
        queued_fps: whole(context.latest.published_fps()),
        clients: viewers.len(),
        clients_stat: clients_stat.collect(),
    }
}

fn ours<'a>(context: &Context, state: &'a State) -> Ours<'a> {
    let stats = &context.stats;
    let opened = state.running();
    let frame = context.latest.get().filter(|frame| frame.online);
    Ours {
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: context.started.age().as_secs_f64(),
        camera: Camera {
            state: state.word(),
            text: state.to_string(),
            device: opened.map(|opened| opened.device.as_str()),
            format: opened.map(|opened| opened.format.as_str()),
            fps: opened.and_then(|opened| opened.fps),
            captured_fps: (stats.captured_fps.get() * 10.0).round() / 10.0,
            times_opened: stats.opened.get(),
            picture_age_seconds: frame.map(|frame| frame.times.captured.age().as_secs_f64()),
        },
        frames: frames(context),
        connections: context.connections.load(Ordering::Relaxed),
        sent_bytes: stats.sent_bytes.get(),
    }
}

pub(super) fn frames(context: &Context) -> Frames {
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
    }
}

/// ustreamer counts whole pictures, and its clients read whole numbers.
fn whole(rate: f64) -> u32 {
    rate.round() as u32
}
