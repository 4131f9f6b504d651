//! To a Redis server, as the tutorials do: the frame under a key, whose name is published; or added to a stream.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redis::{Client, Connection, Pipeline, RedisError};

use super::{Receiver, Sent};
use crate::config::PushRedis;
use crate::frame::Frame;

const ANSWER: Duration = Duration::from_secs(5);

/// The value of the stop key that ends it.
const STOP: &[u8] = b"stop";

pub(super) struct Redis {
    settings: PushRedis,
    connection: Option<Connection>,
}

impl Redis {
    pub(super) fn new(settings: &PushRedis) -> Self {
        Self { settings: settings.clone(), connection: None }
    }

    fn connect(&self) -> Result<Connection, RedisError> {
        let connection = Client::open(self.settings.url.secret())?.get_connection_with_timeout(ANSWER)?;
        connection.set_read_timeout(Some(ANSWER))?;
        connection.set_write_timeout(Some(ANSWER))?;
        Ok(connection)
    }

    /// All that belongs to a frame, in one round trip.
    fn commands(&self, frame: &Frame) -> Pipeline {
        let PushRedis { key, channel, stream, expire, max_len, base64, stop_key, .. } = &self.settings;
        let encoded = base64.then(|| STANDARD.encode(&*frame.jpeg).into_bytes());
        let picture = encoded.as_deref().unwrap_or(&frame.jpeg);
        let mut commands = redis::pipe();
        if !stream.is_empty() {
            commands.cmd("XADD").arg(stream).arg("MAXLEN").arg("~").arg(*max_len).arg("*").arg("frame").arg(picture).ignore();
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
            let keys = [&self.settings.key, &self.settings.stop_key];
            let () = redis::cmd("DEL").arg(&keys.into_iter().filter(|key| !key.is_empty()).collect::<Vec<_>>()).query(&mut connection)?;
            return Ok(Sent::NoMore);
        }
        self.connection = Some(connection);
        Ok(Sent::More)
    }
}

impl Receiver for Redis {
    fn name(&self) -> String {
        self.settings.url.to_string()
    }

    fn send(&mut self, frame: &Frame) -> Result<Sent, String> {
        self.try_send(frame).map_err(|error| error.to_string())
    }
}
