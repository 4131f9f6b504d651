//! To a program's standard input: JPEGs end to end.

use std::io::{ErrorKind, Write as _};
use std::process::ChildStdin;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::{Receiver, Sent};
use crate::child::{Child, Pipes};
use crate::frame::Frame;

/// A program that takes nothing of a frame for so long is started anew.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Command {
    words: Vec<String>,
    running: Option<(ChildStdin, Child)>,
}

impl Command {
    pub(super) fn new(words: &[String]) -> Self {
        Self { words: words.to_vec(), running: None }
    }

    fn start(&self) -> Result<(ChildStdin, Child), String> {
        let cannot = |error: std::io::Error| format!("cannot be started: {error}");
        let mut child = Child::start(&self.words, Pipes { stdin: true, stdout: false }, &[]).map_err(cannot)?;
        let stdin = child.take_stdin().ok_or("it has no input")?;
        // A program that takes nothing must not hold this thread for ever.
        let flags = fcntl_getfl(&stdin).map_err(|error| cannot(error.into()))?;
        fcntl_setfl(&stdin, flags | OFlags::NONBLOCK).map_err(|error| cannot(error.into()))?;
        Ok((stdin, child))
    }
}

impl Receiver for Command {
    fn name(&self) -> String {
        self.words.first().cloned().unwrap_or_default()
    }

    fn send(&mut self, frame: &Frame) -> Result<Sent, String> {
        let (mut stdin, child) = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        let mut rest: &[u8] = &frame.jpeg;
        while !rest.is_empty() {
            match stdin.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let timeout = Timespec::try_from(PATIENCE).ok();
                    if poll(&mut [PollFd::new(&stdin, PollFlags::OUT)], timeout.as_ref()) == Ok(0) {
                        return Err(format!("it has taken nothing for {} s", PATIENCE.as_secs()));
                    }
                }
                Err(_) => return Err(child.reason()),
            }
        }
        self.running = Some((stdin, child));
        Ok(Sent::More)
    }
}
