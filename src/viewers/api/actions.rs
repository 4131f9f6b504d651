//! What can be done, by name.

use std::sync::Arc;

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::problem::problem;
use super::super::routes::Route;
use super::settings;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Viewers keep the last picture, marked; the camera is stopped.
    Pause,
    Continue,
    /// The camera is closed and opened again.
    Restart,
    Snapshot,
    /// What was changed is kept over restarts.
    Save,
    /// mjpegd ends, where `allow-stop` is set.
    Stop,
}

impl Action {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "pause" => Self::Pause,
            "continue" => Self::Continue,
            "restart" => Self::Restart,
            "snapshot" => Self::Snapshot,
            "save" => Self::Save,
            "stop" => Self::Stop,
            _ => return None,
        })
    }

    /// Whoever comes here may do it.
    pub fn route(self, context: &Arc<Context>) -> Route {
        match self {
            Self::Pause => context.orders.pause(),
            Self::Continue => context.orders.go_on(),
            Self::Restart => context.orders.restart(),
            Self::Stop if !context.settings().api.allow_stop => {
                return Route::Answer(problem(
                    403,
                    "ending mjpegd is not allowed; set [api] allow-stop, or --allow-stop",
                ));
            }
            Self::Stop => (context.hooks.stop)(),
            Self::Save => return settings::save(context),
            // A picture is waited for elsewhere.
            Self::Snapshot => {}
        }
        Route::Answer(Answer::empty(204))
    }
}
