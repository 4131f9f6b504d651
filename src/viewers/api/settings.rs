//! The settings that can be changed while mjpegd runs, in the form of the settings file, as JSON.

use std::sync::Arc;

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::errands::Outcome;
use super::super::problem::{problem, refused};
use super::super::request::Request;
use super::super::routes::Route;
use crate::config::NotSaved;

pub fn get(context: &Context) -> Answer {
    super::json(serde_json::to_vec(&*context.live.get()).unwrap_or_default())
}

/// A JSON Merge Patch (RFC 7396): what is named is changed, `null` goes back to the file and the flags.
pub fn patch(request: &Request) -> Route {
    if let Err(refusal) = is_json(request) {
        return Route::Answer(refusal);
    }
    let save = match request.query.get("save") {
        None | Some("0") => false,
        Some("1") => true,
        Some(_) => return Route::Answer(problem(400, "save is 1, to keep all changes over restarts, or 0")),
    };
    Route::Upload(Box::new(move |body, context| change(body, save, context)))
}

/// A page of another site can have a browser send what forms send, and not this.
pub fn is_json(request: &Request) -> Result<(), Answer> {
    const TYPES: [&str; 2] = ["application/json", "application/merge-patch+json"];
    let given = request.content_type.as_deref().unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if TYPES.contains(&given.as_str()) {
        return Ok(());
    }
    Err(problem(415, "the Content-Type is to be application/json or application/merge-patch+json"))
}

fn change(body: &[u8], save_it: bool, context: &Arc<Context>) -> Route {
    let patch = match super::body::read(body) {
        Ok(patch) => patch,
        Err(error) => return Route::Answer(problem(400, &format!("the body is not JSON: {error}"))),
    };
    match context.live.patch(&patch) {
        Err(error) => Route::Answer(refused(&error)),
        Ok(()) if save_it => save(context),
        Ok(()) => Route::Answer(get(context)),
    }
}

/// Keeps what was changed over restarts.
pub fn save(context: &Arc<Context>) -> Route {
    let context = Arc::clone(context);
    Route::Errand(Box::new(move || {
        Outcome::Answer(match context.live.save(context.wanted_controls()) {
            Ok(()) => {
                context.has_changed();
                get(&context)
            }
            Err(error @ NotSaved::Nowhere) => problem(409, &error.to_string()),
            Err(error @ NotSaved::Failed { .. }) => {
                let status = if error.is_for_want_of_room() { 507 } else { 500 };
                problem(status, &format!("{error}; what was changed holds until mjpegd ends"))
            }
        })
    }))
}
