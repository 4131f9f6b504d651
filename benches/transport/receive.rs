//! Receivers of what mjpegd sends: each takes whole JPEGs, notes when, and does nothing else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use mjpegd::clock::Monotonic;
use mjpegd::sink::Reader;
use redis::Commands as _;
use redis::streams::{StreamRangeReply, StreamReadOptions, StreamReadReply};

use crate::stamp::Record;

/// For one read; a picture fits.
const BUFFER: usize = 256 * 1024;
const LONGEST_JPEG: usize = 32 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A server that pictures are posted to
    Http,
    /// A subscriber, who gets the key that a message names
    Redis,
    /// A reader of a Redis stream
    Stream,
    /// A viewer by TCP
    Tcp,
    /// A viewer by a Unix socket
    Unix,
    /// A reader of shared memory
    Memory,
}

#[derive(Args)]
pub struct Receive {
    kind: Kind,
    /// An address, a URL, or a path
    place: String,
    /// The channel, or the stream
    #[arg(long, default_value = "img0")]
    channel: String,
    /// The file for what has come
    #[arg(long)]
    record: PathBuf,
}

impl Receive {
    /// Until the sender is gone, or it is ended.
    pub fn run(&self) -> Result<()> {
        let mut record = Record::open(&self.record)?;
        match self.kind {
            Kind::Http => serve(&self.place, &mut record),
            Kind::Redis => subscribe(&self.place, &self.channel, &mut record),
            Kind::Stream => follow(&self.place, &self.channel, &mut record),
            Kind::Tcp => watch(TcpStream::connect(&self.place)?, &mut record),
            Kind::Unix => watch(UnixStream::connect(&self.place)?, &mut record),
            Kind::Memory => read_memory(&self.place, &mut record),
        }
    }
}

fn serve(address: &str, record: &mut Record) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    loop {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        let mut answers = socket.try_clone()?;
        let mut requests = BufReader::with_capacity(BUFFER, socket);
        let mut jpeg = Vec::new();
        while take_body(&mut requests, &mut jpeg)? {
            record.put(&jpeg)?;
            answers.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        }
    }
}

pub fn watch(mut socket: impl Read + Write, record: &mut Record) -> Result<()> {
    socket.write_all(b"GET /stream HTTP/1.0\r\nHost: bench\r\n\r\n")?;
    let mut parts = BufReader::with_capacity(BUFFER, socket);
    let mut jpeg = Vec::new();
    // The answer's own head has no length, and so counts as an empty part.
    while take_body(&mut parts, &mut jpeg)? {
        record.put(&jpeg)?;
    }
    Ok(())
}

/// A head, and the bytes whose length it says. False: there is no more.
fn take_body(from: &mut impl BufRead, body: &mut Vec<u8>) -> Result<bool> {
    let mut length = 0;
    let mut line = String::new();
    // The line's end behind a picture stands before the next head.
    let mut is_head = false;
    loop {
        line.clear();
        if from.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        match line.trim_end() {
            "" if is_head => break,
            "" => {}
            line => is_head |= !line.is_empty(),
        }
        if let Some((_, value)) =
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.trim().parse().context("a length")?;
        }
    }
    if length > LONGEST_JPEG {
        bail!("{length} bytes are no picture");
    }
    body.resize(length, 0);
    from.read_exact(body)?;
    Ok(true)
}

fn subscribe(url: &str, channel: &str, record: &mut Record) -> Result<()> {
    let client = redis::Client::open(url)?;
    let mut keys = client.get_connection()?;
    let mut messages = client.get_connection()?;
    let mut messages = messages.as_pubsub();
    messages.subscribe(channel)?;
    loop {
        let message = messages.get_message()?;
        let jpeg: Vec<u8> = keys.get(message.get_payload_bytes())?;
        record.put(&jpeg)?;
    }
}

/// The newest entry, and where there is none that is new, the next one.
fn follow(url: &str, stream: &str, record: &mut Record) -> Result<()> {
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let next = StreamReadOptions::default().count(1).block(1000);
    let mut last = "0-0".to_owned();
    loop {
        let newest: StreamRangeReply = connection.xrevrange_count(stream, "+", format!("({last}"), 1)?;
        let entry = match newest.ids.into_iter().next() {
            Some(entry) => entry,
            None => {
                let reply: Option<StreamReadReply> = connection.xread_options(&[stream], &[&last], &next)?;
                let Some(entry) =
                    reply.and_then(|reply| reply.keys.into_iter().next()?.ids.into_iter().next())
                else {
                    continue;
                };
                entry
            }
        };
        if let Some(redis::Value::BulkString(jpeg)) = entry.map.get("frame") {
            record.put(jpeg)?;
        }
        last = entry.id;
    }
}

fn read_memory(path: &str, record: &mut Record) -> Result<()> {
    let mut reader = Reader::new(path.into());
    let mut jpeg = Vec::new();
    loop {
        if reader.next(Monotonic::now() + Duration::from_secs(1), &mut jpeg)?.is_some() {
            record.put(&jpeg)?;
        }
    }
}
