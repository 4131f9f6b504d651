//! `/api/v1`: what the page does, for programs. JSON in and out; refusals are `application/problem+json`.

mod actions;
mod body;
mod controls;
mod pushes;
mod settings;

use std::sync::Arc;

use super::answer::{Answer, Body};
use super::context::Context;
use super::errands::Outcome;
use super::events;
use super::problem::problem;
use super::request::Request;
use super::routes::{Route, no_cache};
use super::snapshot::Wanted;
use super::state;

pub use actions::Action;

pub const PREFIX: &str = "/api/v1";

/// What there is under the prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    State,
    Events,
    Settings,
    Cameras,
    /// The last lines of the log.
    Log,
    Controls(controls::Which),
    /// What all of this is, for programs (OpenAPI 3.1).
    Description,
    Action(Action),
    /// A frame is to be sent by the push of this name.
    Push(String),
}

impl Resource {
    pub fn at(path: &str) -> Option<Self> {
        match path.strip_prefix(PREFIX)? {
            "/state" => Some(Self::State),
            "/events" => Some(Self::Events),
            "/settings" => Some(Self::Settings),
            "/openapi.json" => Some(Self::Description),
            "/cameras" => Some(Self::Cameras),
            "/log" => Some(Self::Log),
            "/controls" => Some(Self::Controls(controls::Which::All)),
            path => match path.get(1..)?.split_once('/')? {
                (_, "") => None,
                ("controls", name) => Some(Self::Controls(controls::Which::One(name.to_owned()))),
                ("pushes", name) => Some(Self::Push(name.to_owned())),
                ("actions", name) => Action::named(name).map(Self::Action),
                _ => None,
            },
        }
    }

    pub const fn allowed(&self) -> &'static str {
        match self {
            Self::State | Self::Events | Self::Cameras | Self::Log | Self::Description => {
                "GET, HEAD, OPTIONS"
            }
            Self::Settings => "GET, HEAD, PATCH, OPTIONS",
            Self::Controls(controls::Which::All) => "GET, HEAD, PATCH, DELETE, OPTIONS",
            Self::Controls(controls::Which::One(_)) => "GET, HEAD, PUT, DELETE, OPTIONS",
            Self::Action(_) | Self::Push(_) => "POST, OPTIONS",
        }
    }

    /// The method is one of those that are allowed, and not OPTIONS, and whoever asks may do it.
    pub fn route(&self, request: &Request, context: &Arc<Context>) -> Route {
        let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
        match self {
            Self::State => Route::Answer(json(state::json(context))),
            Self::Events => match events::Options::parse(&request.query) {
                Ok(_) if request.method == "HEAD" => Route::Answer(Answer::head_of(events::CONTENT_TYPE)),
                Ok(options) => Route::Events(options),
                Err(reason) => Route::Answer(problem(400, &reason)),
            },
            Self::Description => {
                let text = include_str!("openapi.json").replacen("VERSION", env!("CARGO_PKG_VERSION"), 1);
                Route::Answer(json(text.into_bytes()))
            }
            Self::Cameras => {
                let cameras = context.hooks.cameras;
                Route::Errand(Box::new(move || Outcome::Answer(json(cameras()))))
            }
            Self::Log => Route::Answer(json(log_lines(context))),
            Self::Settings if is_read => Route::Answer(settings::get(context)),
            Self::Settings => settings::patch(request),
            Self::Action(Action::Snapshot) => match Wanted::parse(&request.query) {
                Ok(wanted) => Route::Snapshot(wanted),
                Err(reason) => Route::Answer(problem(400, &reason)),
            },
            Self::Action(action) => action.route(context),
            Self::Push(name) => Route::Answer(pushes::call(name, context)),
            Self::Controls(which) => controls::route(which, request, context),
        }
    }
}

/// An object, so that there may be more in it some day.
fn log_lines(context: &Context) -> Vec<u8> {
    // Strings and lists always have a JSON form.
    serde_json::to_vec(&serde_json::json!({ "lines": (context.hooks.log)() })).unwrap_or_default()
}

fn json(bytes: Vec<u8>) -> Answer {
    no_cache(Answer::new(200, "application/json", Body::Bytes(bytes)))
}
