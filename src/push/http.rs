//! To another server: the JPEG as it is, or the tutorials' form.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;

use super::{Receiver, Sent};
use crate::config::PushHttp;
use crate::frame::Frame;

/// For all of a frame: connection, body and answer.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Http {
    settings: PushHttp,
    agent: Agent,
}

impl Http {
    pub(super) fn new(settings: &PushHttp) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("mjpegd/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { settings: settings.clone(), agent: config.into() }
    }
}

impl Receiver for Http {
    fn name(&self) -> String {
        self.settings.url.to_string()
    }

    fn send(&mut self, frame: &Frame) -> Result<Sent, String> {
        let PushHttp { url, token, form_field } = &self.settings;
        let mut request = self.agent.post(url.without_login());
        let bearer = token.as_ref().map(|token| format!("Bearer {}", token.as_str()));
        if let Some(authorization) = bearer.or_else(|| url.authorization()) {
            request = request.header("Authorization", authorization);
        }
        let answer = match form_field {
            Some(field) => request.send_form([(field.as_str(), STANDARD.encode(&*frame.jpeg))]),
            None => request.header("Content-Type", "image/jpeg").send(&*frame.jpeg),
        };
        match answer {
            Ok(_) => Ok(Sent::More),
            Err(ureq::Error::StatusCode(status)) => Err(format!("it answers with status {status}")),
            Err(error) => Err(error.to_string()),
        }
    }
}
