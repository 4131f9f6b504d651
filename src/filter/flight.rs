//! Which pictures a filter has, and when it may have the next one.
//!
//! One that answers each picture before it wants the next has one at a time. A program that looks ahead, as ffmpeg does with JPEGs
//! end to end, answers one only when it has others: how many is found out, and so many more it has at a time. As long as that is
//! not known it is not in step, and nobody sees what it answers.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Monotonic;
use crate::frame::Times;

/// Until its first answer a program that has taken all is given one more picture so often.
pub(super) const PROBE: Duration = Duration::from_millis(100);

/// Before its first answer no program has more.
const MOST_PROBES: usize = 100;

/// Who keeps more than so many has lost some.
const MOST_AHEAD: usize = 8;

/// Nothing is concluded from a shorter silence.
const SHORTEST_SILENCE: Duration = Duration::from_millis(250);

/// What is known of a picture that it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    pub(super) id: u64,
    /// Of the desk, when the picture was taken from there.
    pub(super) generation: u64,
    pub(super) times: Times,
    /// When its first byte went out.
    pub(super) sent: Monotonic,
}

#[derive(Debug, Default)]
pub(super) struct Flight {
    tickets: VecDeque<Ticket>,
    /// How many it keeps when nothing is due; `None`: that is not known yet.
    ahead: Option<usize>,
    has_answered: bool,
    /// The longest that an answer was waited for.
    slowest: Duration,
    /// When a picture went in whole, or came out.
    moved: Monotonic,
    /// When it was seen last not to have taken all.
    busy: Monotonic,
    /// Since when an answer is due.
    due: Option<Monotonic>,
}

impl Flight {
    /// Whether it is known how many it keeps, so that its answers come without a detour.
    pub(super) fn is_in_step(&self) -> bool {
        self.ahead.is_some()
    }

    /// Whether a picture that it has needs others behind it to come out.
    pub(super) fn may_need_more(&self) -> bool {
        self.ahead != Some(0)
    }

    /// Whether it may have one more. `has_taken_all` looks whether it has read what it was given.
    pub(super) fn may_send(&mut self, now: Monotonic, has_taken_all: impl FnOnce() -> bool) -> bool {
        if self.next_send().is_none_or(|at| now < at) {
            return false;
        }
        if self.is_waited_for() {
            if !has_taken_all() {
                self.busy = now;
                return false;
            }
            if self.has_answered {
                // It has had time for all that it has, and says nothing: these it keeps.
                let lost = self.tickets.len().saturating_sub(MOST_AHEAD);
                self.tickets.drain(..lost);
                self.ahead = Some(self.tickets.len());
            }
        }
        true
    }

    /// When it may have one more, or it is to be looked whether it may. `None`: not before it answers.
    pub(super) fn next_send(&self) -> Option<Monotonic> {
        if !self.is_waited_for() {
            return Some(Monotonic::default());
        }
        let silence = match self.has_answered {
            true => (self.slowest * 2).max(SHORTEST_SILENCE),
            false => PROBE,
        };
        // One that keeps none is given its time.
        let may_need_more = self.may_need_more() && self.tickets.len() < MOST_PROBES;
        may_need_more.then(|| self.moved.max(self.busy) + silence)
    }

    fn is_waited_for(&self) -> bool {
        self.tickets.len() > self.ahead.unwrap_or(0)
    }

    /// A picture begins to go in.
    pub(super) fn begin(&mut self, now: Monotonic) {
        self.due.get_or_insert(now);
    }

    /// All of it has gone in.
    pub(super) fn sent(&mut self, ticket: Ticket, now: Monotonic) {
        self.tickets.push_back(ticket);
        self.moved = now;
    }

    /// A picture has come out: an answer to the oldest. `None`: it was not asked for one.
    pub(super) fn answered(&mut self, now: Monotonic) -> Option<Ticket> {
        let ticket = self.tickets.pop_front()?;
        self.has_answered = true;
        self.due = None;
        self.slowest = self.slowest.max(now - self.moved);
        self.moved = now;
        let left = self.tickets.len();
        match &mut self.ahead {
            Some(ahead) => *ahead = left.min(*ahead),
            None if left == 0 => self.ahead = Some(0),
            None => {}
        }
        Some(ticket)
    }

    /// What has come out is no picture: the one that it was made of is lost.
    pub(super) fn spoilt(&mut self, now: Monotonic) {
        self.tickets.pop_front();
        self.moved = now;
    }

    /// When something went in or came out last.
    pub(super) fn moved(&self) -> Monotonic {
        self.moved
    }

    /// When it counts as hung, if it says nothing until then.
    pub(super) fn deadline(&self, timeout: Duration) -> Option<Monotonic> {
        self.due.map(|due| due + timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock, and what is sent at which of its milliseconds.
    #[derive(Default)]
    struct Stage {
        flight: Flight,
        millis: u64,
        sent: u64,
    }

    impl Stage {
        fn now(&self) -> Monotonic {
            Monotonic::from_boot(Duration::from_secs(1000) + Duration::from_millis(self.millis))
        }

        fn may_send(&mut self, has_taken_all: bool) -> bool {
            let now = self.now();
            self.flight.may_send(now, || has_taken_all)
        }

        fn send(&mut self) {
            let now = self.now();
            self.sent += 1;
            self.flight.begin(now);
            let ticket = Ticket { id: self.sent, generation: 0, times: Times::default(), sent: now };
            self.flight.sent(ticket, now);
        }

        /// Which picture was answered.
        fn answer(&mut self) -> Option<u64> {
            let now = self.now();
            self.flight.answered(now).map(|ticket| ticket.id)
        }

        /// Lets time go on in steps, and sends whenever that is allowed; returns how many were sent.
        fn run(&mut self, millis: u64, has_taken_all: bool) -> usize {
            let mut sent = 0;
            for _ in 0..millis / 10 {
                self.millis += 10;
                if self.may_send(has_taken_all) {
                    self.send();
                    sent += 1;
                }
            }
            sent
        }
    }

    #[test]
    fn one_that_answers_each_has_one_at_a_time_however_long_it_takes() {
        let mut stage = Stage::default();
        for number in 1..10 {
            assert!(stage.may_send(true));
            stage.send();
            assert!(!stage.may_send(true), "{number}");
            stage.millis += 5;
            assert_eq!(stage.answer(), Some(number));
            assert!(stage.flight.is_in_step());
        }
        stage.send();
        assert_eq!(stage.run(60_000, true), 0);
        assert_eq!(stage.flight.next_send(), None, "no timer is needed");
    }

    #[test]
    fn one_that_starts_slowly_and_reads_nothing_meanwhile_is_given_no_more() {
        let mut stage = Stage::default();
        stage.send();
        assert_eq!(stage.run(5000, false), 0);
        stage.answer();
        assert!(stage.flight.is_in_step() && stage.may_send(true));
    }

    #[test]
    fn one_that_reads_and_probes_is_given_more_and_then_drained() {
        let mut stage = Stage::default();
        stage.send();
        assert_eq!(stage.run(1000, true), 10);
        for _ in 0..10 {
            stage.answer();
            stage.millis += 10;
            assert!(!stage.flight.is_in_step() && !stage.may_send(true), "it is still at it");
        }
        stage.answer();
        assert!(stage.flight.is_in_step() && !stage.flight.may_need_more());
    }

    #[test]
    fn one_that_looks_ahead_has_so_many_more() {
        let mut stage = Stage::default();
        stage.send();
        stage.run(200, true);
        assert_eq!((stage.sent, stage.answer()), (3, Some(1)));
        while !stage.flight.is_in_step() {
            stage.run(10, true);
        }
        // It keeps two, as its silence says.
        assert_eq!(stage.sent, 4);
        assert!(stage.flight.may_need_more());
        for number in 2..20 {
            assert!(!stage.may_send(true));
            stage.millis += 7;
            assert_eq!(stage.answer(), Some(number));
            assert!(stage.may_send(true), "at once");
            stage.send();
        }
    }

    #[test]
    fn one_that_is_busy_is_not_taken_for_one_that_looks_ahead() {
        let mut stage = Stage::default();
        stage.send();
        stage.run(100, true);
        stage.answer();
        // It works on the second one, and has not read that to its end.
        assert_eq!(stage.run(2000, false), 0);
        assert!(!stage.flight.is_in_step());
        stage.answer();
        assert!(!stage.flight.may_need_more());
    }

    #[test]
    fn one_that_loses_pictures_goes_on_and_its_debts_are_bounded() {
        let mut stage = Stage::default();
        stage.send();
        stage.run(100, true);
        stage.answer();
        for _ in 0..100 {
            stage.run(1000, true);
            assert!(stage.flight.tickets.len() <= MOST_AHEAD + 1);
        }
        assert!(stage.answer().is_some());
    }

    #[test]
    fn probes_are_bounded() {
        let mut stage = Stage::default();
        stage.run(3_600_000, true);
        assert_eq!(stage.flight.tickets.len(), MOST_PROBES);
    }

    #[test]
    fn whatever_it_does_its_answers_come_in_order_and_what_it_has_is_bounded() {
        let mut answers = 0;
        for seed in 0..300_u64 {
            let (mut stage, mut random, mut last) = (Stage::default(), seed, 0);
            for _ in 0..400 {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                match random >> 60 {
                    0..=5 if stage.may_send(random >> 32 & 1 == 0) => stage.send(),
                    6..=8 => {
                        let answered = stage.answer();
                        assert!(
                            answered.is_none_or(|id| id > last),
                            "{answered:?} after {last}, seed {seed}"
                        );
                        last = answered.unwrap_or(last);
                        answers += u64::from(answered.is_some());
                    }
                    9 => {
                        let now = stage.now();
                        stage.flight.spoilt(now);
                    }
                    10..=12 => stage.millis += random >> 40 & 0x3FF,
                    _ => stage.millis += 1,
                }
                let Flight { tickets, ahead, due, .. } = &stage.flight;
                assert!(tickets.len() <= MOST_PROBES && ahead.is_none_or(|ahead| ahead <= MOST_AHEAD));
                assert!(due.is_none_or(|due| due <= stage.now()));
            }
        }
        assert!(answers > 1000, "{answers}");
    }

    #[test]
    fn it_hangs_only_while_an_answer_is_due() {
        let mut stage = Stage::default();
        let timeout = Duration::from_secs(10);
        assert_eq!(stage.flight.deadline(timeout), None);
        stage.send();
        let deadline = stage.now() + timeout;
        stage.run(300, true);
        assert_eq!(stage.flight.deadline(timeout), Some(deadline), "that of the first");
        let now = stage.now();
        stage.flight.spoilt(now);
        assert_eq!(stage.flight.deadline(timeout), Some(deadline), "what is no picture is no answer");
        stage.answer();
        assert_eq!(stage.flight.deadline(timeout), None);
        assert_eq!(Flight::default().answered(now).map(|ticket| ticket.id), None);
    }
}
