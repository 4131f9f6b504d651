//! The program that runs now, of those that a session starts one after the other.

use std::io::{self, Write as _};
use std::process::ChildStdout;
use std::sync::{Arc, Mutex, PoisonError};

use crate::child::{Child, Pipes, Stop};

pub(super) struct Running {
    /// Words that it is told, and that must not be logged.
    secrets: Vec<String>,
    state: Mutex<State>,
}

enum State {
    Between,
    Runs(#[expect(dead_code, reason = "it ends the program when it is dropped")] Stop),
    /// Nobody wants any more.
    Over,
}

impl Running {
    pub(super) fn new(secrets: Vec<String>) -> Self {
        Self { secrets, state: Mutex::new(State::Between) }
    }

    /// Starts one in place of the last, and tells it what it is to read.
    pub(super) fn start(&self, words: &[String], input: &str) -> Result<(Arc<Child>, ChildStdout), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Over) {
            return Err(String::new());
        }
        let started = Child::start(words, Pipes { stdin: true, stdout: true }, &self.secrets);
        let started = started.and_then(|mut child| {
            let (stdin, stdout) = (child.take_stdin(), child.take_stdout());
            let (mut stdin, stdout) = stdin.zip(stdout).ok_or(io::ErrorKind::BrokenPipe)?;
            // It is short: a pipe has room for all of it.
            stdin.write_all(input.as_bytes())?;
            Ok((Arc::new(child), stdout))
        });
        let (child, stdout) = started.map_err(|error| {
            let program = words.first().map_or("", String::as_str);
            format!("{program:?} cannot be started ({error}): `sudo apt install ffmpeg`")
        })?;
        *state = State::Runs(Stop(Arc::clone(&child)));
        Ok((child, stdout))
    }
}

/// Dropped, it ends what runs, and nothing more is started.
pub(super) struct Guard(pub(super) Arc<Running>);

impl Drop for Guard {
    fn drop(&mut self) {
        *self.0.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Over;
    }
}
