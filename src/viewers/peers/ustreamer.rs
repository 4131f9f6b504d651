//! ustreamer's `/state`, with ours in it under `mjpegd`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::status;
use crate::viewers::answer::{Answer, Body};
use crate::viewers::context::Context;
use crate::viewers::routes::no_cache;
use crate::viewers::state::State;

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
    mjpegd: State<'a>,
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

pub fn state(context: &Context) -> Answer {
    let state = context.status.get();
    let whole = Whole {
        ok: true,
        result: Outcome {
            instance_id: "",
            encoder: encoder(context, &state),
            source: source(context, &state),
            stream: stream(context),
            mjpegd: State::new(context, &state),
        },
    };
    // Numbers, strings and maps with string keys always have a JSON form.
    let json = serde_json::to_vec(&whole).unwrap_or_default();
    no_cache(Answer::new(200, "application/json", Body::Bytes(json)))
}

fn encoder(context: &Context, state: &status::State) -> Encoder {
    // ustreamer calls a JPEG that the camera made "HW".
    let camera_encodes = state.running().is_some_and(|opened| opened.format.ends_with("JPEG"));
    Encoder {
        kind: if camera_encodes { "HW" } else { "CPU" },
        quality: context.live.get().encoder.quality.get(),
    }
}

fn source(context: &Context, state: &status::State) -> Source {
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

/// ustreamer counts whole pictures, and its clients read whole numbers.
fn whole(rate: f64) -> u32 {
    rate.round() as u32
}
