//! A frame sent by one of the pushes, on request.

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::problem::problem;

/// It is sent by a thread of its own, which the state tells of; whoever asks does not wait for that.
pub fn call(name: &str, context: &Context) -> Answer {
    let outlets = context.outlets.get();
    let Some(outlet) = outlets.iter().find(|outlet| outlet.settings.name == name) else {
        let names: Vec<_> = outlets.iter().map(|outlet| outlet.settings.name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return problem(404, &format!("there is no push of this name; there are: {names}"));
    };
    match outlet.call() {
        true => Answer::empty(202),
        false => problem(409, "its receiver has ended it by the stop key, until mjpegd is started again"),
    }
}
