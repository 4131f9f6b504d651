//! To another server: the JPEG as it is, or the tutorials' form.

use std::io::{self, Read as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, TcpConnector};

use super::pinned::{self, Trusting};
use super::{Receiver, Sent};
use crate::bell::Bell;
use crate::config::PushHttp;
use crate::frame::Frame;
use crate::trust;

/// What is read of an answer, so that its connection can be used for the next frame.
const LONGEST_ANSWER: u64 = 64 * 1024;

pub(super) struct Http {
    settings: PushHttp,
    /// For all of a frame: connection, body and answer.
    timeout: Duration,
    agent: Option<Agent>,
}

impl Http {
    pub(super) fn new(settings: &PushHttp, timeout: Duration) -> Self {
        Self { settings: settings.clone(), timeout, agent: None }
    }

    fn agent(&self) -> Result<Agent, String> {
        let config = Agent::config_builder()
            .timeout_global(Some(self.timeout))
            .user_agent(concat!("mjpegd/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // What is posted would be got instead.
            .max_redirects(0);
        let Some(ca) = &self.settings.ca else { return Ok(config.tls_config(trust::tls()).build().into()) };
        let trusting = Trusting(pinned::client_config(ca)?);
        let connector = TcpConnector::default().chain(trusting);
        Ok(Agent::with_parts(config.proxy(None).build(), connector, DefaultResolver::default()))
    }

    fn post(&self, agent: &Agent, frame: &Frame) -> Result<(), String> {
        let PushHttp { url, token, form_field, .. } = &self.settings;
        let mut request = agent.post(url.without_login());
        let bearer = token.as_ref().map(|token| format!("Bearer {}", token.as_str()));
        if let Some(authorization) = bearer.or_else(|| url.authorization()) {
            request = request.header("Authorization", authorization);
        }
        let answer = match form_field {
            Some(field) => request.send_form([(field.as_str(), STANDARD.encode(&*frame.jpeg))]),
            None => request.header("Content-Type", "image/jpeg").send(&*frame.jpeg),
        };
        let mut answer = answer.map_err(|error| in_words(&error))?;
        match answer.status().as_u16() {
            200..=299 => {
                // It has taken the picture, whatever becomes of the rest.
                let body = answer.body_mut().as_reader();
                let _ = io::copy(&mut body.take(LONGEST_ANSWER), &mut io::sink());
                Ok(())
            }
            status @ (401 | 403) => {
                Err(format!("it answers with status {status}: another password or token is needed"))
            }
            status @ 300..=399 => {
                let to = answer.headers().get("Location").and_then(|to| to.to_str().ok()).unwrap_or_default();
                Err(format!("it answers with status {status}: set the url that it sends us to, {to:?}"))
            }
            status => Err(format!("it answers with status {status}")),
        }
    }
}

impl Receiver for Http {
    fn name(&self) -> String {
        self.settings.url.to_string()
    }

    fn check(&mut self) -> Result<(), String> {
        // A picture that is posted does something; that somebody listens can be seen without.
        let socket = self.settings.url.socket().ok_or("there is no host in it")?;
        let mut trouble = "it has no address".to_owned();
        for address in socket.to_socket_addrs().map_err(|error| error.to_string())? {
            match TcpStream::connect_timeout(&address, self.timeout) {
                Ok(_) => return Ok(()),
                Err(error) => trouble = error.to_string(),
            }
        }
        Err(trouble)
    }

    fn send(&mut self, frame: &Frame, _: &Bell) -> Result<Sent, String> {
        let agent = match self.agent.take() {
            Some(agent) => agent,
            None => self.agent()?,
        };
        self.post(&agent, frame)?;
        self.agent = Some(agent);
        Ok(Sent::More)
    }
}

fn in_words(error: &ureq::Error) -> String {
    if let Some(words) = trust::about_the_clock(error) {
        return words.to_owned();
    }
    match error {
        ureq::Error::Timeout(_) => "it does not answer in time, or is too slow".to_owned(),
        ureq::Error::Io(error) if is_untrusted(error) => {
            format!(
                "its certificate is not trusted ({error}): name it, or that of who has signed it, by ca-file"
            )
        }
        error => error.to_string(),
    }
}

fn is_untrusted(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}
