//! Pictures that are handed to us, where the inbox is the source: one in a request, in the tutorials' form or as it is, or many
//! in one long one.

use std::sync::Arc;

use super::answer::Answer;
use super::context::Context;
use super::inflow::Inflow;
use super::problem::problem;
use super::request::Request;
use super::routes::Route;
use crate::config::values::SourceName;
use crate::wrapping::{field, unwrap};

/// The tutorials' field, which holds a picture in base64.
const FIELD: &str = "img";

/// A picture in base64, and of that what a form cannot have as it is: more than it would be else.
pub const FORM_GROWS: u64 = 2;

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `/image_post`: a form.
    Form,
    /// `/frame`: the picture itself.
    Frame,
}

/// Whoever comes here may hand in pictures.
pub fn route(slot: Slot, request: &Request, context: &Context) -> Route {
    let source = context.live.get().source.name;
    if source != SourceName::Inbox {
        let why = format!("pictures are not taken: the source is {source}, and not inbox (--source inbox)");
        return Route::Answer(problem(409, &why));
    }
    match (slot, request.body_len) {
        (Slot::Frame, Some(_)) if request.method == "POST" => Route::Upload(Box::new(frame)),
        (Slot::Frame, length) => Route::Inflow(Inflow::new(length, context.settings().http.max_frame_bytes)),
        (Slot::Form, _) => Route::Upload(Box::new(form)),
    }
}

fn frame(body: &[u8], context: &Arc<Context>) -> Route {
    take(body, context, "neither a JPEG nor a PNG")
}

fn form(body: &[u8], context: &Arc<Context>) -> Route {
    match field(body, FIELD) {
        Some(text) => take(text.as_bytes(), context, "no JPEG or PNG in base64 in the field img"),
        None => Route::Answer(problem(400, "the form needs a field img, with a JPEG or PNG in base64")),
    }
}

fn take(bytes: &[u8], context: &Context, else_what: &str) -> Route {
    Route::Answer(match unwrap(bytes) {
        Some(picture) if picture.len() > context.settings().http.max_frame_bytes => {
            problem(413, "the picture is longer than max-frame-bytes")
        }
        Some(picture) => {
            context.inbox.put(&picture);
            Answer::text(200, "ok")
        }
        None => problem(422, else_what),
    })
}
