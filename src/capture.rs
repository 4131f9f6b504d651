//! The crank of the daemon: source, JPEG, slot. Opens the source when somebody watches, opens it again when it is
//! lost, shows a placard meanwhile, and stops it when nobody watches any longer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use log::{debug, info, warn};

use crate::audience::Audience;
use crate::clock::Monotonic;
use crate::config::values::{Resolution, SourceName};
use crate::config::{self, Settings};
use crate::controls::Panel;
use crate::heartbeat::Heartbeat;
use crate::intake::{Intake, Taken};
use crate::latest::Latest;
use crate::pace::Pace;
use crate::picture::Picture;
use crate::source::{Grab, Lost, Opened, Source};
use crate::stats::{RateMeter, Stats};
use crate::status::{State, Status};

/// How long one wait for a picture lasts at most, so that a viewer's leaving and the daemon's end are noticed.
const TICK: Duration = Duration::from_millis(250);

/// More than a driver's buffers are: what comes after so many pictures is not old.
const MOST_BUFFERED: usize = 64;

/// Cameras that are slow to start are given this long for their first picture before they are opened again.
const SLOWEST_START: Duration = Duration::from_secs(10);

/// What the capture thread shares with the others.
#[derive(Clone)]
pub struct Shared {
    pub latest: Arc<Latest>,
    pub audience: Arc<Audience>,
    pub status: Arc<Status>,
    pub stats: Arc<Stats>,
    pub heartbeat: Arc<Heartbeat>,
    pub panel: Arc<Panel>,
}

pub struct Capture {
    source: Box<dyn Source>,
    settings: config::Source,
    shared: Shared,
    intake: Intake,
}

impl Capture {
    pub fn new(source: Box<dyn Source>, settings: &Settings, shared: Shared) -> std::io::Result<Self> {
        let intake = Intake::new(settings, &shared)?;
        Ok(Self { source, settings: settings.source.clone(), shared, intake })
    }

    /// Runs until the audience is closed.
    pub fn run(mut self) {
        while self.wait_until_wanted() {
            let outcome = self.run_once();
            self.intake.discard();
            if outcome.is_ok() {
                // Before the camera is stopped, which may take a while: who comes meanwhile must not see an old picture.
                self.rest();
            }
            self.source.close();
            self.shared.stats.captured_fps.set(0.0);
            if let Err(lost) = outcome {
                let delay = self.settings.device_error_delay;
                self.show_trouble(&lost, &format!("trying again every {} s", delay.as_secs_f64()));
                self.shared.heartbeat.rest();
                self.shared.audience.pause(delay);
            }
        }
    }

    /// One life of the source: from opening it until nobody watches, or until it is lost.
    fn run_once(&mut self) -> Result<(), Lost> {
        self.shared.heartbeat.beat();
        if self.shared.status.get() == State::Idle {
            self.shared.status.set(State::Starting);
        }
        let opened = self.source.open()?;
        self.shared.stats.opened.add(1);
        debug!("opened {opened}");
        let mut run = Run::new(&opened, &self.settings);
        while self.is_wanted() {
            if !self.is_watched() {
                self.stand_by(&mut run, &opened)?;
                continue;
            }
            self.shared.heartbeat.beat();
            let mut fate = Fate::Nothing;
            let grab = self.source.next(TICK, &mut |picture| {
                fate = match run.admits(&picture) {
                    true => self.intake.take(picture).map_or_else(Fate::Bad, Fate::Good),
                    false => Fate::Surplus,
                };
            })?;
            self.count(grab, &run);
            if let Grab::Picture { .. } = grab {
                self.shared.stats.captured_fps.set(run.tick());
            }
            match fate {
                Fate::Good(taken) => {
                    // Said before it is shown: who has seen a picture finds the camera online.
                    self.show_online(&mut run, &opened);
                    self.intake.show(taken);
                }
                Fate::Bad(trouble) => run.trouble = Some(trouble),
                Fate::Surplus if run.trouble.is_none() => run.last_good = Instant::now(),
                Fate::Surplus | Fate::Nothing => {}
            }
            self.check_stall(&mut run)?;
        }
        Ok(())
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

    /// Until somebody watches the camera runs on, and its pictures are thrown away, so that the driver has room for the
    /// one that the first viewer is to see. They tell that it is alive.
    fn stand_by(&mut self, run: &mut Run, opened: &Opened) -> Result<(), Lost> {
        let Some(fps) = self.settings.idle_fps else { return Ok(()) };
        self.intake.discard();
        self.shared.stats.captured_fps.set(0.0);
        run.stood_by = true;
        if run.online {
            self.show_standby(opened);
        }
        while self.is_wanted() && !self.is_watched() {
            self.shared.heartbeat.rest();
            self.shared.audience.wait_at_most(fps.interval());
            self.shared.heartbeat.beat();
            if self.throw_away(run)? {
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
        if was_online && !std::mem::take(&mut run.stood_by) {
            return;
        }
        self.shared.status.set(State::Online(opened.clone()));
        info!("{opened}{}", self.differs_from_the_wish(opened));
    }

    fn differs_from_the_wish(&self, opened: &Opened) -> String {
        let wish = self.settings.resolution;
        let rate = self.settings.desired_fps.map(|fps| fps.per_second());
        let same_rate = rate.zip(opened.fps).is_none_or(|(wish, fps)| (wish - fps).abs() < 0.5);
        let same_size = (opened.width, opened.height) == (wish.width, wish.height);
        // Pictures in a folder have the size that they have.
        if (same_size && same_rate) || self.settings.name == SourceName::Slideshow {
            return String::new();
        }
        let rate = rate.map_or_else(String::new, |rate| format!(" at {rate}/s"));
        format!(" (asked for {}x{}{rate}, this is what it gives)", wish.width, wish.height)
    }

    /// A source without a good picture for too long is lost; a slow start is shown, and waited for a little longer.
    fn check_stall(&mut self, run: &mut Run) -> Result<(), Lost> {
        let Some(limit) = self.source.stall_after() else { return Ok(()) };
        let limit = limit.max(run.two_intervals);
        let silent = run.last_good.elapsed();
        if silent < limit {
            return Ok(());
        }
        let device = &run.device;
        let what = match &run.trouble {
            Some(trouble) => format!("{device}: no picture that can be shown: {trouble}"),
            None if run.online => format!("{device}: no picture for {} s", limit.as_secs_f64()),
            None => format!("{device}: still no first picture after {} s", limit.as_secs_f64()),
        };
        let lost = Lost::NoSignal(what);
        if run.online || silent >= limit.max(SLOWEST_START) {
            return Err(lost);
        }
        if !std::mem::replace(&mut run.slow_start_shown, true) {
            self.show_trouble(&lost, "waiting for it");
        }
        Ok(())
    }

    /// One line in the log for each change of state, and a picture that says the same to the viewers.
    fn show_trouble(&mut self, lost: &Lost, next: &str) {
        let state = State::from(lost);
        let before = self.shared.status.set(state.clone());
        if before == state {
            return;
        }
        if before.word() == state.word() {
            debug!("{state}");
        } else {
            warn!("{state}; {next}");
        }
        let (title, reason) = match lost {
            Lost::NoCamera(reason) => ("NO CAMERA", reason),
            Lost::NoSignal(reason) => ("NO SIGNAL", reason),
        };
        let Resolution { width, height } = self.settings.resolution;
        match self.intake.placard(title, reason, (width, height)) {
            Ok(frame) => self.shared.latest.publish(frame),
            Err(error) => warn!("cannot draw the \"{title}\" picture: {error}"),
        }
    }

    /// Whether the source is to run, watched or not.
    fn is_wanted(&self) -> bool {
        self.is_watched() || (self.settings.idle_fps.is_some() && !self.shared.audience.is_closed())
    }

    fn is_watched(&self) -> bool {
        let audience = &self.shared.audience;
        let bored = self.settings.idle_timeout.zip(audience.empty_for());
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
        if self.is_wanted() {
            return true;
        }
        // After a loss nobody may be there to see the placard any longer.
        self.rest();
        self.shared.heartbeat.rest();
        self.shared.audience.wait()
    }
}

/// What is known of the source since it was opened.
struct Run {
    device: String,
    last_good: Instant,
    online: bool,
    /// Since the last picture that was shown.
    stood_by: bool,
    slow_start_shown: bool,
    /// Why the last picture could not be shown.
    trouble: Option<String>,
    rate: RateMeter,
    /// A camera for slow pictures is not stalled between two of them.
    two_intervals: Duration,
    /// Where the source gives more pictures than asked for.
    pace: Option<Pace>,
}

impl Run {
    fn new(opened: &Opened, settings: &config::Source) -> Self {
        // A camera's clock is never quite ours: only a rate that is clearly higher is thinned out.
        let faster = |wish: f64| opened.fps.is_none_or(|fps| fps > wish * 1.1);
        let pace =
            settings.desired_fps.filter(|fps| faster(fps.per_second())).map(|fps| Pace::new(fps.interval()));
        Self {
            device: opened.device.clone(),
            last_good: Instant::now(),
            online: false,
            stood_by: false,
            slow_start_shown: false,
            trouble: None,
            rate: RateMeter::default(),
            two_intervals: opened.interval().map_or(Duration::ZERO, |interval| interval.saturating_mul(2)),
            pace,
        }
    }

    fn admits(&mut self, picture: &Picture<'_>) -> bool {
        self.pace.as_mut().is_none_or(|pace| pace.admits(picture.grabbed))
    }

    fn tick(&mut self) -> f64 {
        let now = Monotonic::now();
        self.rate.tick(now);
        self.rate.per_second(now)
    }
}

/// What came of the picture that the source gave, if it gave one.
enum Fate {
    Nothing,
    Good(Taken),
    /// The text says why it cannot be shown.
    Bad(String),
    /// One more than was asked for.
    Surplus,
}
