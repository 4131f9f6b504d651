//! One viewer of the stream. It gets its next picture only when nothing of the last one waits unsent in its socket, and
//! little of it on a slow way, so that a slow one skips pictures instead of falling behind.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::answer::Outgoing;
use super::context::{Context, ViewerInfo};
use super::event_loop::Watching;
use super::stream::{self, Options, PartInfo};
use super::transport::Transport;
use crate::clock::Monotonic;
use crate::frame::Frame;
use crate::pace::Pace;
use crate::stats::RateMeter;

/// Without a new picture the last one is sent again after this long: browsers then draw the one they hold back, and
/// proxies do not take the connection for dead. Of a source that stands still, as `drop-same-frames` finds it, once:
/// how often it comes after that is what the setting says.
const RESEND_AFTER: Duration = Duration::from_secs(1);

/// From so many viewers of a loop on, a copy in the kernel costs less than what it saves each of them.
const MANY: usize = 8;

/// How soon to look again at a socket that was not empty. With a camera the next frame is earlier.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// A viewer that has skipped a picture is taken to be on a way slower than the stream for so long.
const SLOW_FOR: Duration = Duration::from_secs(10);

/// How long a peer may take for a picture while so many are slow that their pictures take too much memory.
pub(super) const LONGEST_IN_NEED: Duration = Duration::from_secs(1);

pub(super) struct Viewer {
    id: u64,
    info: Arc<ViewerInfo>,
    context: Arc<Context>,
    watching: Watching,
    pace: Option<Pace>,
    meter: RateMeter,
    /// Number of the frame sent last; 0: none yet.
    seen: u64,
    sent_at: Monotonic,
    /// Between the last two frames that differed.
    interval: Duration,
    /// How often the same picture was sent again.
    resent: u32,
    skipped: u64,
    /// When the way to it last proved slower than its pictures.
    held_up_at: Option<Monotonic>,
    /// When the peer last took something, and what waited for it then.
    progress: Monotonic,
    waiting: usize,
}

/// What a viewer needs next.
pub(super) enum Next {
    /// A look at this time, or at the next frame.
    At(Monotonic),
    /// The next frame, whenever it comes.
    Frame,
    /// Nothing: it has taken nothing for too long.
    TooSlow,
}

impl Viewer {
    /// `None`: there are too many.
    pub(super) fn new(options: &Options, context: &Arc<Context>, watching: Watching) -> Option<Self> {
        let (id, info) = context.add_viewer(options)?;
        Some(Self {
            id,
            info,
            context: Arc::clone(context),
            watching,
            pace: options.fps.map(|fps| Pace::new(fps.interval())),
            meter: RateMeter::default(),
            seen: 0,
            sent_at: Monotonic::now(),
            interval: RESEND_AFTER,
            resent: 0,
            skipped: 0,
            held_up_at: None,
            progress: Monotonic::now(),
            waiting: usize::MAX,
        })
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn options(&self) -> &Options {
        &self.info.options
    }

    /// Sends what can be sent now.
    pub(super) fn turn(
        &mut self,
        transport: &mut Transport,
        outgoing: &mut Outgoing,
        now: Monotonic,
    ) -> io::Result<Next> {
        if !outgoing.is_done() && !self.send(transport, outgoing, now)? {
            return Ok(self.wait_for_room(outgoing, now));
        }
        let Some(frame) = self.context.latest.get() else { return Ok(Next::Frame) };
        let Some(due) = self.due(&frame) else { return Ok(Next::Frame) };
        if due > now {
            return Ok(Next::At(due));
        }
        if !self.is_way_free(transport, now)? {
            return Ok(self.wait_for_progress(now, now + LOOK_AGAIN_AFTER));
        }
        self.put(&frame, transport, outgoing, now);
        if !self.send(transport, outgoing, now)? {
            return Ok(self.wait_for_room(outgoing, now));
        }
        Ok(self.due(&frame).map_or(Next::Frame, Next::At))
    }

    /// When this frame may be sent: a new one at once, or when the viewer's own rate allows it; the same one again
    /// after a while, or no more.
    fn due(&self, frame: &Frame) -> Option<Monotonic> {
        let paced = self.pace.map_or(Monotonic::default(), |pace| pace.next());
        if frame.number != self.seen {
            return Some(paced);
        }
        let dual = self.options().dual_final_frames && self.resent == 0;
        let still = self.context.latest.still_since().is_some();
        let wait = match dual {
            true if still => Duration::ZERO,
            // A pause has begun when twice the time between the last two pictures has passed.
            true => (2 * self.interval).clamp(LOOK_AGAIN_AFTER, RESEND_AFTER),
            false if still && self.resent > 0 => return None,
            false => RESEND_AFTER,
        };
        Some(paced.max(self.sent_at + wait))
    }

    fn put(&mut self, frame: &Arc<Frame>, transport: &Transport, outgoing: &mut Outgoing, now: Monotonic) {
        if let Some(pace) = &mut self.pace {
            pace.admits(now);
        }
        // Who asked for fewer pictures has not missed the others.
        if self.seen > 0 && self.pace.is_none() {
            let skipped = frame.number.saturating_sub(self.seen + 1);
            self.skipped += skipped;
            if skipped > 0 {
                self.held_up_at = Some(now);
            }
            self.context.stats.skipped.add(skipped);
        }
        let fresh = frame.number != self.seen;
        // A new frame can show what this viewer has already.
        let since = self.context.latest.still_since();
        if !fresh || since.is_some_and(|since| self.seen >= since) {
            self.resent += 1;
        } else {
            self.interval = now - self.sent_at;
            self.resent = 0;
        }
        self.seen = frame.number;
        self.meter.tick(now);
        self.info.fps.set(self.meter.per_second(now));
        let options = &self.info.options;
        // What goes out once more, goes out with the time of that; and the kernel encrypts nothing.
        let shared = !transport.is_secure()
            && fresh
            && self.watching.count() >= MANY
            && stream::put_shared_part(outgoing, frame, options);
        if !shared {
            let info = PartInfo { skipped: self.skipped, fps: self.info.fps.get() };
            stream::put_part(outgoing, frame, options, info);
        }
        self.sent_at = now;
        // Whatever waits at the next look is progress against what goes out now.
        self.waiting = usize::MAX;
    }

    /// Returns whether all is sent.
    fn send(
        &mut self,
        transport: &mut Transport,
        outgoing: &mut Outgoing,
        now: Monotonic,
    ) -> io::Result<bool> {
        let had_picture = outgoing.has_part();
        let count = outgoing.send(transport)?;
        if count > 0 {
            self.progress = now;
            self.context.stats.sent_bytes.add(count as u64);
        }
        let done = outgoing.is_done();
        if done && had_picture {
            self.context.stats.delivered.add(1);
        }
        Ok(done)
    }

    /// Whether a picture that is sent now would not wait behind the last one: in the socket, or where the way to the
    /// peer is slow. TCP fills the queues there as far as they go, which on many a Wi-Fi is seconds. So much as
    /// goes out before the next look may be there, lest the way stands idle.
    fn is_way_free(&mut self, transport: &Transport, now: Monotonic) -> io::Result<bool> {
        let mut waiting = transport.waiting()?;
        // Who asked for fewer pictures skips some on any way; that one of them has to wait says the same of this one.
        if waiting > 0 && self.pace.is_some() {
            self.held_up_at = Some(now);
        }
        if waiting == 0 && self.held_up_at.is_some_and(|held_up_at| now - held_up_at < SLOW_FOR) {
            waiting = transport.held_up(LOOK_AGAIN_AFTER)?;
        }
        if waiting == 0 || waiting < self.waiting {
            self.progress = now;
        }
        self.waiting = waiting;
        Ok(waiting == 0)
    }

    /// Part of a frame is still here, and keeps its memory: for a peer that takes a little now and then, there is an end
    /// to that; and an earlier one when many do the same.
    fn wait_for_room(&self, outgoing: &Outgoing, now: Monotonic) -> Next {
        if now - self.sent_at >= LONGEST_IN_NEED && outgoing.holds_too_much() {
            return Next::TooSlow;
        }
        let timeout = self.context.settings().http.server_timeout;
        if now - self.sent_at >= 3 * timeout {
            return Next::TooSlow;
        }
        self.wait_for_progress(now, self.progress + timeout)
    }

    fn wait_for_progress(&self, now: Monotonic, until: Monotonic) -> Next {
        if now - self.progress >= self.context.settings().http.server_timeout {
            Next::TooSlow
        } else {
            Next::At(until)
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.context.remove_viewer(self.id);
    }
}
