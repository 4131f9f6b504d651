//! To a program's standard input: JPEGs end to end.

use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ChildStdin;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::{Receiver, Sent};
use crate::bell::Bell;
use crate::child::{Child, Pipes};
use crate::clock::Monotonic;
use crate::frame::Frame;

/// The end of the daemon is seen so soon.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

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
        let cannot = |error: io::Error| {
            format!(
                "{program:?} cannot be started ({error}): is it installed, and in the PATH of the service?"
            )
        };
        let mut child =
            Child::start(&self.words, Pipes { stdin: true, stdout: false }, &[]).map_err(cannot)?;
        let stdin = child.take_stdin().ok_or("it has no input")?;
        // A program that takes nothing must not hold this thread for ever.
        let flags = fcntl_getfl(&stdin).map_err(|error| cannot(error.into()))?;
        fcntl_setfl(&stdin, flags | OFlags::NONBLOCK).map_err(|error| cannot(error.into()))?;
        Ok((stdin, child))
    }

    /// Waits until it takes more.
    fn wait(&self, stdin: &ChildStdin, bell: &Bell) -> Result<(), String> {
        let begun = Monotonic::now();
        let slice = Timespec::try_from(LOOK_AGAIN_AFTER).ok();
        loop {
            match poll(&mut [PollFd::new(stdin, PollFlags::OUT)], slice.as_ref()) {
                Ok(0) if bell.is_closed() => return Err("the daemon ends".to_owned()),
                Ok(0) if begun.age() >= self.timeout => {
                    return Err(format!("it has taken nothing for {} s", self.timeout.as_secs_f64()));
                }
                Ok(0) => {}
                // What is wrong with it the next write says.
                Ok(_) | Err(_) => return Ok(()),
            }
        }
    }
}

impl Receiver for Command {
    fn name(&self) -> String {
        self.program().to_owned()
    }

    fn check(&mut self) -> Result<(), String> {
        let program = Path::new(self.program());
        let is_program = |path: &Path| {
            path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_found = match program.components().count() {
            1 if !program.is_absolute() => {
                std::env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
            }
            _ => is_program(program),
        };
        match is_found {
            true => Ok(()),
            false => {
                Err("there is no such program; is it installed, and in the PATH of the service?".to_owned())
            }
        }
    }

    fn send(&mut self, frame: &Frame, bell: &Bell) -> Result<Sent, String> {
        let (mut stdin, child) = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        let mut rest: &[u8] = &frame.jpeg;
        while !rest.is_empty() {
            match stdin.write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(&stdin, bell)?,
                Err(_) => return Err(child.reason()),
            }
        }
        self.running = Some((stdin, child));
        Ok(Sent::More)
    }
}
