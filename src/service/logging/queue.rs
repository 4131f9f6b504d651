//! The way of a line to standard error. A pipe that nobody reads, or a journal that is stopped or full, blocks whoever writes: in the
//! daemon that is a thread of its own and nobody else. What finds no room is counted, and told of when there is some.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use log::Level;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::flood::{Cause, Flood};
use super::line::{Line, Style};
use super::recent::Recent;
use crate::clock::Monotonic;

/// Lines that may wait; as many more may be on their way.
const MOST_WAITING: usize = 256;

/// How long whoever ends the process waits for the last lines to go out.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a line comes from, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// It is one of those that must not flood.
    Limited(Cause),
    /// It was asked for, and there may be many.
    Wanted,
    /// As before, and of no use to anybody later.
    Access,
}

#[derive(Debug)]
pub struct Queue {
    style: Style,
    inner: Mutex<Inner>,
    /// There is something to do for the thread.
    more: Condvar,
    /// Everything has gone out.
    done: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    flood: Flood,
    recent: Recent,
    waiting: VecDeque<Line>,
    /// Lines that found no room behind those that wait.
    dropped: u64,
    /// The thread is about to write some.
    writing: bool,
    /// There is a thread; without one lines are written by whoever has them.
    threaded: bool,
}

impl Inner {
    fn accept(&mut self, line: Line, kind: Kind) {
        if !matches!(kind, Kind::Access) {
            self.recent.push(&line);
        }
        if self.waiting.len() >= MOST_WAITING {
            self.dropped += 1;
        } else {
            self.waiting.push_back(line);
        }
    }

    fn tell_left_out(&mut self, now: Monotonic, all: bool) {
        for line in self.flood.tell(now, all) {
            self.accept(line, Kind::Wanted);
        }
    }

    /// All that waits, as it is to be written.
    fn take(&mut self, style: Style) -> String {
        let mut text = String::new();
        self.waiting.drain(..).for_each(|line| line.write(style, &mut text));
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let lines = if dropped == 1 { "line is" } else { "lines are" };
            let mut words = String::new();
            let _ = write!(words, "{dropped} {lines} missing here: nobody took what was logged");
            Line::new(Level::Warn, &words).write(style, &mut text);
        }
        text
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.dropped == 0
    }
}

impl Queue {
    pub fn new(style: Style) -> Self {
        Self { style, inner: Mutex::default(), more: Condvar::new(), done: Condvar::new() }
    }

    /// Never waits for whoever reads, once there is a thread.
    pub fn put(&self, line: Line, kind: Kind) {
        let mut inner = self.lock();
        let was_due = inner.flood.due().is_some();
        match kind {
            Kind::Limited(cause) => {
                let lines = inner.flood.admit(cause, line, Monotonic::now());
                lines.into_iter().flatten().for_each(|line| inner.accept(line, kind));
            }
            Kind::Wanted | Kind::Access => inner.accept(line, kind),
        }
        if !inner.threaded {
            write_all(&inner.take(self.style));
        } else if !inner.is_empty() || (!was_due && inner.flood.due().is_some()) {
            self.more.notify_one();
        }
    }

    /// The thread's work, which has no end.
    pub fn run(&self) {
        let mut inner = self.lock();
        inner.threaded = true;
        loop {
            let now = Monotonic::now();
            inner.tell_left_out(now, false);
            if !inner.is_empty() {
                inner.writing = true;
                let text = inner.take(self.style);
                drop(inner);
                write_all(&text);
                inner = self.lock();
                inner.writing = false;
                continue;
            }
            self.done.notify_all();
            inner = match inner.flood.due() {
                None => self.more.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let woken = self.more.wait_timeout(inner, due - now);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// The process ends, or may: what is known is told, and has a moment to go out.
    pub fn flush(&self) {
        let mut inner = self.lock();
        inner.tell_left_out(Monotonic::now(), true);
        if !inner.threaded {
            return write_all(&inner.take(self.style));
        }
        self.more.notify_one();
        let is_busy = |inner: &mut Inner| !inner.is_empty() || inner.writing;
        drop(self.done.wait_timeout_while(inner, PATIENCE, is_busy));
    }

    /// The last lines, the oldest first.
    pub fn recent(&self) -> Vec<String> {
        self.lock().recent.texts()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Around the standard library's stderr, whose lock a stuck writer would hold. Where nobody will ever read, it is lost.
fn write_all(text: &str) {
    let stderr = io::stderr();
    let mut bytes = text.as_bytes();
    while !bytes.is_empty() {
        match rustix::io::write(&stderr, bytes) {
            Ok(0) => return,
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            // Whoever has the other end too may have made it so.
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], None);
            }
            Err(_) => return,
        }
    }
}
