//! One soak: steps of a plan, after each of which everything is looked at that may grow, lag or break.

// Named, so that it is found from wherever this file is taken.
#[path = "checks.rs"]
mod checks;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mjpegd::clock::Monotonic;
use rustix::process::Signal;
use serde_json::json;

use crate::common::camera::Camera;
use crate::crowd::Crowd;
use crate::eye::{Eye, Habit};
use crate::figures::Figures;
use crate::lateness::Lateness;
use crate::plan::{Plan, Step, Trouble};
use crate::subject::{self, Subject};
use crate::trouble::{Fault, Shows};
use crate::vitals::Vitals;

/// What viewers are promised.
const PLACARD_WITHIN: Duration = Duration::from_secs(2);
const LIVE_WITHIN: Duration = Duration::from_secs(2);
const SLOW_RATE: usize = 400_000;
const IDLE_SECONDS: u64 = 2;

pub struct Order {
    pub seed: u64,
    pub time: Duration,
    /// What the camera gives: MJPG or YUYV.
    pub format: String,
    /// By how much more time everything may take, on a machine that is known to be slow; above 1 rates and sizes are not judged.
    pub patience: u32,
}

pub struct Soak {
    order: Order,
    camera: Camera,
    subject: Subject,
    /// Always there, by each way, with headers that tell placards and ages.
    good: Vec<Eye>,
    extras: Vec<Eye>,
    crowd: Crowd,
    lateness: Lateness,
    /// With nobody there but one viewer, and without that one's connection.
    base: Vitals,
    pub figures: Figures,
}

impl Soak {
    pub fn start(order: Order) -> Result<Self> {
        let camera = subject::camera(&order.format);
        let toml = format!("[source]\nidle-timeout = {IDLE_SECONDS}\n");
        let subject = Subject::start(
            &camera,
            &toml,
            &["--format", if order.format == "MJPG" { "MJPEG" } else { "YUYV" }],
        )?;
        let mut soak = Self {
            order,
            camera,
            subject,
            good: Vec::new(),
            extras: Vec::new(),
            crowd: Crowd::default(),
            lateness: Lateness::measure()?,
            base: Vitals::default(),
            figures: Figures::default(),
        };
        let eye = soak.enter(0, Habit { headers: true, slow: None })?;
        soak.good.push(eye);
        let begun = Monotonic::now();
        soak.wait("the first picture", Duration::from_secs(5), begun, |soak| {
            soak.good[0].first(true, begun).is_some()
        })?;
        soak.base = soak.subject.vitals()?;
        soak.base.fds -= 1;
        soak.enter_good()?;
        Ok(soak)
    }

    /// Until the time is over; an error is a breach.
    pub fn run(&mut self) -> Result<()> {
        let (begun, mut plan) = (Monotonic::now(), Plan::new(self.order.seed, &self.order.format));
        while begun.age() < self.order.time {
            let step = plan.next();
            let number = self.figures.steps() + 1;
            self.figures.count(&step.trouble);
            self.step(&step).with_context(|| format!("step {number}, {step:?}"))?;
            self.figures.tell_last(&step.trouble);
            self.figures.elapsed = begun.age();
            self.figures.late = self.lateness.summary();
        }
        self.judge_growth()
    }

    pub fn last_words(&self, lines: usize) -> String {
        self.subject.last_words(lines)
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        let lines = self.subject.log_lines();
        self.people(step)?;
        match step.trouble {
            Trouble::Nothing => {}
            Trouble::Camera(fault) => self.fail(fault, step.hold)?,
            Trouble::SlowStart(millis) => {
                self.camera.fault(&format!("start-delay:{millis}"));
                let stopped = self.restart()?;
                // What the camera itself takes is not ours.
                self.see_live(stopped + Duration::from_millis(millis.into()), LIVE_WITHIN)?;
                self.camera.mend();
            }
            Trouble::Quality(quality) => self.subject.patch(&json!({"encoder": {"quality": quality}}))?,
            Trouble::Resolution(size, width) => {
                let begun = Monotonic::now();
                self.subject.patch(&json!({"source": {"resolution": size}}))?;
                self.wait("pictures of the new size", self.times(LIVE_WITHIN), begun, |soak| {
                    let sees = |eye: &Eye| eye.sight().newest.is_some_and(|seen| seen.width == width);
                    soak.good.iter().all(sees)
                })?;
            }
            Trouble::Overlay => {
                self.subject.patch(&json!({"overlay": {"text": "soak %H:%M:%S"}}))?;
                self.linger(step.hold)?;
                self.subject.patch(&json!({"overlay": {"text": ""}}))?;
            }
            Trouble::Control(value) => self.subject.set_control("brightness", value.into())?,
            Trouble::Restart => {
                let stopped = self.restart()?;
                self.see_live(stopped, LIVE_WITHIN)?;
            }
            Trouble::Save => self.subject.act("save")?,
            Trouble::Pause => {
                self.subject.act("pause")?;
                let begun = Monotonic::now();
                self.wait("the state \"paused\"", self.times(LIVE_WITHIN), begun, |soak| {
                    soak.subject.word() == "paused"
                })?;
                self.linger(step.hold)?;
                let begun = Monotonic::now();
                self.subject.act("continue")?;
                self.see_live(begun, LIVE_WITHIN)?;
            }
            Trouble::Stopped => {
                self.subject.signal(Signal::STOP);
                let stopped = self.linger(Duration::from_secs(2));
                let begun = Monotonic::now();
                self.subject.signal(Signal::CONT);
                stopped?;
                self.see_live(begun, LIVE_WITHIN)?;
            }
            Trouble::Idle => self.rest()?,
        }
        self.calm()?;
        self.look(lines)
    }

    /// Those who leave, and those who come.
    fn people(&mut self, step: &Step) -> Result<()> {
        self.crowd.leave(step.leave);
        self.extras.iter().for_each(Eye::leave);
        self.extras.clear();
        for number in 0..step.fast {
            let eye = self.enter(number, Habit::default())?;
            self.extras.push(eye);
        }
        for number in 0..step.slow {
            let eye = self.enter(number, Habit { headers: true, slow: Some(SLOW_RATE) })?;
            self.extras.push(eye);
        }
        for guest in &step.guests {
            self.crowd.come(*guest, &self.subject)?;
        }
        Ok(())
    }

    /// By one of the ways, in turn. Over a Unix socket the kernel holds back nothing that a slow reader is measured by.
    fn enter(&mut self, number: usize, habit: Habit) -> Result<Eye> {
        let way = match number % 3 {
            1 => self.subject.tls(),
            2 if habit.slow.is_none() => self.subject.unix(),
            _ => self.subject.tcp(),
        };
        self.figures.viewers += 1;
        Eye::open(&way, habit)
    }

    fn enter_good(&mut self) -> Result<()> {
        for number in self.good.len()..3 {
            let eye = self.enter(number, Habit { headers: true, slow: None })?;
            self.good.push(eye);
        }
        Ok(())
    }

    /// Returns when the camera has stopped: until then its pictures go on.
    fn restart(&mut self) -> Result<Monotonic> {
        let (begun, before) = (Monotonic::now(), self.camera.count("streamoff"));
        self.subject.act("restart")?;
        let limit = self.times(LIVE_WITHIN);
        self.wait("the camera's stop", limit, begun, |soak| soak.camera.count("streamoff") > before)?;
        Ok(Monotonic::now())
    }

    fn fail(&mut self, fault: &Fault, hold: Duration) -> Result<()> {
        let begun = Monotonic::now();
        self.camera.fault(fault.words);
        if fault.at_start {
            self.subject.act("restart")?;
        }
        if fault.shows == Shows::Placard {
            let limit = self.times(PLACARD_WITHIN);
            self.wait("a placard", limit, begun, |soak| {
                soak.good.iter().all(|eye| eye.first(false, begun).is_some())
            })?;
            let after = self.good.iter().filter_map(|eye| Some(eye.first(false, begun)?.at - begun));
            self.figures.placard(after.collect(), limit);
        }
        self.linger(hold)?;
        let ended = Monotonic::now();
        self.camera.mend();
        self.see_live(ended, LIVE_WITHIN)
    }

    /// Waits until all good viewers have a picture that was taken after this moment.
    fn see_live(&mut self, since: Monotonic, within: Duration) -> Result<()> {
        let limit = self.times(within);
        self.wait("a live picture", limit, since, |soak| {
            soak.good.iter().all(|eye| eye.first(true, since).is_some())
        })?;
        let after = self.good.iter().filter_map(|eye| Some(eye.first(true, since)?.at - since));
        self.figures.live(after.collect(), limit);
        Ok(())
    }

    /// Everybody goes; the camera rests; who comes next sees what is now.
    fn rest(&mut self) -> Result<()> {
        self.crowd.leave(usize::MAX);
        self.good.iter().chain(&self.extras).for_each(Eye::leave);
        self.good.clear();
        self.extras.clear();
        let begun = Monotonic::now();
        let limit = self.times(Duration::from_secs(IDLE_SECONDS) + LIVE_WITHIN);
        self.wait("the camera at rest", limit, begun, |soak| {
            soak.crowd.visiting() == 0 && soak.camera.count("streamon") == soak.camera.count("streamoff")
        })?;
        let vitals = self.subject.vitals()?;
        ensure!(
            vitals.fds <= self.base.fds,
            "{} descriptors are open with nobody there and the camera at rest, {} before the first viewer",
            vitals.fds,
            self.base.fds
        );
        let back = Monotonic::now();
        self.enter_good()?;
        self.see_live(back, LIVE_WITHIN)
    }

    fn times(&self, limit: Duration) -> Duration {
        limit * self.order.patience
    }

    fn linger(&mut self, time: Duration) -> Result<()> {
        let begun = Monotonic::now();
        while begun.age() < time {
            self.turn()?;
        }
        Ok(())
    }

    /// What was late only because the machine was is forgiven.
    fn wait(
        &mut self,
        what: &str,
        limit: Duration,
        since: Monotonic,
        mut holds: impl FnMut(&mut Self) -> bool,
    ) -> Result<()> {
        loop {
            if holds(self) {
                return Ok(());
            }
            let waited = since.age();
            ensure!(waited <= limit + self.lateness.forgives(since), "{what} did not come within {limit:?}");
            self.turn()?;
        }
    }

    fn turn(&mut self) -> Result<()> {
        std::thread::sleep(Duration::from_millis(10));
        self.crowd.turn();
        ensure!(self.subject.daemon.is_running(), "the daemon has ended");
        self.good.iter().chain(&self.extras).try_for_each(Eye::must_live)
    }
}
