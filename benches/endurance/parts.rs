//! The multipart stream as the strictest of the players takes it apart: what a browser would forgive is an error here.

use anyhow::{Context as _, Result, bail, ensure};
use memchr::memmem;
use mjpegd::clock::Monotonic;
use std::time::Duration;

const BOUNDARY: &[u8] = b"--boundarydonotcross\r\n";
const END: &[u8] = b"\r\n--boundarydonotcross\r\n";
/// Longest head of an answer or of a part.
const MAX_HEAD_LEN: usize = 8 * 1024;
/// Every so many pictures are decoded to their last pixel; of the others head and ends are looked at.
const DECODE_EVERY: u64 = 30;

/// A picture whose last byte has come.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub at: Monotonic,
    /// When the camera took it; of a placard, when it was drawn. `None`: it does not say so.
    pub captured: Option<Monotonic>,
    /// The camera's own number, where it came as the camera gave it.
    pub sequence: Option<u64>,
    /// Whether it is the camera's and no placard, as far as it can be told.
    pub live: Option<bool>,
    /// Pictures that this viewer has missed so far, by the daemon's word.
    pub skipped: Option<u64>,
    pub width: u32,
}

enum Expected {
    AnswerHead,
    PartHead,
    Picture { head: Head },
}

/// What a part's head says.
#[derive(Clone, Copy, Default)]
struct Head {
    length: usize,
    online: Option<bool>,
    captured: Option<Monotonic>,
    skipped: Option<u64>,
}

/// What has come of one connection, and what has to come next.
pub struct Parts {
    unread: Vec<u8>,
    expected: Expected,
    count: u64,
}

impl Default for Parts {
    fn default() -> Self {
        Self { unread: Vec::new(), expected: Expected::AnswerHead, count: 0 }
    }
}

impl Parts {
    pub fn push(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// The next picture that is there whole; an error is what no viewer may ever get.
    pub fn next(&mut self) -> Result<Option<Seen>> {
        loop {
            let more = match self.expected {
                Expected::AnswerHead => self.answer_head()?,
                Expected::PartHead => self.part_head()?,
                Expected::Picture { head } if self.unread.len() >= head.length + END.len() => {
                    let seen = self.look(head)?;
                    self.unread.drain(..head.length + END.len());
                    self.expected = Expected::PartHead;
                    return Ok(Some(seen));
                }
                Expected::Picture { .. } => false,
            };
            if !more {
                return Ok(None);
            }
        }
    }

    fn answer_head(&mut self) -> Result<bool> {
        let Some(end) = self.head_end()? else { return Ok(false) };
        if self.unread.len() < end + BOUNDARY.len() {
            return Ok(false);
        }
        let head = String::from_utf8_lossy(&self.unread[..end]);
        let line = head.lines().next().unwrap_or_default();
        ensure!(line.ends_with(" 200 OK"), "it answers {line:?}");
        ensure!(self.unread[end..].starts_with(BOUNDARY), "the body does not begin with the boundary");
        self.unread.drain(..end + BOUNDARY.len());
        self.expected = Expected::PartHead;
        Ok(true)
    }

    fn part_head(&mut self) -> Result<bool> {
        let Some(end) = self.head_end()? else { return Ok(false) };
        let text = std::str::from_utf8(&self.unread[..end]).context("a part's head is no text")?;
        ensure!(text.starts_with("Content-Type: image/jpeg\r\n"), "a part begins with {text:?}");
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let length = value("Content-Length").context("a part without Content-Length")?;
        let seconds = value("X-UStreamer-Grab-Begin-Time").and_then(|text| text.parse().ok());
        let head = Head {
            length: length.parse().context("Content-Length")?,
            online: value("X-UStreamer-Online").map(|word| word == "true"),
            captured: seconds.map(|seconds| Monotonic::from_boot(Duration::from_secs_f64(seconds))),
            skipped: value("X-UStreamer-Dropped").and_then(|text| text.parse().ok()),
        };
        self.unread.drain(..end);
        self.expected = Expected::Picture { head };
        Ok(true)
    }

    fn head_end(&self) -> Result<Option<usize>> {
        let end = memmem::find(&self.unread, b"\r\n\r\n").map(|at| at + 4);
        if end.unwrap_or(self.unread.len()) > MAX_HEAD_LEN {
            bail!("a head without an end: {:?}", String::from_utf8_lossy(&self.unread[..200]));
        }
        Ok(end)
    }

    fn look(&mut self, head: Head) -> Result<Seen> {
        let at = Monotonic::now();
        let (jpeg, end) = self.unread.split_at(head.length);
        ensure!(end.starts_with(END), "no boundary follows a picture of {} bytes", head.length);
        ensure!(jpeg.starts_with(&[0xff, 0xd8]), "a picture does not begin with SOI");
        ensure!(jpeg.ends_with(&[0xff, 0xd9]), "a picture does not end with EOI");
        let header = turbojpeg::read_header(jpeg).context("a picture that nobody can draw")?;
        if self.count % DECODE_EVERY == 0 {
            turbojpeg::decompress(jpeg, turbojpeg::PixelFormat::GRAY).context("a broken picture")?;
        }
        self.count += 1;
        // Right behind SOI: marker, length, name, sequence, nanoseconds.
        let stamped = jpeg.len() > 26 && &jpeg[6..10] == b"FCAM";
        let word = |at: usize| jpeg[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
        let taken = stamped.then(|| Monotonic::from_boot(Duration::from_nanos(word(18))));
        Ok(Seen {
            at,
            captured: head.captured.or(taken),
            sequence: stamped.then(|| word(10)),
            live: head.online.or(stamped.then_some(true)),
            skipped: head.skipped,
            width: header.width as u32,
        })
    }
}

/// How many pictures the camera took, by the first and the last that a viewer saw, and how many it saw of those. Where they were
/// compressed anew the camera's numbers are not in them, and the daemon's word counts for what was missed.
pub fn counted<'a>(parts: impl Iterator<Item = &'a Seen> + Clone) -> (u64, u64) {
    let mut numbers: Vec<_> = parts.clone().filter_map(|seen| seen.sequence).collect();
    numbers.dedup();
    if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
        return (last.saturating_sub(*first) + 1, numbers.len() as u64);
    }
    let skipped: Vec<_> = parts.filter_map(|seen| seen.skipped).collect();
    let missed = skipped.last().zip(skipped.first()).map_or(0, |(last, first)| last.saturating_sub(*first));
    (skipped.len() as u64 + missed, skipped.len() as u64)
}
