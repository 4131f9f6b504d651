//! What mjpg-streamer answers, key for key: its numbers are strings.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::errands::Outcome;
use super::super::request::Request;
use super::super::routes::Route;
use super::answer;
use crate::controls::{Control, Kind, Value};

/// Groups of commands: `IN_CMD_*` of its `input.h`.
const GROUP_V4L2: &str = "1";
const GROUP_JPEG_QUALITY: &str = "3";

/// `/program.json`: which plugins run.
pub fn program(context: &Context) -> Answer {
    let source = context.live.get().source.name.to_string();
    let port = format!("--port {}", context.settings().http.port);
    answer(&json!({
        "inputs": [{"id": "0", "name": "mjpegd", "plugin": source, "args": ""}],
        "outputs": [{"id": "0", "name": "mjpegd", "plugin": "http", "args": port}],
    }))
}

/// `/input_0.json`: the controls of the camera, and its formats with their sizes.
pub fn input(context: &Arc<Context>) -> Route {
    let context = Arc::clone(context);
    Route::Errand(Box::new(move || {
        let controls = context.panel.list().unwrap_or_default();
        let quality = context.live.get().encoder.quality.get().to_string();
        let mut controls: Vec<_> = controls.iter().map(control).collect();
        controls.push(json!({
            "name": "JPEG quality", "id": "1", "type": "1", "min": "1", "max": "100", "step": "1", "default": "80",
            "value": quality, "dest": "0", "flags": "0", "group": GROUP_JPEG_QUALITY,
        }));
        Outcome::Answer(answer(&json!({"controls": controls, "formats": formats(&context)})))
    }))
}

fn control(control: &Control) -> Json {
    let number = |value: &Option<Value>| value.as_ref().and_then(Value::number).unwrap_or(0).to_string();
    let mut json = json!({
        "name": control.name,
        "id": control.id.to_string(),
        "type": type_of(control.kind).to_string(),
        "min": control.min.to_string(),
        "max": control.max.to_string(),
        "step": control.step.to_string(),
        "default": number(&control.default),
        "value": number(&control.value),
        "dest": "0",
        "flags": flags_of(control).to_string(),
        "group": GROUP_V4L2,
    });
    if control.kind.is_menu() {
        let items = control.menu.iter().map(|item| (item.value.to_string(), item.name.clone().into()));
        json["menu"] = Json::Object(items.collect::<Map<_, _>>());
    }
    json
}

/// `V4L2_CTRL_TYPE_*` of `linux/videodev2.h`.
const fn type_of(kind: Kind) -> u32 {
    match kind {
        Kind::Integer => 1,
        Kind::Boolean => 2,
        Kind::Menu => 3,
        Kind::Button => 4,
        Kind::Integer64 => 5,
        Kind::String => 7,
        Kind::Bitmask => 8,
        Kind::IntegerMenu => 9,
    }
}

/// `V4L2_CTRL_FLAG_*`.
fn flags_of(control: &Control) -> u32 {
    let flags = [
        (control.grabbed, 0x2),
        (control.read_only, 0x4),
        (control.inactive, 0x10),
        (control.write_only, 0x40),
        (control.volatile, 0x80),
    ];
    flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum()
}

/// Of the camera that runs.
fn formats(context: &Context) -> Vec<Json> {
    let status = context.status.get();
    let Some(running) = status.running() else { return Vec::new() };
    let cameras: Vec<Json> = serde_json::from_slice(&(context.hooks.cameras)()).unwrap_or_default();
    let device = running.device.split(' ').next();
    let camera = cameras.iter().find(|camera| camera["device"].as_str() == device);
    let offered = camera.and_then(|camera| camera["formats"].as_array()).into_iter().flatten();
    let size = running.size.map(|(width, height)| format!("{width}x{height}"));
    let format = |(index, format): (usize, &Json)| {
        let sizes: Vec<_> =
            format["sizes"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let numbered = sizes.iter().enumerate().map(|(number, size)| (number.to_string(), (*size).into()));
        let current = format["name"] == running.format.as_str();
        let mut json = json!({
            "id": index.to_string(),
            "name": format["description"],
            "compressed": running.format.ends_with("JPEG").to_string(),
            "emulated": "false",
            "current": current.to_string(),
            "resolutions": numbered.collect::<Map<_, _>>(),
        });
        if let Some(number) = sizes.iter().position(|one| current && Some(*one) == size.as_deref()) {
            json["currentResolution"] = number.to_string().into();
        }
        json
    };
    offered.enumerate().map(format).collect()
}

/// `/?action=command&id=&group=&value=`: the answer is the id and 0, or -1 and why.
pub fn command(request: &Request, context: &Arc<Context>) -> Route {
    let query = &request.query;
    let (Some(id), Some(value)) = (query.get("id"), query.get("value")) else {
        return Route::Answer(Answer::text(400, "a command has an id and a value"));
    };
    let (id, value, context) = (id.to_owned(), value.to_owned(), Arc::clone(context));
    match query.get("group").unwrap_or(GROUP_V4L2) {
        GROUP_V4L2 | "0" => Route::Errand(Box::new(move || {
            let result = context.panel.set(&[(id.clone(), value.as_str().into())], true);
            let why = result
                .err()
                .map(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
            Outcome::Answer(done(&id, why.as_deref()))
        })),
        GROUP_JPEG_QUALITY => {
            let quality: Json = value.parse::<i64>().map_or_else(|_| value.clone().into(), Into::into);
            let result = context.live.patch(&json!({"encoder": {"quality": quality}}));
            Route::Answer(done(&id, result.err().map(|error| error.to_string()).as_deref()))
        }
        other => {
            let why =
                format!("group {other} is not known here; there are {GROUP_V4L2} and {GROUP_JPEG_QUALITY}");
            Route::Answer(done(&id, Some(&why)))
        }
    }
}

fn done(id: &str, trouble: Option<&str>) -> Answer {
    match trouble {
        None => Answer::text(200, &format!("{id}: 0")),
        Some(why) => Answer::text(200, &format!("{id}: -1 ({why})")),
    }
}
