//! The camera's controls, one by one or all at once. A camera takes its time for each: nothing here is done in an event loop.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::errands::Outcome;
use super::super::problem::{problem, several};
use super::super::request::Request;
use super::super::routes::Route;
use super::body;
use crate::controls::{Control, Error, Value};

/// What is meant by a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    /// By a name as [`crate::controls::find`] takes it.
    One(String),
}

/// Read out of an object only: serde takes a list for one, too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    /// A button has none.
    value: Option<Value>,
}

/// The method is one of those that are allowed.
pub fn route(which: &Which, request: &Request, context: &Arc<Context>) -> Route {
    let which = which.clone();
    match request.method.as_str() {
        "DELETE" => errand(context, move |context| match which {
            Which::All => answer_to(context.panel.reset(&[], true)),
            Which::One(name) => answer_to(context.panel.reset(&[&name], true)),
        }),
        "PUT" | "PATCH" => match super::settings::is_json(request) {
            Err(refusal) => Route::Answer(refusal),
            Ok(()) => Route::Upload(Box::new(move |body, context| change(which, body, context))),
        },
        _ => errand(context, move |context| match which {
            Which::All => match context.panel.list() {
                // A source without controls has an empty list of them.
                Err(Error::NoControls(_)) => super::json(b"[]".to_vec()),
                list => list.map_or_else(|error| refuse(&[error]), |list| list_of(&list)),
            },
            Which::One(name) => match context.panel.get(&name) {
                Ok(control) => super::json(serde_json::to_vec(&control).unwrap_or_default()),
                Err(error) => refuse(&[error]),
            },
        }),
    }
}

fn change(which: Which, bytes: &[u8], context: &Arc<Context>) -> Route {
    let changes = match &which {
        Which::All => {
            body::read::<BTreeMap<String, Value>>(bytes).map(|changes| changes.into_iter().collect())
        }
        // What a button is set to does not matter.
        Which::One(name) => body::read::<Map<String, Json>>(bytes)
            .and_then(|object| New::deserialize(Json::Object(object)))
            .map(|new| vec![(name.clone(), new.value.unwrap_or(Value::Switch(true)))]),
    };
    match changes {
        Ok(changes) => errand(context, move |context| answer_to(context.panel.set(&changes, true))),
        Err(error) => Route::Answer(problem(400, &format!("the body is not what is taken here: {error}"))),
    }
}

fn errand(context: &Arc<Context>, work: impl FnOnce(&Context) -> Answer + Send + 'static) -> Route {
    let context = Arc::clone(context);
    Route::Errand(Box::new(move || Outcome::Answer(work(&context))))
}

fn answer_to(result: Result<Vec<Control>, Vec<Error>>) -> Answer {
    result.map_or_else(|errors| refuse(&errors), |controls| list_of(&controls))
}

fn list_of(controls: &[Control]) -> Answer {
    // Numbers, strings and structs always have a JSON form.
    super::json(serde_json::to_vec(controls).unwrap_or_default())
}

fn refuse(errors: &[Error]) -> Answer {
    let status = errors.first().map_or(500, status_of);
    let words: Vec<_> = errors.iter().map(Error::to_string).collect();
    several(status, &words.join("\n"), &words)
}

const fn status_of(error: &Error) -> u16 {
    match error {
        Error::NoControls(_) | Error::Unknown { .. } => 404,
        Error::Invalid { .. } | Error::OutOfRange { .. } => 422,
        Error::ReadOnly { .. } | Error::Inactive { .. } | Error::Busy { .. } => 409,
        Error::Gone(_) => 503,
        Error::Io { .. } | Error::Lost { .. } | Error::TooSlow { .. } => 502,
    }
}
