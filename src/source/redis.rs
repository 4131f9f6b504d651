//! Pictures by way of a Redis server: published on a channel, as they are or by the name of the key that holds them, or added to
//! a stream.

use std::time::Duration;

use redis::streams::{StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{Client, Commands as _, Connection, RedisError, Value};

use super::Lost;
use super::fed::{Feed, Feeder, LONGEST_PICTURE};
use crate::config::Redis as Settings;
use crate::config::values::RedisUrl;
use crate::mailbox::Mailbox;
use crate::wrapping::unwrap;

/// For a connection and for each answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Somebody who waits for the end of this is told so soon.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

pub(super) struct Redis {
    settings: Settings,
}

impl Redis {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }
}

impl Feeder for Redis {
    fn name(&self) -> String {
        let Settings { url, channel, stream } = &self.settings;
        let url = url.as_ref().map_or_else(String::new, RedisUrl::to_string);
        match stream.is_empty() {
            true => format!("{url}, channel {channel}"),
            false => format!("{url}, stream {stream}"),
        }
    }

    fn start(&mut self) -> Result<Feed, Lost> {
        let name = self.name();
        let Settings { url, channel, stream } = self.settings.clone();
        let client = Client::open(url.as_ref().map_or("", RedisUrl::secret))
            .map_err(|error| Lost::NoCamera(format!("{name}: {error}")))?;
        let run = move |mailbox: &Mailbox| {
            let outcome = match stream.is_empty() {
                true => subscribe(&client, &channel, mailbox),
                false => follow(&client, &stream, mailbox),
            };
            outcome.map_or_else(|error| format!("{name}: {error}"), |()| String::new())
        };
        Ok(Feed::new(run, (), None))
    }
}

fn connect(client: &Client) -> Result<Connection, RedisError> {
    let connection = client.get_connection_with_timeout(ANSWER)?;
    connection.set_read_timeout(Some(ANSWER))?;
    connection.set_write_timeout(Some(ANSWER))?;
    Ok(connection)
}

/// Until nobody wants more.
fn subscribe(client: &Client, channel: &str, mailbox: &Mailbox) -> Result<(), RedisError> {
    let mut keys = connect(client)?;
    let mut messages = connect(client)?;
    let mut messages = messages.as_pubsub();
    messages.subscribe(channel)?;
    messages.set_read_timeout(Some(LOOK_AGAIN_AFTER))?;
    let mut quiet = 0;
    while !mailbox.is_closed() {
        let message = match messages.get_message() {
            Ok(message) => message,
            Err(error) if error.is_timeout() => {
                quiet += 1;
                // A server that is gone without a word does not answer this either.
                if quiet % 10 == 0 {
                    let _: String = redis::cmd("PING").query(&mut keys)?;
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        quiet = 0;
        let payload = message.get_payload_bytes();
        if put(payload, mailbox) {
            continue;
        }
        // The name of a key: a value of another kind is not for us.
        match keys.get::<_, Value>(payload) {
            Ok(Value::BulkString(value)) if put(&value, mailbox) => {}
            Ok(_) => mailbox.lose(1),
            Err(error) if error.code() == Some("WRONGTYPE") => mailbox.lose(1),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Until nobody wants more. What was there before is shown first, then each time the newest entry.
fn follow(client: &Client, stream: &str, mailbox: &Mailbox) -> Result<(), RedisError> {
    let mut connection = connect(client)?;
    let mut last = "0-0".to_owned();
    let block = usize::try_from(LOOK_AGAIN_AFTER.as_millis()).unwrap_or(usize::MAX);
    let options = StreamReadOptions::default().count(1).block(block);
    while !mailbox.is_closed() {
        // What came meanwhile; where nothing did, what comes next. So each picture crosses the network once.
        let newest: StreamRangeReply = connection.xrevrange_count(stream, "+", after(&last), 1)?;
        let entry = match newest.ids.into_iter().next() {
            Some(entry) => entry,
            None => {
                let reply: Option<StreamReadReply> =
                    connection.xread_options(&[stream], &[&last], &options)?;
                let mut streams = reply.into_iter().flat_map(|reply| reply.keys);
                let Some(entry) = streams.next().and_then(|stream| stream.ids.into_iter().next()) else {
                    continue;
                };
                entry
            }
        };
        last = entry.id;
        let found = entry.map.into_values().any(|value| match value {
            Value::BulkString(bytes) => put(&bytes, mailbox),
            _ => false,
        });
        if !found {
            mailbox.lose(1);
        }
    }
    Ok(())
}

/// The least of the IDs above this one, as servers before 6.2 understand it, too.
fn after(id: &str) -> String {
    let parts = id.rsplit_once('-').and_then(|(time, count)| Some((time, count.parse::<u64>().ok()?)));
    parts.map_or_else(|| id.to_owned(), |(time, count)| format!("{time}-{}", count.saturating_add(1)))
}

/// Whether it is a picture.
fn put(bytes: &[u8], mailbox: &Mailbox) -> bool {
    match unwrap(bytes) {
        Some(picture) if picture.len() <= LONGEST_PICTURE => {
            mailbox.put(&picture);
            true
        }
        _ => false,
    }
}
