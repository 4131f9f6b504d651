//! What a connection takes in behind a head: a body as a whole, or pictures one after another.

use std::io;

use super::Connection;
use crate::clock::Monotonic;
use crate::viewers::answer::Answer;
use crate::viewers::phase::{Phase, Step};
use crate::viewers::refusals::Limit;
use crate::viewers::request::Request;
use crate::viewers::routes::Upload;

/// Bytes of a long body that are read before they are looked at.
const MOST_AHEAD: usize = 64 * 1024;

impl Connection {
    pub(super) fn await_body(&mut self, request: Request, upload: Upload) {
        let Some(len) = request.body_len.and_then(|len| usize::try_from(len).ok()) else {
            let reason = "a body is taken with a Content-Length only";
            return self.start_answer(Answer::text(411, reason), Some(&request));
        };
        let Some(share) = self.context.body_share(len) else { return self.refuse(Limit::Bodies, &request) };
        self.ask_for_the_body(&request);
        self.deadline = Some(Monotonic::now() + self.context.settings().http.request_timeout);
        self.phase = Phase::Body { request: Box::new(request), upload, len, _share: share };
    }

    pub(super) fn ask_for_the_body(&mut self, request: &Request) {
        if request.expects_continue && request.version == (1, 1) {
            self.outgoing.head = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        }
    }

    pub(super) fn read_body(&mut self, now: Monotonic) -> io::Result<Step> {
        let Phase::Body { len, .. } = self.phase else { return Ok(Step::Again) };
        self.outgoing.send(&mut self.transport)?;
        self.input.read(&mut self.transport, len)?;
        // What is on its way goes out whole: the rest of it may be encrypted already.
        if self.input.bytes().len() < len || !self.outgoing.is_done() {
            return Ok(match self.input.is_ended() {
                true if self.input.bytes().len() < len => Step::Close("left in the middle of a body"),
                _ if self.is_late(now) && !self.outgoing.is_done() => Step::Close("took no answer"),
                _ if self.is_late(now) => {
                    self.context.refusals.count(Limit::Bodies);
                    self.refuse_head(Answer::text(408, "the body of the request did not come in time"))
                }
                _ => Step::Wait,
            });
        }
        let body = self.input.take(len);
        if let Phase::Body { mut request, upload, .. } = std::mem::replace(&mut self.phase, Phase::Head) {
            // Nothing of it is left that could be taken for the next head.
            request.body_len = Some(0);
            let route = upload(&body, &self.context);
            self.follow(route, *request);
        }
        Ok(Step::Again)
    }

    pub(super) fn take_pictures(&mut self, now: Monotonic) -> io::Result<Step> {
        self.outgoing.send(&mut self.transport)?;
        let Phase::Inflow { request, inflow, .. } = &mut self.phase else { return Ok(Step::Again) };
        self.input.read(&mut self.transport, MOST_AHEAD)?;
        let taken = match inflow.take(self.input.bytes(), &self.context.inbox) {
            Ok(taken) => taken,
            Err(bad) => return Ok(self.refuse_head(Answer::text(400, bad))),
        };
        self.input.drop(taken);
        if inflow.is_done() {
            let (answer, mut request) = (inflow.answer(), request.clone());
            request.body_len = Some(0);
            self.start_answer(answer, Some(&request));
            return Ok(Step::Again);
        }
        if taken > 0 {
            self.deadline = Some(now + self.context.settings().http.server_timeout);
            return Ok(Step::Again);
        }
        Ok(match self.input.is_ended() {
            true => Step::Close("left in the middle of a body"),
            false if self.is_late(now) => {
                self.context.refusals.count(Limit::Bodies);
                self.refuse_head(Answer::text(408, "no more of the body came in time"))
            }
            false => Step::Wait,
        })
    }
}
