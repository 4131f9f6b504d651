//! A running camera: buffers mapped, queued and streaming, until it is dropped.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::buffers::{Filled, Mapping};
use super::diagnose::{Step, explain};
use super::format::Agreed;
use super::sys::Node;
use crate::clock::Monotonic;
use crate::picture::Picture;
use crate::source::{Grab, Lost};

#[derive(Debug)]
pub(super) struct Stream {
    // Dropped first: a driver keeps its buffers while they are mapped.
    mappings: Vec<Mapping>,
    node: Arc<Node>,
    path: PathBuf,
    agreed: Agreed,
    last_sequence: Option<u32>,
    /// Whether the driver tells that the signal has changed.
    tells_source: bool,
    /// Since when the node is to be polled for events too, if it is.
    watches: Option<Instant>,
    controls_changed: bool,
}

/// A driver keeps the last change of each control; one that gives more than this is not asked on.
const MOST_EVENTS: usize = 1024;

/// After a change of a control the next one is looked for only then: some drivers have a control that changes with each picture.
const PAUSE_BETWEEN_CHANGES: Duration = Duration::from_millis(250);

/// A driver that waits longer than this to hand over a picture does not count on our clock.
const OLDEST_CREDIBLE: Duration = Duration::from_secs(2);

/// A larger gap in the sequence is a driver that starts counting anew, not lost pictures.
const LARGEST_CREDIBLE_GAP: u32 = 10_000;

impl Stream {
    /// Gets buffers, of which a driver gives none while another program has some: from now on the camera is ours.
    pub(super) fn prepare(node: Arc<Node>, path: &Path, agreed: Agreed, buffers: u32) -> Result<Self, Lost> {
        let lost = |error: io::Error| explain(path, Step::Buffers, &error);
        let granted = node.request_buffers(buffers).map_err(lost)?;
        let mut stream = Self {
            mappings: Vec::new(),
            node,
            path: path.to_owned(),
            agreed,
            last_sequence: None,
            tells_source: false,
            watches: None,
            controls_changed: false,
        };
        for index in 0..granted {
            stream.mappings.push(stream.node.map_buffer(index).map_err(lost)?);
            stream.node.queue(index).map_err(lost)?;
        }
        // Before it starts, so that no change goes unnoticed. Most drivers have nothing of the kind to tell.
        stream.tells_source = stream.node.subscribe_to_source().is_ok();
        stream.watches = stream.tells_source.then(Instant::now);
        if granted == 0 {
            return Err(Lost::NoSignal(format!("{}: the driver gives no buffers", path.display())));
        }
        Ok(stream)
    }

    pub(super) fn start(&self) -> Result<(), Lost> {
        self.node.stream_on().map_err(|error| explain(&self.path, Step::Start, &error))
    }

    /// Waits for the next picture and lets `take` copy it.
    pub(super) fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost> {
        let ready = self.wait(wait)?;
        let filled = self.node.dequeue().map_err(|error| self.lost(&error))?;
        let Some(filled) = filled else {
            // Readable and yet empty would have us spin.
            return match ready.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
                true => Err(Lost::NoSignal(format!("{}: the driver stopped streaming", self.path.display()))),
                false => Ok(Grab::Nothing),
            };
        };
        let grab = self.hand_over(&filled, take);
        self.node.queue(filled.index).map_err(|error| self.lost(&error))?;
        Ok(grab)
    }

    /// The open node, for its controls.
    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// From now on changes of these controls are noticed. Drivers that do not tell them refuse, which is no trouble.
    pub(super) fn watch(&mut self, controls: &[u32]) {
        let accepted = controls.iter().filter(|id| self.node.subscribe(**id).is_ok()).count();
        self.watches = (accepted > 0 || self.tells_source).then(Instant::now);
    }

    /// Whether controls have changed since the last call; it asks nobody.
    pub(super) fn take_changes(&mut self) -> bool {
        std::mem::take(&mut self.controls_changed)
    }

    fn wait(&mut self, wait: Duration) -> Result<PollFlags, Lost> {
        let watches = self.watches.is_some_and(|since| since <= Instant::now());
        let wanted = if watches { PollFlags::IN | PollFlags::PRI } else { PollFlags::IN };
        let mut fds = [PollFd::new(&*self.node, wanted)];
        let timeout = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(self.lost(&error.into())),
        }
        let ready = fds[0].revents();
        if ready.contains(PollFlags::PRI) {
            self.take_events()?;
        }
        Ok(ready)
    }

    fn take_events(&mut self) -> Result<(), Lost> {
        let (mut taken, mut source) = (0, false);
        for of_source in (0..MOST_EVENTS).map_while(|_| self.node.take_event().ok()) {
            taken += 1;
            source |= of_source;
            self.controls_changed |= !of_source;
        }
        // With events that cannot be taken, or without an end, poll would not wait any more.
        let goes_on = (1..MOST_EVENTS).contains(&taken);
        self.watches = goes_on.then(|| Instant::now() + PAUSE_BETWEEN_CHANGES);
        match source {
            true => {
                Err(Lost::Changed(format!("{}: the signal at its input has changed", self.path.display())))
            }
            false => Ok(()),
        }
    }

    fn hand_over(&mut self, filled: &Filled, take: &mut dyn FnMut(Picture<'_>)) -> Grab {
        let lost = self.count_lost(filled.sequence);
        let Some(mapping) = self.mappings.get(filled.index as usize) else {
            return Grab::Broken { lost };
        };
        if filled.error {
            return Grab::Broken { lost };
        }
        let grabbed = Monotonic::now();
        take(Picture {
            bytes: mapping.bytes(filled.bytes.clone()),
            format: self.agreed.format,
            width: self.agreed.width,
            height: self.agreed.height,
            stride: self.agreed.stride,
            captured: capture_time(filled.timestamp, grabbed),
            grabbed,
        });
        Grab::Picture { lost }
    }

    fn count_lost(&mut self, sequence: u32) -> u64 {
        let last = self.last_sequence.replace(sequence);
        let gap = last.map_or(0, |last| sequence.wrapping_sub(last).wrapping_sub(1));
        if gap <= LARGEST_CREDIBLE_GAP { gap.into() } else { 0 }
    }

    fn lost(&self, error: &io::Error) -> Lost {
        explain(&self.path, Step::Stream, error)
    }
}

/// The driver's time, unless it cannot be: some cameras count from their own start, or stamp the future.
fn capture_time(timestamp: Option<Duration>, grabbed: Monotonic) -> Monotonic {
    timestamp
        .map(Monotonic::from_boot)
        .filter(|captured| *captured <= grabbed && grabbed - *captured < OLDEST_CREDIBLE)
        .unwrap_or(grabbed)
}

/// An unplugged camera refuses all of this, which changes nothing.
impl Drop for Stream {
    fn drop(&mut self) {
        let stopped = self.node.stream_off();
        self.mappings.clear();
        let released = self.node.request_buffers(0);
        if let Err(error) = stopped.and(released.map(drop)) {
            log::debug!("{}: stopping: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_that_cannot_be_is_replaced() {
        let now = Monotonic::from_boot(Duration::from_secs(100));
        let stamped = |seconds| capture_time(Some(Duration::from_secs(seconds)), now);
        assert_eq!(stamped(99), Monotonic::from_boot(Duration::from_secs(99)));
        assert_eq!(stamped(5), now);
        assert_eq!(stamped(101), now);
        assert_eq!(capture_time(None, now), now);
    }
}
