//! What other servers answer at addresses that are not ours, for programs that know them.

pub mod camera_streamer;
pub mod mjpg_streamer;
pub mod ustreamer;

use serde_json::Value;

use super::answer::{Answer, Body};
use super::routes::no_cache;

fn answer(json: &Value) -> Answer {
    no_cache(Answer::new(200, "application/json", Body::Bytes(json.to_string().into_bytes())))
}
