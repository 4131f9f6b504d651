//! A line in the log for each answer, where `[log] access` asks for it: the Combined Log Format of Apache and nginx, without
//! the time, which the log has itself, and with the seconds that the answer took at the end.

use std::fmt;

use log::Level;

use super::auth;
use super::peer::Peer;
use super::request::Request;
use crate::clock::Monotonic;

/// The name that these lines have for the logger, which knows whether they are wanted.
pub const TARGET: &str = "access";

/// What is still to be told of the request that is being answered, if anybody wants to know.
#[derive(Debug, Default)]
pub(super) struct AccessLog(Option<Box<Entry>>);

#[derive(Debug)]
struct Entry {
    peer: Peer,
    user: Option<String>,
    request_line: Option<String>,
    referer: Option<String>,
    user_agent: Option<String>,
    /// `None`: who asked left before the answer.
    status: Option<u16>,
    begun: Monotonic,
}

impl AccessLog {
    /// The request is here, or cannot be read. What has begun goes on.
    pub(super) fn begin(&mut self, peer: Peer, request: Option<&Request>) {
        if self.0.is_none() && log::log_enabled!(target: TARGET, Level::Info) {
            self.0 = Some(Box::new(Entry::new(peer, request)));
        }
    }

    pub(super) fn set_status(&mut self, status: u16) {
        if let Some(entry) = &mut self.0 {
            entry.status = Some(status);
        }
    }

    /// No more will be sent.
    pub(super) fn end(&mut self, sent_bytes: u64) {
        if let Some(entry) = self.0.take() {
            entry.write(sent_bytes);
        }
    }
}

impl Entry {
    fn new(peer: Peer, request: Option<&Request>) -> Self {
        Self {
            peer,
            user: request.and_then(auth::claimed_name),
            request_line: request.map(|request| {
                let tiny_http::HTTPVersion(major, minor) = request.version;
                format!("{} {} HTTP/{major}.{minor}", request.method, request.target)
            }),
            referer: request.and_then(|request| request.from.referer.clone()),
            user_agent: request.and_then(|request| request.from.user_agent.clone()),
            status: None,
            begun: Monotonic::now(),
        }
    }

    fn write(&self, sent_bytes: u64) {
        let host = self.peer.ip().map_or_else(|| self.peer.to_string(), |ip| ip.to_canonical().to_string());
        let status = self.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let seconds = self.begun.age().as_secs_f64();
        log::info!(
            target: TARGET,
            "access: {host} - {} {} {status} {sent_bytes} {} {} {seconds:.3}",
            Word(self.user.as_deref()),
            Quoted(self.request_line.as_deref()),
            Quoted(self.referer.as_deref()),
            Quoted(self.user_agent.as_deref()),
        );
    }
}

/// A name that must not be taken for two fields.
struct Word<'a>(Option<&'a str>);

impl fmt::Display for Word<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) if !text.is_empty() => formatter.write_str(&text.replace([' ', '"'], "_")),
            _ => formatter.write_str("-"),
        }
    }
}

/// What a stranger wrote, so that it cannot end its own quotes.
struct Quoted<'a>(Option<&'a str>);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.unwrap_or("-").replace('\\', "\\x5C").replace('"', "\\x22");
        write!(formatter, "\"{text}\"")
    }
}
