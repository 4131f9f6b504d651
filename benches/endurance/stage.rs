//! Where one row of the table is played: a daemon of its own, a camera, and one viewer whose connection is to last.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use mjpegd::clock::Monotonic;

use crate::common::camera::Camera;
use crate::common::client::state;
use crate::eye::{Eye, Habit};
use crate::lateness::Lateness;
use crate::subject::Subject;
use crate::trouble::{Fault, Shows};

/// What viewers are promised.
pub const PLACARD_WITHIN: Duration = Duration::from_secs(2);
pub const LIVE_WITHIN: Duration = Duration::from_secs(2);
/// Whatever takes no time on an idle machine.
pub const SOON: Duration = Duration::from_secs(5);
/// The name of a link to the camera, as udev makes them; settings say BY-ID for its path.
pub const LINK: &str = "camera";
/// How long a fault lasts after it was seen, in milliseconds: so that it ends at any moment between two attempts.
const HOLD: std::ops::Range<u64> = 100..1300;
/// The same lengths in each run.
const SEED: u64 = 7;
/// How long it is watched that nothing is seen of a fault.
pub const WATCHED: Duration = Duration::from_secs(1);
const GOOD: Habit = Habit { headers: true, slow: None };

/// What one round came to.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// From the cause to the placard, and from the cause's end to a live picture.
    pub placard: Option<Duration>,
    pub live: Option<Duration>,
    pub saw: String,
}

pub struct Stage {
    pub camera: Camera,
    pub subject: Subject,
    pub eye: Eye,
    pub lateness: Arc<Lateness>,
    pub link: String,
    random: Rng,
}

impl Stage {
    pub fn set_up(camera: Camera, toml: &str, lateness: &Arc<Lateness>) -> Result<Self> {
        let link = camera.link(LINK, 0);
        let subject = Subject::start(&camera, &toml.replace("BY-ID", &link), &[])?;
        let eye = Eye::open(&subject.tcp(), GOOD)?;
        let random = Rng::with_seed(SEED);
        let stage = Self { camera, subject, eye, lateness: Arc::clone(lateness), link, random };
        stage.live(Monotonic::now(), SOON).context("before anything was done")?;
        Ok(stage)
    }

    /// The camera fails in this way until viewers have seen it.
    pub fn fault(&mut self, fault: &Fault) -> Result<Round> {
        let begun = Monotonic::now();
        self.camera.fault(fault.words);
        if fault.at_start {
            self.subject.act("restart")?;
        }
        let (placard, saw) = match fault.shows {
            Shows::Placard => {
                let placard = self.placard(begun, PLACARD_WITHIN)?;
                let saw = self.says()?;
                self.last()?;
                (Some(placard), format!("placard: {saw}"))
            }
            Shows::Live => {
                self.hold(WATCHED)?;
                ensure!(self.eye.first(false, begun).is_none(), "a placard between live pictures");
                (None, "live throughout".to_owned())
            }
        };
        let ended = Monotonic::now();
        self.camera.mend();
        let live = self.live(ended, LIVE_WITHIN)?;
        Ok(Round { placard, live: placard.map(|_| live), saw })
    }

    /// The fault goes on for a while.
    pub fn last(&mut self) -> Result<()> {
        let time = Duration::from_millis(self.random.u64(HOLD));
        self.hold(time)
    }

    pub fn placard(&self, since: Monotonic, within: Duration) -> Result<Duration> {
        self.wait("a placard", since, within, |stage| stage.eye.first(false, since).is_some())?;
        Ok(self.eye.first(false, since).map_or(within, |seen| seen.at - since))
    }

    /// A picture that was taken after this moment.
    pub fn live(&self, since: Monotonic, within: Duration) -> Result<Duration> {
        self.wait("a live picture", since, within, |stage| stage.eye.first(true, since).is_some())?;
        Ok(self.eye.first(true, since).map_or(within, |seen| seen.at - since))
    }

    /// What stands on the placard, without the path of this camera.
    pub fn says(&self) -> Result<String> {
        let state = state(&self.subject.daemon);
        let text = state["result"]["mjpegd"]["camera"]["text"].as_str().context("no text in /state")?;
        let text = text
            .replace(&self.link, "DEVICE")
            .replace(self.camera.path(0), "DEVICE")
            .replace(" (Fakecam: Test Camera)", "");
        Ok(format!("\"{}\"", text.split_once(": ").map_or(&*text, |(_, reason)| reason)))
    }

    /// Whether the newest picture has this width.
    pub fn shows(&self, width: u32) -> bool {
        self.eye.sight().newest.is_some_and(|seen| seen.width == width)
    }

    /// Of the camera's two sizes the one that viewers do not see now, and its width.
    pub fn other_size(&self) -> (&'static str, u32) {
        if self.shows(640) { ("1280x720", 1280) } else { ("640x480", 640) }
    }

    /// Until there are pictures of this width.
    pub fn resized(&self, width: u32, since: Monotonic) -> Result<Round> {
        let live = self.wait("the new size", since, LIVE_WITHIN, |stage| stage.shows(width))?;
        Ok(Round { placard: None, live: Some(live), saw: "the old size, then the new one".to_owned() })
    }

    /// The viewer stays on its one connection meanwhile.
    pub fn hold(&self, time: Duration) -> Result<()> {
        let begun = Monotonic::now();
        while begun.age() < time {
            self.eye.must_live()?;
            std::thread::sleep(Duration::from_millis(5));
        }
        self.eye.must_live()
    }

    /// What was late only because the machine was is forgiven.
    pub fn wait(
        &self,
        what: &str,
        since: Monotonic,
        within: Duration,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> Result<Duration> {
        while !holds(self) {
            self.eye.must_live()?;
            let waited = since.age();
            ensure!(
                waited <= within + self.lateness.forgives(since),
                "{what} did not come within {within:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(since.age())
    }

    /// The viewer leaves, and comes back when it is told to.
    pub fn leave(&mut self) {
        self.eye.leave();
    }

    pub fn come_back(&mut self) -> Result<Monotonic> {
        let came = Monotonic::now();
        self.eye = Eye::open(&self.subject.tcp(), GOOD)?;
        Ok(came)
    }
}
