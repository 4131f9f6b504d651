//! To a Redis server, as the tutorials do: the frame under a key, whose name is published; or added to a stream.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redis::{Client, Connection, Pipeline, RedisError, TlsCertificates};

use super::{Receiver, Sent};
use crate::bell::Bell;
use crate::config::PushRedis;
use crate::frame::Frame;

/// The value of the stop key that ends it.
const STOP: &[u8] = b"stop";

pub(super) struct Redis {
    settings: PushRedis,
    /// For a connection, and then for each answer.
    timeout: Duration,
    connection: Option<Connection>,
}

impl Redis {
    pub(super) fn new(settings: &PushRedis, timeout: Duration) -> Self {
        Self { settings: settings.clone(), timeout, connection: None }
    }

    fn connect(&self) -> Result<Connection, RedisError> {
        let url = self.settings.url.secret();
        let client = match &self.settings.ca {
            None => Client::open(url)?,
            ca => Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert: ca.clone() })?,
        };
        let connection = client.get_connection_with_timeout(self.timeout)?;
        connection.set_read_timeout(Some(self.timeout))?;
        connection.set_write_timeout(Some(self.timeout))?;
        Ok(connection)
    }

    /// All that belongs to a frame, in one round trip.
    fn commands(&self, frame: &Frame) -> Pipeline {
        let PushRedis { key, channel, stream, expire, max_len, base64, stop_key, .. } = &self.settings;
        let encoded = base64.then(|| STANDARD.encode(&*frame.jpeg).into_bytes());
        let picture = encoded.as_deref().unwrap_or(&frame.jpeg);
        let mut commands = redis::pipe();
        if !stream.is_empty() {
            let add = commands.cmd("XADD").arg(stream).arg("MAXLEN").arg("~").arg(*max_len);
            add.arg("*").arg("frame").arg(picture).ignore();
        }
        if !key.is_empty() {
            let set = commands.cmd("SET").arg(key).arg(picture);
            if let Some(expire) = expire {
                set.arg("PX").arg(u64::try_from(expire.as_millis()).unwrap_or(u64::MAX));
            }
            commands.ignore();
        }
        if !channel.is_empty() {
            let message = if key.is_empty() { picture } else { key.as_bytes() };
            commands.cmd("PUBLISH").arg(channel).arg(message).ignore();
        }
        if !stop_key.is_empty() {
            commands.cmd("GET").arg(stop_key);
        }
        commands
    }

    fn try_send(&mut self, frame: &Frame) -> Result<Sent, RedisError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let answers: Vec<Option<Vec<u8>>> = self.commands(frame).query(&mut connection)?;
        if answers.first().is_some_and(|stop| stop.as_deref() == Some(STOP)) {
            // As the tutorials' sender leaves it.
            let PushRedis { key, stop_key, .. } = &self.settings;
            let mut delete = redis::cmd("DEL");
            [key, stop_key].into_iter().filter(|key| !key.is_empty()).for_each(|key| {
                delete.arg(key);
            });
            delete.exec(&mut connection)?;
            return Ok(Sent::NoMore);
        }
        self.connection = Some(connection);
        Ok(Sent::More)
    }
}

impl Receiver for Redis {
    fn name(&self) -> String {
        let PushRedis { url, key, channel, stream, .. } = &self.settings;
        let places = [("key", key), ("channel", channel), ("stream", stream)];
        let places = places.iter().filter(|(_, name)| !name.is_empty());
        places.fold(url.to_string(), |words, (kind, name)| format!("{words}, {kind} {name}"))
    }

    fn check(&mut self) -> Result<(), String> {
        let ping = |mut connection| redis::cmd("PING").exec(&mut connection);
        self.connect().and_then(ping).map_err(|error| in_words(&error))
    }

    fn send(&mut self, frame: &Frame, _: &Bell) -> Result<Sent, String> {
        self.try_send(frame).map_err(|error| in_words(&error))
    }
}

fn in_words(error: &RedisError) -> String {
    match error.is_timeout() {
        true => "it does not answer in time".to_owned(),
        false => error.to_string(),
    }
}
