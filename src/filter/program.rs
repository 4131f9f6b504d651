//! The program that runs, and its two pipes. Neither can hold us up: what it does not take waits here, one picture at most.

use std::io::{self, ErrorKind, IoSlice, Write as _};
use std::process::{ChildStdin, ChildStdout};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};
use rustix::io::{ioctl_fionbio, ioctl_fionread};

use super::flight::Ticket;
use crate::child::{Child, Pipes};
use crate::config::values::FilterFormat;
use crate::frame::Frame;
use crate::jpeg::splitter::Splitter;

/// An answer with more bytes than this is dropped.
const LONGEST_PICTURE: usize = 32 << 20;

/// Reads at a time, so that one that writes without end lets us look at the rest.
const MOST_READS: usize = 16;

#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    format: FilterFormat,
    /// Whether the next part of a multipart stream is its first.
    is_first: bool,
    outgoing: Option<Outgoing>,
    splitter: Splitter,
    /// Bytes that it has written since its last picture.
    unused: usize,
}

/// A picture of which it has not taken all.
#[derive(Debug)]
struct Outgoing {
    head: Vec<u8>,
    frame: Arc<Frame>,
    ticket: Ticket,
    written: usize,
}

impl Program {
    pub(super) fn start(words: &[String], format: FilterFormat) -> io::Result<Self> {
        let mut child = Child::start(words, Pipes { stdin: true, stdout: true }, &[])?;
        let missing = || io::Error::from(ErrorKind::BrokenPipe);
        let stdin = child.take_stdin().ok_or_else(missing)?;
        let stdout = child.take_stdout().ok_or_else(missing)?;
        ioctl_fionbio(&stdin, true)?;
        ioctl_fionbio(&stdout, true)?;
        let splitter = Splitter::new(LONGEST_PICTURE);
        Ok(Self { child, stdin, stdout, format, is_first: true, outgoing: None, splitter, unused: 0 })
    }

    pub(super) fn name(&self) -> &str {
        self.child.name()
    }

    /// Closes its input, with which many end by themselves, and leaves what is to be ended: first the one, then the other, so that it
    /// does not complain of an output that is closed.
    pub(super) fn into_end(self) -> (Child, ChildStdout) {
        (self.child, self.stdout)
    }

    /// Begins to give it the picture. Nothing else may be on its way.
    pub(super) fn give(&mut self, frame: Arc<Frame>, ticket: Ticket) {
        let head = match self.format {
            FilterFormat::Jpeg => Vec::new(),
            FilterFormat::Multipart => {
                // The line break is the boundary's, and comes with it: so a part ends with its picture.
                let before = if std::mem::take(&mut self.is_first) { "" } else { "\r\n" };
                let length = frame.jpeg.len();
                format!("{before}--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n")
                    .into()
            }
        };
        self.outgoing = Some(Outgoing { head, frame, ticket, written: 0 });
    }

    pub(super) fn is_taking(&self) -> bool {
        self.outgoing.is_some()
    }

    /// Writes what there is room for. The ticket of a picture that has gone in whole.
    pub(super) fn write(&mut self) -> io::Result<Option<Ticket>> {
        let Some(outgoing) = &mut self.outgoing else { return Ok(None) };
        loop {
            let Outgoing { head, frame, written, .. } = outgoing;
            let rest = head.get(*written..).unwrap_or_default();
            let jpeg = frame.jpeg.get(written.saturating_sub(head.len())..).unwrap_or_default();
            if rest.is_empty() && jpeg.is_empty() {
                return Ok(self.outgoing.take().map(|outgoing| outgoing.ticket));
            }
            match self.stdin.write_vectored(&[IoSlice::new(rest), IoSlice::new(jpeg)]) {
                Ok(count) => *written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether it has read all that was written.
    pub(super) fn has_taken_all(&self) -> bool {
        self.outgoing.is_none() && ioctl_fionread(&self.stdin).is_ok_and(|unread| unread == 0)
    }

    /// Reads what is there, and hands over the pictures in it. False: no more will come.
    pub(super) fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        for _ in 0..MOST_READS {
            match self.splitter.read_from(&mut self.stdout) {
                Ok(0) => return Ok(false),
                Ok(count) => self.unused = self.unused.saturating_add(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            while let Some(picture) = self.splitter.next_picture() {
                self.unused = 0;
                take(picture);
            }
        }
        Ok(true)
    }

    /// Whether no picture can lie in what it writes.
    pub(super) fn has_said_too_much(&self) -> bool {
        self.unused > 2 * LONGEST_PICTURE
    }

    /// How many answers were cut short, broken or too long, since this was asked last.
    pub(super) fn take_dropped(&mut self) -> u64 {
        self.splitter.take_dropped()
    }

    /// What there is to wait for.
    pub(super) fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        let room = self.outgoing.is_some().then(|| PollFd::new(&self.stdin, PollFlags::OUT));
        [Some(PollFd::new(&self.stdout, PollFlags::IN)), room].into_iter().flatten()
    }
}
