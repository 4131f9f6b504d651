//! Pictures from the standard output of a program: JPEGs end to end, or a multipart stream.

use std::sync::Arc;

use super::Lost;
use super::fed::{Feed, Feeder, LONGEST_PICTURE};
use crate::child::{self, Child, Pipes, Stop};
use crate::jpeg::splitter::Splitter;
use crate::mailbox::Mailbox;

#[derive(Clone)]
pub(super) struct Command {
    /// Program and arguments.
    pub(super) words: Vec<String>,
    pub(super) fps: Option<f64>,
    /// What to do where there is no such program.
    pub(super) missing: &'static str,
}

impl Command {
    /// Of a person's own choice.
    pub(super) fn new(words: &[String]) -> Self {
        Self { words: words.to_vec(), fps: None, missing: child::MISSING }
    }
}

impl Feeder for Command {
    fn name(&self) -> String {
        let program = self.words.first().map_or("", String::as_str);
        program.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn start(&mut self) -> Result<Feed, Lost> {
        let pipes = Pipes { stdin: false, stdout: true };
        let mut child = Child::start(&self.words, pipes, &[]).map_err(|error| {
            let program = self.words.first().map_or("", String::as_str);
            Lost::NoCamera(format!("{program:?} cannot be started ({error}): {}", self.missing))
        })?;
        let stdout = child.take_stdout();
        let child = Arc::new(child);
        let guard = Stop(Arc::clone(&child));
        let run = move |mailbox: &Mailbox| match stdout {
            Some(mut stdout) => pump(&mut stdout, mailbox, |error| match error {
                Some(error) => format!("{}: {error}", child.name()),
                None => child.reason(),
            }),
            None => child.reason(),
        };
        Ok(Feed::new(run, guard, self.fps))
    }
}

/// Takes pictures out of what is read, until there is no more, or nobody wants more. `why` says it in words.
pub(super) fn pump(
    from: &mut impl std::io::Read,
    mailbox: &Mailbox,
    why: impl Fn(Option<std::io::Error>) -> String,
) -> String {
    let mut splitter = Splitter::new(LONGEST_PICTURE);
    let mut any = false;
    loop {
        match splitter.read_from(from) {
            Ok(0) if any => return why(None),
            Ok(0) => return format!("{} (there was no whole JPEG in its output)", why(None)),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return why(Some(error)),
        }
        while let Some(picture) = splitter.next_picture() {
            any = true;
            if !mailbox.put(picture) {
                return String::new();
            }
        }
        mailbox.lose(splitter.take_dropped());
        if mailbox.is_closed() {
            return String::new();
        }
    }
}
