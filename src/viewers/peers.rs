//! What mjpg-streamer and camera-streamer tell of themselves, key for key, for programs that ask for it.

use serde_json::{Value, json};

use super::answer::{Answer, Body};
use super::context::Context;
use super::request::Request;
use super::routes::no_cache;

/// mjpg-streamer's `/program.json`: which plugins run. Its numbers are strings.
pub fn program(context: &Context) -> Answer {
    let source = context.live.get().source.name.to_string();
    let port = format!("--port {}", context.settings.http.port);
    answer(&json!({
        "inputs": [{"id": "0", "name": "mjpegd", "plugin": source, "args": ""}],
        "outputs": [{"id": "0", "name": "mjpegd", "plugin": "http", "args": port}],
    }))
}

/// camera-streamer's `/status`: its outputs, its devices, and where to look at them. We have neither links nor video.
pub fn status(request: &Request, context: &Context) -> Answer {
    let running = context.status.get().running().cloned();
    let output = |name: &str, delivered: u64| match &running {
        None => json!({"name": name, "enabled": false}),
        Some(opened) => json!({
            "name": name,
            "enabled": true,
            "width": opened.width,
            "height": opened.height,
            "source": opened.device,
            "frames": delivered,
            "refs": context.viewers().len(),
            "dropped": context.stats.skipped.get(),
        }),
    };
    let authority = request.from.authority.as_deref().unwrap_or("localhost");
    let scheme = if request.https { "https" } else { "http" };
    let endpoint = |name: &str| {
        let uri = format!("{scheme}://{authority}/{name}");
        json!({"enabled": true, "output": name, "uri": uri})
    };
    let none = || json!({"enabled": false});
    answer(&json!({
        "outputs": {
            "snapshot": output("snapshot", context.latest.published()),
            "stream": output("stream", context.stats.delivered.get()),
            "video": {"name": "video", "enabled": false},
        },
        "devices": running.iter().map(|opened| json!({
            "name": opened.device,
            "path": opened.device.split(' ').next(),
            "output": {"width": opened.width, "height": opened.height, "format": opened.format},
        })).collect::<Vec<_>>(),
        "links": [],
        "endpoints": {
            "rtsp": none(),
            "webrtc": none(),
            "video": none(),
            "stream": endpoint("stream"),
            "snapshot": endpoint("snapshot"),
        },
    }))
}

fn answer(json: &Value) -> Answer {
    no_cache(Answer::new(200, "application/json", Body::Bytes(json.to_string().into_bytes())))
}
