//! `POST /` with `WEB_COMMAND=` the text of a button: the form of the Flask pages that mjpegd takes the place of.

use std::sync::Arc;

use super::answer::Answer;
use super::context::Context;
use super::routes::Route;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Refresh,
    Pause,
    Continue,
    Stop,
}

impl Command {
    /// Their buttons, and what they say in English.
    fn named(text: &str) -> Option<Self> {
        Some(match text.trim().to_lowercase().as_str() {
            "刷新网页" | "refresh" | "reload" => Self::Refresh,
            "暂停程序" | "pause" => Self::Pause,
            "继续程序" | "continue" | "resume" => Self::Continue,
            "结束程序" | "stop" | "end" | "quit" => Self::Stop,
            _ => return None,
        })
    }
}

/// Whoever sends it may change something. Done, the browser is led to the page.
pub fn route(body: &[u8], context: &Arc<Context>) -> Route {
    let value = form_urlencoded::parse(body).find(|(name, _)| name == "WEB_COMMAND").map(|(_, value)| value);
    let command = match value.as_deref().map(Command::named) {
        Some(Some(command)) => command,
        Some(None) => {
            return refuse(400, "WEB_COMMAND is not known; there are refresh, pause, continue and stop");
        }
        None => return refuse(400, "there is no WEB_COMMAND in this form"),
    };
    let paused = context.orders.is_paused();
    match command {
        Command::Continue => context.orders.go_on(),
        // As those pages had it.
        _ if paused => return refuse(409, "已暂停，请先继续 (paused; continue first)"),
        Command::Pause => context.orders.pause(),
        Command::Refresh => {}
        Command::Stop if context.settings().api.allow_stop => (context.hooks.stop)(),
        Command::Stop => {
            return refuse(403, "ending mjpegd is not allowed; set [api] allow-stop, or --allow-stop");
        }
    }
    Route::Answer(Answer::empty(303).with("Location", "./"))
}

fn refuse(status: u16, reason: &str) -> Route {
    Route::Answer(Answer::text(status, reason))
}
