//! Another server's stream over HTTP, or its snapshot again and again.

use std::io::{ErrorKind, Read};
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::Body;
use ureq::http::Response;

use super::Lost;
use super::command::pump;
use super::fed::{Feed, Feeder, LONGEST_PICTURE};
use crate::clock::Monotonic;
use crate::config::Pull as Settings;
use crate::config::values::Url;
use crate::mailbox::Mailbox;
use crate::trust;

/// How long to wait for a connection, and then for the head of an answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Somebody who waits for the end of this is told soon.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

pub(super) struct Pull {
    settings: Settings,
    /// Without a byte for so long the other side counts as gone.
    timeout: Duration,
}

impl Pull {
    pub(super) fn new(settings: &Settings, timeout: Duration) -> Self {
        Self { settings: settings.clone(), timeout }
    }
}

impl Feeder for Pull {
    fn name(&self) -> String {
        self.settings.url.as_ref().map_or_else(String::new, Url::to_string)
    }

    fn start(&mut self) -> Result<Feed, Lost> {
        let config = Agent::config_builder()
            .timeout_connect(Some(ANSWER))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(self.timeout))
            .tls_config(trust::tls())
            .user_agent(concat!("mjpegd/", env!("CARGO_PKG_VERSION")))
            .build();
        let Some(url) = self.settings.url.clone() else {
            return Err(Lost::NoCamera("no address is given".into()));
        };
        let request = Request { agent: config.into(), url: url.clone() };
        let interval = self.settings.interval;
        let run = move |mailbox: &Mailbox| match interval {
            None => request.stream(mailbox),
            Some(interval) => request.poll(mailbox, interval),
        };
        let run = move |mailbox: &Mailbox| format!("{url}: {}", run(mailbox));
        // Nothing ends it before its time: what it waits for comes, or its time is over.
        Ok(Feed::new(run, (), interval.map(|interval| 1.0 / interval.as_secs_f64())))
    }
}

struct Request {
    agent: Agent,
    url: Url,
}

impl Request {
    fn send(&self) -> Result<Response<Body>, String> {
        let mut request = self.agent.get(self.url.without_login());
        if let Some(authorization) = self.url.authorization() {
            request = request.header("Authorization", authorization);
        }
        request.call().map_err(|error| match error {
            ureq::Error::StatusCode(401 | 403) => {
                "it wants another name and password: http://NAME:PASSWORD@...".to_owned()
            }
            ureq::Error::StatusCode(status) => format!("it answers with status {status}"),
            error => trust::about_the_clock(&error).map_or_else(|| error.to_string(), str::to_owned),
        })
    }

    fn stream(&self, mailbox: &Mailbox) -> String {
        match self.send() {
            Err(error) => error,
            Ok(answer) => pump(&mut answer.into_body().into_reader(), mailbox, |error| match error {
                Some(error) => format!("the stream broke off: {error}"),
                None => "the stream ended".to_owned(),
            }),
        }
    }

    fn poll(&self, mailbox: &Mailbox, interval: Duration) -> String {
        loop {
            let begun = Monotonic::now();
            match self.send().and_then(|answer| read(answer.into_body().into_reader(), mailbox)) {
                Err(error) => return error,
                Ok(picture) if picture.len() > LONGEST_PICTURE => {
                    return "its picture is too long".to_owned();
                }
                Ok(picture) if !mailbox.put(&picture) => return String::new(),
                Ok(_) => {}
            }
            while begun.age() < interval {
                if mailbox.is_closed() {
                    return String::new();
                }
                thread::sleep((interval.saturating_sub(begun.age())).min(LOOK_AGAIN_AFTER));
            }
        }
    }
}

/// A body, until it is longer than a picture can be, or nobody wants it any longer: one that comes a byte now and then is never late.
fn read(mut body: impl Read, mailbox: &Mailbox) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    while bytes.len() <= LONGEST_PICTURE && !mailbox.is_closed() {
        match body.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(bytes)
}
