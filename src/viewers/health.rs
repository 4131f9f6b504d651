//! `/healthz` and `/readyz`, as Kubernetes and its kin ask.

use super::answer::Answer;
use super::context::Context;

/// Whoever gets this answer has reached a loop that runs; the watchdog looks after the other threads.
pub fn alive() -> Answer {
    Answer::text(200, "ok")
}

/// Whether a viewer would see the camera, or why not. A camera that rests, since nobody watches, is ready.
pub fn ready(context: &Context) -> Answer {
    let state = context.status.get();
    match state.trouble() {
        None => Answer::text(200, &state.to_string()),
        Some(_) => Answer::text(503, &state.to_string()).with("Retry-After", "5"),
    }
}
