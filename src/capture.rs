//! The crank of the daemon: source, JPEG, slot. Opens the source when somebody watches, opens it again when it is
//! lost, shows a placard meanwhile, and stops it when nobody watches any longer.

pub mod guard;
mod run;
mod shared;
mod trouble;

use std::sync::Arc;
use std::time::{Duration, Instant};

use log::{debug, info, warn};

use self::run::{Fate, Run};
pub use self::shared::Shared;
use crate::config::Settings;
use crate::intake::Intake;
use crate::retry::Retry;
use crate::source::{self, Grab, Lost, Opened, Source};
use crate::status::State;

/// How long one wait for a picture lasts at most, so that a viewer's leaving and the daemon's end are noticed.
const TICK: Duration = Duration::from_millis(250);

/// A wait for a picture that lasts so long: it was not the camera alone that stood still, but this process or the machine.
const STOOD_STILL: Duration = Duration::from_secs(2);

/// More than a driver's buffers are: what comes after so many pictures is not old.
const MOST_BUFFERED: usize = 64;

pub struct Capture {
    source: Box<dyn Source>,
    /// What the source was made by.
    settings: Arc<Settings>,
    /// Which of the settings and orders are carried out.
    done: Done,
    shared: Shared,
    intake: Intake,
    retry: Retry,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Done {
    generation: u64,
    restarts: u64,
}

impl Capture {
    pub fn new(shared: Shared) -> std::io::Result<Self> {
        let done = Done { generation: shared.live.generation(), restarts: shared.orders.restarts() };
        let settings = shared.live.get();
        let intake = Intake::new(&settings, &shared)?;
        Ok(Self {
            source: source::new(&settings, &shared.panel, &shared.inbox),
            settings,
            done,
            shared,
            intake,
            retry: Retry::default(),
        })
    }

    /// Runs until the audience is closed.
    pub fn run(mut self) {
        while self.wait_until_wanted() {
            let outcome = self.run_once();
            self.intake.discard();
            if matches!(outcome, Ok(End::Unwanted)) {
                // Before the camera is stopped, which may take a while: who comes meanwhile must not see an old picture.
                self.rest();
            }
            self.source.close();
            self.shared.stats.captured_fps.set(0.0);
            self.shared.stats.same_seconds.set(0.0);
            if let Err(lost) = outcome {
                // Once for each picture that it brought: a source that changes all the time is one that fails.
                if matches!(lost, Lost::Changed(_)) && self.retry.is_first() {
                    info!("{lost}; starting anew");
                    self.retry.pause(Duration::ZERO, false);
                    continue;
                }
                let delay =
                    self.retry.pause(self.settings.source.device_error_delay, self.source.pauses_grow());
                self.show_trouble(&lost, &format!("trying again in {} s", delay.as_secs_f64()));
                self.shared.heartbeat.rest();
                self.shared.audience.pause(delay);
            }
        }
    }

    /// One life of the source: from opening it until nobody watches, until it is lost, or until somebody wants it otherwise.
    fn run_once(&mut self) -> Result<End, Lost> {
        self.shared.heartbeat.beat();
        if matches!(self.shared.status.get(), State::Idle | State::Paused) {
            self.shared.status.set(State::Starting);
        }
        let mut opened = self.source.open()?;
        self.shared.stats.opened.add(1);
        debug!("opened {opened}");
        self.intake.set_flipped(opened.flipped);
        let mut run = Run::new(&opened, &self.settings.source, self.source.is_paced());
        while self.is_wanted() {
            if self.obey() {
                return Ok(End::Otherwise);
            }
            if self.shared.orders.is_paused() {
                return Ok(End::Paused);
            }
            if !self.is_watched() {
                self.stand_by(&mut run, &opened)?;
                continue;
            }
            self.shared.heartbeat.beat();
            let (fate, size) = self.take_one(&mut run)?;
            match fate {
                Fate::Good(taken) => {
                    run.stood_still = false;
                    opened.size = opened.size.or(size);
                    self.retry.succeeded();
                    // Said before it is shown: who has seen a picture finds the camera online.
                    self.show_online(&mut run, &opened);
                    self.intake.show(taken);
                }
                Fate::Bad(trouble) => run.trouble = Some(trouble),
                Fate::Surplus if run.trouble.is_none() => run.last_good = Instant::now(),
                Fate::Surplus | Fate::Nothing => {}
            }
            self.check_stillness(&mut run);
            self.check_stall(&mut run)?;
        }
        Ok(End::Unwanted)
    }

    /// Waits for a picture, of which the size is told too. What comes after a stop was made before it, and is for nobody.
    fn take_one(&mut self, run: &mut Run) -> Result<(Fate, Option<(u32, u32)>), Lost> {
        let mut fate = Fate::Nothing;
        let mut size = None;
        let begun = Instant::now();
        let mut waited = None;
        let Self { source, intake, shared, .. } = self;
        let grab = source.next(TICK, &mut |picture| {
            size = Some((picture.width, picture.height));
            shared.stats.same_seconds.set(run.stillness.look(&picture).as_secs_f64());
            let is_old = *waited.insert(begun.elapsed()) >= STOOD_STILL || shared.heartbeat.has_missed();
            fate = match !is_old && run.admits(&picture) {
                true => intake.take(picture).map_or_else(Fate::Bad, Fate::Good),
                false => Fate::Surplus,
            };
        })?;
        self.count(grab, run);
        if let Grab::Picture { .. } = grab {
            self.shared.stats.captured_fps.set(run.tick());
        }
        let was_missed = self.shared.heartbeat.take_missed();
        run.is_told |= was_missed;
        if was_missed || waited.unwrap_or_else(|| begun.elapsed()) >= STOOD_STILL {
            self.go_on_after_a_stop(run)?;
        }
        if was_missed {
            // It was handed over, and then the driver did not come back.
            fate = Fate::Nothing;
            self.intake.discard();
        }
        Ok((fate, size))
    }

    /// Takes over what was changed or asked for. True: the source is another one, or is to be opened anew.
    fn obey(&mut self) -> bool {
        let shared = &self.shared;
        let now = Done { generation: shared.live.generation(), restarts: shared.orders.restarts() };
        if now == self.done {
            return false;
        }
        let restart = now.restarts != self.done.restarts;
        self.done = now;
        let before = std::mem::replace(&mut self.settings, shared.live.get());
        if let Err(error) = self.intake.set(&self.settings, &shared.audience) {
            warn!("{error:#}");
        }
        let other = !self.settings.source.is_same_device(&before.source);
        if other {
            self.source.close();
            self.source = source::new(&self.settings, &self.shared.panel, &self.shared.inbox);
        }
        self.source.ask_for(self.settings.image.flips()) || other || restart
    }

    fn count(&self, grab: Grab, run: &Run) {
        let stats = &self.shared.stats;
        let lost = match grab {
            Grab::Picture { lost } => {
                stats.captured.add(1);
                lost
            }
            Grab::Broken { lost } => {
                stats.dropped_error.add(1);
                lost
            }
            Grab::Nothing => 0,
        };
        // What nobody wanted is not lost.
        if !run.stood_by {
            stats.lost.add(lost);
        }
    }

    /// After SIGSTOP, or when the machine has slept, or the driver has hung: what lies ready is old, and the camera is not to be
    /// blamed for the silence. Only once until it gives a picture: a driver that takes so long for each answer does not get away
    /// with it.
    fn go_on_after_a_stop(&mut self, run: &mut Run) -> Result<(), Lost> {
        if !std::mem::replace(&mut run.stood_still, true) {
            self.throw_away(run)?;
            run.last_good = Instant::now();
        }
        Ok(())
    }

    /// Until somebody watches the camera runs on, and its pictures are thrown away, so that the driver has room for the
    /// one that the first viewer is to see. They tell that it is alive.
    fn stand_by(&mut self, run: &mut Run, opened: &Opened) -> Result<(), Lost> {
        let Some(fps) = self.settings.source.idle_fps else { return Ok(()) };
        self.intake.discard();
        self.shared.stats.captured_fps.set(0.0);
        run.stood_by = true;
        if run.online {
            self.show_standby(opened);
        }
        while self.is_wanted() && !self.is_watched() && !self.is_called() {
            self.shared.heartbeat.rest();
            self.shared.audience.wait_at_most(fps.interval());
            self.shared.heartbeat.beat();
            if self.throw_away(run)? {
                self.retry.succeeded();
                run.online = true;
                run.last_good = Instant::now();
                self.show_standby(opened);
            }
            self.check_stall(run)?;
        }
        Ok(())
    }

    /// Takes all pictures that lie ready, which may be old. Returns whether there were any.
    fn throw_away(&mut self, run: &Run) -> Result<bool, Lost> {
        let mut any = false;
        for _ in 0..MOST_BUFFERED {
            let grab = self.source.next(Duration::ZERO, &mut |_| {})?;
            self.count(grab, run);
            match grab {
                Grab::Picture { .. } => any = true,
                Grab::Broken { .. } => {}
                Grab::Nothing => break,
            }
        }
        Ok(any)
    }

    fn show_standby(&self, opened: &Opened) {
        let standby = State::Standby(opened.clone());
        if self.shared.status.get() != standby {
            self.shared.latest.clear();
            info!("{standby}");
            self.shared.status.set(standby);
        }
    }

    fn show_online(&mut self, run: &mut Run, opened: &Opened) {
        run.last_good = Instant::now();
        run.trouble = None;
        let was_online = std::mem::replace(&mut run.online, true);
        let was_other = std::mem::take(&mut run.stood_by) | std::mem::take(&mut run.is_told);
        if was_online && !was_other {
            return;
        }
        self.shared.status.set(State::Online(opened.clone()));
        info!("{opened}{}", self.differs_from_the_wish(opened));
    }

    fn differs_from_the_wish(&self, opened: &Opened) -> String {
        let wish = self.settings.source.resolution;
        let rate = self.settings.source.desired_fps.map(|fps| fps.per_second());
        let same_rate = rate.zip(opened.fps).is_none_or(|(wish, fps)| (wish - fps).abs() < 0.5);
        // With `dv-timings` the signal has the size that it has.
        let same_size =
            opened.size == Some((wish.width, wish.height)) || self.settings.source.v4l2.dv_timings;
        // Pictures from a folder or from elsewhere have the size that they have.
        if (same_size && same_rate) || !self.settings.source.name.is_asked_for_a_size() {
            return String::new();
        }
        let rate = rate.map_or_else(String::new, |rate| format!(" at {rate}/s"));
        format!(" (asked for {}x{}{rate}, this is what it gives)", wish.width, wish.height)
    }

    /// Whether somebody wants something else than what runs.
    fn is_called(&self) -> bool {
        let Done { generation, restarts } = self.done;
        let shared = &self.shared;
        shared.orders.is_paused()
            || shared.orders.restarts() != restarts
            || shared.live.generation() != generation
    }

    /// Whether the source is to run, watched or not.
    fn is_wanted(&self) -> bool {
        self.is_watched() || (self.settings.source.idle_fps.is_some() && !self.shared.audience.is_closed())
    }

    fn is_watched(&self) -> bool {
        let audience = &self.shared.audience;
        let bored = self.settings.source.idle_timeout.zip(audience.empty_for());
        !audience.is_closed() && bored.is_none_or(|(limit, empty)| empty < limit)
    }

    /// Nobody watches: the slot is emptied, so that whoever comes next sees a live picture.
    fn rest(&self) {
        self.shared.latest.clear();
        if self.shared.status.set(State::Idle) != State::Idle && !self.shared.audience.is_closed() {
            info!("{}", State::Idle);
        }
    }

    /// Returns at once while somebody watches, or the source is to run without; else waits. False: the daemon ends.
    fn wait_until_wanted(&mut self) -> bool {
        loop {
            let waited = if self.shared.orders.is_paused() {
                self.show_paused();
                self.shared.heartbeat.rest();
                self.shared.audience.wait_for_nudge()
            } else {
                self.obey();
                if self.is_wanted() {
                    return true;
                }
                // After a loss nobody may be there to see the placard any longer.
                self.rest();
                self.shared.heartbeat.rest();
                self.shared.audience.wait()
            };
            // Whatever ended the wait: a change of settings alone is no reason to open a camera that nobody watches.
            if !waited {
                return false;
            }
        }
    }

    /// The last picture that viewers have seen, marked, and where there is none, a picture that says the same.
    fn show_paused(&self) {
        if self.shared.status.set(State::Paused) == State::Paused {
            return;
        }
        info!("{}", State::Paused);
        const WORD: &str = "PAUSED";
        let last = self.shared.latest.get().filter(|frame| frame.online);
        match last.map(|frame| self.intake.marked(&frame, WORD)) {
            Some(Ok(frame)) => drop(self.shared.latest.publish(frame)),
            Some(Err(error)) => {
                warn!("cannot mark the last picture: {error}");
                self.show_placard(WORD, "");
            }
            None => self.show_placard(WORD, ""),
        }
    }
}

/// Why a life of the source ended, other than by its loss.
enum End {
    /// Nobody watches, or the daemon ends.
    Unwanted,
    Paused,
    /// It is to be opened again, perhaps otherwise: viewers keep what they see meanwhile.
    Otherwise,
}
