//! What a connection sends: answers, snapshots, streams and events.

use std::io;
use std::time::Duration;

use super::{Connection, LINGER};
use crate::clock::Monotonic;
use crate::viewers::answer::Body;
use crate::viewers::events::Due;
use crate::viewers::phase::{Phase, Step};
use crate::viewers::viewer::{LONGEST_IN_NEED, Next};

/// How soon to go on reading what somebody sends who has nothing more to say.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(50);

impl Connection {
    /// Returns whether all is sent. Who has taken some of it gets more time for the rest.
    fn send(&mut self, now: Monotonic) -> io::Result<bool> {
        let count = self.outgoing.send(&mut self.transport)?;
        self.context.stats.sent_bytes.add(count as u64);
        if count > 0 && !self.outgoing.is_done() {
            self.deadline = Some(now + self.context.settings().http.server_timeout);
        }
        Ok(self.outgoing.is_done())
    }

    pub(super) fn send_answer(&mut self, close: bool, now: Monotonic) -> io::Result<Step> {
        if !self.send(now)? {
            if now - self.answered_at >= LONGEST_IN_NEED && self.outgoing.holds_too_much() {
                return Ok(Step::Close("kept memory that others need"));
            }
            return Ok(if self.is_late(now) { Step::Close("took no answer") } else { Step::Wait });
        }
        self.access.end(self.outgoing.total);
        if close {
            // Closing with bytes unread would reset the connection, and the peer might lose the answer.
            self.transport.end()?;
            self.deadline = Some(now + LINGER);
            self.phase = Phase::Lingering;
        } else {
            self.deadline = Some(now + self.context.settings().http.request_timeout);
            self.phase = Phase::Head;
        }
        Ok(Step::Again)
    }

    pub(super) fn send_snapshot(&mut self, now: Monotonic) -> io::Result<Step> {
        let late = self.is_late(now);
        let Phase::Snapshot { wanted, request, .. } = &self.phase else { return Ok(Step::Again) };
        let frame = self.context.latest.get();
        let answer = match &frame {
            Some(frame) => wanted.answer(frame, &self.context),
            None => None,
        };
        let answer = match answer {
            Some(answer) => answer,
            None if late => wanted.late(frame.as_ref(), &self.context),
            None => return Ok(Step::Wait),
        };
        let request = request.clone();
        self.start_answer(answer, Some(&request));
        Ok(Step::Again)
    }

    pub(super) fn send_stream(&mut self, now: Monotonic) -> io::Result<Step> {
        self.input.discard(&mut self.transport)?;
        if self.input.is_ended() {
            return Ok(Step::Close("left"));
        }
        let Phase::Stream(viewer) = &mut self.phase else { return Ok(Step::Again) };
        self.deadline = match viewer.turn(&mut self.transport, &mut self.outgoing, now)? {
            Next::At(time) => Some(time),
            Next::Frame => None,
            Next::TooSlow => return Ok(Step::Close("took nothing for too long")),
        };
        self.come_back_for_more(now);
        Ok(Step::Wait)
    }

    pub(super) fn send_events(&mut self, now: Monotonic) -> io::Result<Step> {
        self.input.discard(&mut self.transport)?;
        if self.input.is_ended() {
            return Ok(Step::Close("left"));
        }
        if !self.send(now)? {
            return Ok(if self.is_late(now) { Step::Close("took nothing for too long") } else { Step::Wait });
        }
        let Phase::Events { listener, .. } = &mut self.phase else { return Ok(Step::Again) };
        match listener.next(&self.context, now) {
            Due::At(time) => {
                self.deadline = Some(time);
                self.come_back_for_more(now);
                Ok(Step::Wait)
            }
            Due::Now(event) => {
                self.outgoing.body = Body::Bytes(event);
                self.deadline = Some(now + self.context.settings().http.server_timeout);
                Ok(Step::Again)
            }
        }
    }

    /// What is left unread now would never be announced again, nor the end behind it. A flood is not hurried after.
    fn come_back_for_more(&mut self, now: Monotonic) {
        if self.input.is_readable() {
            let soon = now + READ_AGAIN_AFTER;
            self.deadline = Some(self.deadline.map_or(soon, |deadline| deadline.min(soon)));
        }
    }

    pub(super) fn linger(&mut self, now: Monotonic) -> io::Result<Step> {
        self.input.discard(&mut self.transport)?;
        Ok(match self.input.is_ended() || self.is_late(now) {
            true => Step::Close("answered"),
            // What is left unread now would never be announced again.
            false if self.input.is_readable() => Step::Again,
            false => Step::Wait,
        })
    }
}
