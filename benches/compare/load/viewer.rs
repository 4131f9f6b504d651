//! One viewer: takes the multipart stream apart, and looks at what it gets.

use std::io::{ErrorKind, Read as _};

use anyhow::{Result, bail};
use memchr::memmem;
use rustix::time::{ClockId, clock_gettime};
use socket2::Socket;

use super::numbers::Numbers;
use crate::frames;
use crate::meter::Meter;
use crate::outcome::First;

/// The test camera's COM segment: SOI, marker, length, "FCAM", sequence, nanoseconds.
const STAMP_LEN: usize = 26;
const STAMP_NAME: &[u8] = b"FCAM";
/// Longest head of an answer or of a part.
const MAX_HEAD_LEN: usize = 8 * 1024;

pub struct Viewer {
    socket: Socket,
    slow: bool,
    /// Keeps whole pictures, where their number must be read from their pixels.
    watches: bool,
    open: bool,
    state: State,
    /// Of the answer or of a part, as far as it has come.
    head: Vec<u8>,
    /// Of a picture: the stamp, or all where this viewer watches a server that compresses anew.
    picture: Vec<u8>,
    seen: Seen,
    /// Of a slow one: what it may read by now.
    credit: usize,
    last: Option<u64>,
    numbers: Numbers,
    /// Its pictures carry the camera's stamp.
    stamped: bool,
    /// Nanoseconds of the monotonic clock.
    connected: u64,
    first: Option<First>,
}

enum State {
    AnswerHead,
    PartHead,
    Picture { len: usize, left: usize },
}

/// What was seen since the measuring began.
#[derive(Default)]
struct Seen {
    /// Bytes of all that came.
    read: u64,
    delivered: u64,
    /// Bytes of pictures.
    bytes: u64,
    distinct: u64,
    ages_ms: Vec<f64>,
    publish_ms: Vec<f64>,
}

impl Viewer {
    pub fn new(socket: Socket, slow: bool, watches: bool, numbers: Numbers) -> Self {
        let (head, picture) = (Vec::new(), Vec::new());
        let (state, seen) = (State::AnswerHead, Seen::default());
        let (open, credit, last) = (true, 0, None);
        let (stamped, connected, first) = (false, now_ns(), None);
        Self {
            socket,
            slow,
            watches,
            open,
            state,
            head,
            picture,
            seen,
            credit,
            last,
            numbers,
            stamped,
            connected,
            first,
        }
    }

    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    pub fn is_slow(&self) -> bool {
        self.slow
    }

    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The measuring begins.
    pub fn forget(&mut self) {
        self.seen = Seen::default();
    }

    pub fn read_bytes(&self) -> u64 {
        self.seen.read
    }

    pub fn delivered(&self) -> u64 {
        self.seen.delivered
    }

    pub fn distinct(&self) -> u64 {
        self.seen.distinct
    }

    /// Whether it reads the number of each picture from its pixels.
    pub fn watches(&self) -> bool {
        self.watches
    }

    pub fn is_stamped(&self) -> bool {
        self.stamped
    }

    pub fn ages_are_bounds(&self) -> bool {
        self.numbers.doubtful
    }

    pub fn first(&self) -> Option<First> {
        self.first
    }

    pub fn picture_bytes(&self) -> u64 {
        self.seen.bytes
    }

    pub fn ages_ms(&self) -> impl Iterator<Item = f64> + '_ {
        self.seen.ages_ms.iter().copied()
    }

    pub fn publish_ms(&self) -> impl Iterator<Item = f64> + '_ {
        self.seen.publish_ms.iter().copied()
    }

    /// One read of a slow one, which may read so much more. What was not there yet it may read later, but only little of
    /// it: it is slow, and no burst.
    pub fn read_slowly(
        &mut self,
        share: usize,
        buffer: &mut [u8],
        meter: Option<&Meter>,
        period: u64,
    ) -> Result<()> {
        self.credit = (self.credit + share).min(10 * share).min(buffer.len());
        let before = self.seen.read;
        self.read(&mut buffer[..self.credit], meter, period)?;
        self.credit -= (self.seen.read - before) as usize;
        Ok(())
    }

    /// One read; false when the server has closed.
    pub fn read(&mut self, buffer: &mut [u8], meter: Option<&Meter>, period: u64) -> Result<bool> {
        if !self.open {
            return Ok(false);
        }
        match (&self.socket).read(buffer) {
            Ok(0) => self.open = false,
            Ok(count) => {
                self.seen.read += count as u64;
                self.take(&buffer[..count], meter, period)?;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.open = false,
        }
        Ok(self.open)
    }

    fn take(&mut self, mut bytes: &[u8], meter: Option<&Meter>, period: u64) -> Result<()> {
        while !bytes.is_empty() {
            if let State::Picture { len, left } = self.state {
                let (now, later) = bytes.split_at(left.min(bytes.len()));
                bytes = later;
                let wanted = if self.watches { len } else { STAMP_LEN };
                let more = wanted.saturating_sub(self.picture.len()).min(now.len());
                self.picture.extend_from_slice(&now[..more]);
                self.state = State::Picture { len, left: left - now.len() };
                if left == now.len() {
                    self.finish(len, meter, period)?;
                    self.state = State::PartHead;
                }
                continue;
            }
            // A head is short: what is put in too much is taken out again.
            let before = self.head.len();
            self.head.extend_from_slice(&bytes[..bytes.len().min(MAX_HEAD_LEN)]);
            let Some(end) = memmem::find(&self.head, b"\r\n\r\n").map(|at| at + 4) else {
                if self.head.len() >= MAX_HEAD_LEN {
                    bail!("a head without an end: {}", String::from_utf8_lossy(&self.head[..200]));
                }
                return Ok(());
            };
            bytes = &bytes[end - before..];
            self.head.truncate(end);
            self.state = self.after_head()?;
            self.head.clear();
        }
        Ok(())
    }

    fn after_head(&mut self) -> Result<State> {
        let head = String::from_utf8_lossy(&self.head);
        if matches!(self.state, State::AnswerHead) {
            let line = head.lines().next().unwrap_or_default();
            if !line.contains(" 200") {
                bail!("the server answers {line:?}");
            }
            return Ok(State::PartHead);
        }
        if let (Some(grabbed), Some(published)) = (
            value(&head, "x-ustreamer-grab-end-time").and_then(|text| text.parse::<f64>().ok()),
            value(&head, "x-ustreamer-expose-end-time").and_then(|text| text.parse::<f64>().ok()),
        ) {
            self.seen.publish_ms.push((published - grabbed) * 1000.0);
        }
        let len = value(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        self.picture.clear();
        Ok(if len == 0 { State::PartHead } else { State::Picture { len, left: len } })
    }

    fn finish(&mut self, len: usize, meter: Option<&Meter>, period: u64) -> Result<()> {
        self.seen.delivered += 1;
        self.seen.bytes += len as u64;
        let (number, taken) = if self.picture.get(6..10) == Some(STAMP_NAME) {
            self.stamped = true;
            (word(&self.picture, 10), word(&self.picture, 18))
        } else if self.watches {
            let number = frames::number(&self.picture).map(u64::from);
            (
                number,
                number
                    .zip(meter)
                    .map(|(number, meter)| self.taken(number, meter, period))
                    .transpose()?
                    .flatten(),
            )
        } else {
            return Ok(());
        };
        if number.is_some() && self.last != number {
            self.last = number;
            self.seen.distinct += 1;
        }
        if let Some(taken) = taken {
            let now = now_ns();
            let ms_since = |moment| now.saturating_sub(moment) as f64 / 1e6;
            let age_ms = ms_since(taken);
            self.seen.ages_ms.push(age_ms);
            self.first.get_or_insert(First { after_ms: ms_since(self.connected), age_ms });
        }
        Ok(())
    }

    fn taken(&mut self, number: u64, meter: &Meter, period: u64) -> Result<Option<u64>> {
        let Some(newest) = meter.newest()? else { return Ok(None) };
        let sequence = self.numbers.sequence(number, newest, period);
        Ok(sequence.map(|sequence| meter.taken(sequence, period)).transpose()?.flatten())
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// Of the clock that the camera reads.
fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Of a line in a head, by its name in small letters.
fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
