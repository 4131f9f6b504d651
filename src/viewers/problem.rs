//! Refusals for programs: `application/problem+json` (RFC 9457).

use serde_json::json;

use super::answer::{Answer, Body};
use crate::config::ConfigError;

const CONTENT_TYPE: &str = "application/problem+json";

/// A status, and in words what is wrong and what to do.
pub fn problem(status: u16, detail: &str) -> Answer {
    several(status, detail, &[])
}

/// Everything that is wrong with settings that somebody sent.
pub fn refused(error: &ConfigError) -> Answer {
    several(422, &error.to_string(), error.problems())
}

/// As [`problem`], with everything that is wrong one by one.
pub fn several(status: u16, detail: &str, problems: &[String]) -> Answer {
    let title = tiny_http::StatusCode(status).default_reason_phrase();
    let mut body = json!({"title": title, "status": status, "detail": detail});
    if !problems.is_empty() {
        body["problems"] = problems.into();
    }
    Answer::new(status, CONTENT_TYPE, Body::Bytes(body.to_string().into_bytes()))
}
