//! What camera-streamer answers, key for key.

use std::sync::Arc;

use serde_json::json;

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::errands::Outcome;
use super::super::request::Request;
use super::super::routes::Route;
use super::answer;
use crate::controls::Error;

/// camera-streamer's `/status`: its outputs, its devices, and where to look at them. We have neither links nor video.
pub fn status(request: &Request, context: &Context) -> Answer {
    let running = context.status.get().running().cloned();
    let output = |name: &str, delivered: u64| match &running {
        None => json!({"name": name, "enabled": false}),
        Some(opened) => json!({
            "name": name,
            "enabled": true,
            "width": opened.size.map(|(width, _)| width),
            "height": opened.size.map(|(_, height)| height),
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
            "output": {
                "width": opened.size.map(|(width, _)| width),
                "height": opened.size.map(|(_, height)| height),
                "format": opened.format,
            },
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

/// camera-streamer's `/option?key=&value=`: one control is set, and the answer is a line of text for each device.
pub fn option(request: &Request, context: &Arc<Context>) -> Route {
    let (Some(key), Some(value)) = (request.query.get("key"), request.query.get("value")) else {
        return Route::Answer(Answer::text(400, "No key or value passed."));
    };
    let (key, value, context) = (key.to_owned(), value.to_owned(), Arc::clone(context));
    Route::Errand(Box::new(move || {
        let result = context.panel.set(&[(key.clone(), value.as_str().into())], true);
        Outcome::Answer(match result {
            Ok(_) => Answer::text(200, &format!("The '{key}' was set to '{value}'.")),
            Err(errors) => {
                let unknown =
                    errors.iter().any(|error| matches!(error, Error::Unknown { .. } | Error::NoControls(_)));
                let words: Vec<_> = errors.iter().map(Error::to_string).collect();
                let words = words.join("; ");
                match unknown {
                    true => Answer::text(404, &format!("The option was not found for device: {words}")),
                    false => Answer::text(500, &format!("Cannot set '{key}' to '{value}': {words}")),
                }
            }
        })
    }))
}
