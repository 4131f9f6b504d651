//! To a program's standard input: JPEGs end to end.

use std::io::{self, ErrorKind, Write as _};
use std::process::ChildStdin;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, ioctl_fionread};

use super::{Receiver, Sent};
use crate::bell::Bell;
use crate::child::{self, Child, Pipes};
use crate::clock::Monotonic;
use crate::frame::Frame;

/// Nothing tells that a pipe is empty.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(5);

pub(super) struct Command {
    words: Vec<String>,
    /// A program that takes nothing of a frame for so long is started anew.
    timeout: Duration,
    /// Its input first: a program that has it closed ends by itself.
    running: Option<(ChildStdin, Child)>,
}

impl Command {
    pub(super) fn new(words: &[String], timeout: Duration) -> Self {
        Self { words: words.to_vec(), timeout, running: None }
    }

    fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn start(&self) -> Result<(ChildStdin, Child), String> {
        let program = self.program();
        let cannot =
            |error: io::Error| format!("{program:?} cannot be started ({error}): {}", child::MISSING);
        let mut child =
            Child::start(&self.words, Pipes { stdin: true, stdout: false }, &[]).map_err(cannot)?;
        let stdin = child.take_stdin().ok_or("it has no input")?;
        // A program that takes nothing must not hold this thread for ever.
        let flags = fcntl_getfl(&stdin).map_err(|error| cannot(error.into()))?;
        fcntl_setfl(&stdin, flags | OFlags::NONBLOCK).map_err(|error| cannot(error.into()))?;
        Ok((stdin, child))
    }

    /// Writes a frame, and waits until the program has taken it out of the pipe: else some would queue there, and be old.
    fn write(&self, stdin: &mut ChildStdin, jpeg: &[u8], bell: &Bell) -> Result<(), Why> {
        let mut rest = jpeg;
        while !rest.is_empty() {
            match stdin.write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(stdin, bell)?,
                Err(_) => return Err(Why::Ended),
            }
        }
        self.wait(stdin, bell)
    }

    /// Waits until all that was written is taken.
    fn wait(&self, stdin: &ChildStdin, bell: &Bell) -> Result<(), Why> {
        let begun = Monotonic::now();
        let slice = Timespec::try_from(LOOK_AGAIN_AFTER).ok();
        while ioctl_fionread(stdin).is_ok_and(|left| left > 0) {
            // An error is told of without being asked for: nobody reads any longer.
            match poll(&mut [PollFd::new(stdin, PollFlags::empty())], slice.as_ref()) {
                Ok(0) if bell.is_closed() => return Err(Why::NoLonger),
                Ok(0) if begun.age() >= self.timeout => return Err(Why::Hangs),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) | Err(_) => return Err(Why::Ended),
            }
        }
        Ok(())
    }
}

/// Why a program has not taken a frame.
enum Why {
    Ended,
    Hangs,
    /// The daemon ends.
    NoLonger,
}

impl Receiver for Command {
    fn name(&self) -> String {
        self.program().to_owned()
    }

    fn check(&mut self) -> Result<(), String> {
        match child::is_there(self.program()) {
            true => Ok(()),
            false => Err(format!("there is no such program; {}", child::MISSING)),
        }
    }

    fn send(&mut self, frame: &Frame, bell: &Bell) -> Result<Sent, String> {
        let (mut stdin, child) = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        match self.write(&mut stdin, &frame.jpeg, bell) {
            Ok(()) => self.running = Some((stdin, child)),
            Err(Why::Ended) => return Err(child.reason()),
            Err(Why::Hangs) => {
                return Err(format!("it has taken nothing for {} s", self.timeout.as_secs_f64()));
            }
            Err(Why::NoLonger) => return Err("the daemon ends".to_owned()),
        }
        Ok(Sent::More)
    }
}
