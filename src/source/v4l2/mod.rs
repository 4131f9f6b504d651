//! V4L2 cameras: found, opened, agreed with on a format, and streamed from by mmap buffers.

mod buffers;
mod cameras;
mod controls;
mod diagnose;
mod flips;
mod format;
mod nodes;
mod stream;
mod sys;
mod timings;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use self::cameras::{Candidate, FormatOffer, ask, list};
pub use self::format::fourcc_name;

use self::flips::Flipping;
use self::format::Agreed;
use self::nodes::Nodes;
use self::stream::Stream;
use self::sys::Node;
use super::{Grab, Lost, Opened, Source};
use crate::config;
use crate::config::values::{Devices, FrameRate, Resolution};
use crate::controls::{Error, Panel, Plan, Wish};
use crate::flips::Flips;
use crate::picture::Picture;

/// A list of cameras, or all that there are; the first that works is taken.
#[derive(Debug)]
pub struct V4l2 {
    settings: config::V4l2,
    resolution: Resolution,
    desired_fps: Option<FrameRate>,
    stream: Option<Stream>,
    asked: Flips,
    // Dropped after the stream, since some drivers let nobody flip while they stream.
    flipping: Option<Flipping>,
    /// Why it does not flip, as of its last start.
    unflipped: Vec<String>,
    nodes: Arc<Nodes>,
    panel: Arc<Panel>,
    /// What the controls were set to, until the first picture has come.
    plan: Option<Plan>,
    has_started: bool,
    /// Whether the controls were looked at again after the first picture.
    is_held: bool,
    watched: u64,
}

impl V4l2 {
    pub fn new(settings: &config::Source, panel: &Arc<Panel>) -> Self {
        let nodes = Arc::new(Nodes::new(settings.v4l2.device.clone()));
        panel.attach(Some(nodes.clone()), settings.v4l2.controls.clone());
        Self {
            settings: settings.v4l2.clone(),
            resolution: settings.resolution,
            desired_fps: settings.desired_fps,
            stream: None,
            asked: Flips::NONE,
            flipping: None,
            unflipped: Vec::new(),
            nodes,
            panel: Arc::clone(panel),
            plan: None,
            has_started: false,
            is_held: false,
            watched: 0,
        }
    }

    fn open_one(&mut self, path: &Path) -> Result<Opened, Lost> {
        let (node, capability) = cameras::open(path)?;
        if let Some(what) = cameras::why_no_camera(&node, &capability) {
            return Err(Lost::NoCamera(format!(
                "{}: {what}, not a camera; `mjpegd devices` lists the cameras",
                path.display()
            )));
        }
        let signal = if self.settings.dv_timings { timings::adopt(&node, path)? } else { None };
        let Self { resolution, desired_fps, settings, .. } = &*self;
        let agreed = format::negotiate(&node, path, *resolution, settings.format, *desired_fps, signal)?;
        self.plan = self.set_controls(&node, path);
        let node = Arc::new(node);
        let stream = Stream::prepare(Arc::clone(&node), path, agreed, self.settings.buffers)?;
        let (mut flipping, mut refused) = Flipping::begin(node, self.asked, &self.panel.wishes());
        stream.start()?;
        refused.extend(flipping.check());
        self.stream = Some(stream);
        self.panel.hold(&flipping.ids());
        self.tell_refused(path, &refused);
        let flipped = flipping.done();
        self.flipping = Some(flipping);
        self.nodes.opened(path);
        let Agreed { format, width, height, fps, .. } = agreed;
        Ok(Opened {
            device: format!("{} ({})", path.display(), capability.card),
            format: format.to_string(),
            size: Some((width, height)),
            fps,
            flipped,
        })
    }

    /// Not again at each opening.
    fn tell_refused(&mut self, path: &Path, refused: &[Error]) {
        let words = |error| format!("{}: control {error}; mjpegd flips the pictures itself", path.display());
        let now: Vec<_> = refused.iter().map(words).collect();
        let before = std::mem::replace(&mut self.unflipped, now);
        if before != self.unflipped {
            self.unflipped.iter().for_each(|why| log::info!("{why}"));
        }
    }

    /// Before it streams, since some controls cannot be set then, and so that the first picture is as wanted.
    fn set_controls(&self, node: &Node, path: &Path) -> Option<Plan> {
        let _turn = self.panel.turn()?;
        make_so(node, path, &self.panel.wishes())
    }

    /// After the first picture: many cameras refuse or forget controls until they stream. Whoever sets some just now is waited
    /// for until the next picture, and what was set since the camera was opened is not set back.
    fn hold_controls(&mut self) {
        let Some(stream) = &self.stream else { return };
        let Some(_turn) = self.panel.turn() else { return };
        self.is_held = true;
        let wishes = self.panel.wishes();
        let made = self.plan.take().filter(|plan| plan.is_for(&wishes));
        let Some(mut plan) = made.or_else(|| make_so(stream.node(), stream.path(), &wishes)) else {
            self.panel.report(Vec::new());
            return;
        };
        plan.hold(stream.node());
        let device = stream.path().display();
        let troubles = plan.refused().iter().chain(plan.failed());
        self.panel.report(troubles.map(|error| format!("{device}: control {error}")).collect());
        self.panel.watch(plan.all().iter().map(|control| control.id));
        self.panel.changed();
    }

    fn watch_controls(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        if let Some(controls) = self.panel.watched_since(&mut self.watched) {
            stream.watch(&controls);
        }
        if stream.take_changes() {
            log::debug!("{}: controls have changed", stream.path().display());
            self.panel.changed();
        }
    }
}

impl Source for V4l2 {
    fn open(&mut self) -> Result<Opened, Lost> {
        let mut failures = Vec::new();
        for path in self.nodes.paths()? {
            match self.open_one(&path) {
                Ok(opened) => return Ok(opened),
                Err(lost) => failures.push(lost),
            }
        }
        // The first of a list is the one that the user wants most: it decides how the trouble is called.
        let words = failures.iter().map(Lost::to_string).collect::<Vec<_>>().join("; ");
        Err(match failures.first() {
            Some(Lost::NoSignal(_)) => Lost::NoSignal(words),
            _ => Lost::NoCamera(words),
        })
    }

    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost> {
        if self.has_started && !self.is_held {
            self.hold_controls();
        }
        self.watch_controls();
        let Some(stream) = &mut self.stream else {
            return Err(Lost::NoCamera(format!("{}: not open", self.name())));
        };
        let grab = stream.next(wait, take)?;
        self.has_started |= matches!(grab, Grab::Picture { .. });
        Ok(grab)
    }

    fn close(&mut self) {
        self.stream = None;
        self.flipping = None;
        self.panel.hold(&[]);
        self.plan = None;
        self.has_started = false;
        self.is_held = false;
        // Subscribed to anew with the next node.
        self.watched = 0;
    }

    fn ask_for(&mut self, flips: Flips) -> bool {
        let changed = std::mem::replace(&mut self.asked, flips) ^ flips;
        let stream = self.stream.as_ref();
        stream.is_some_and(|stream| flips::is_offered(stream.node(), changed, &self.panel.wishes()))
    }

    fn name(&self) -> String {
        match &self.settings.device {
            Devices::Auto => "any camera".into(),
            Devices::List(paths) => {
                paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn stall_after(&self) -> Option<Duration> {
        Some(self.settings.device_timeout)
    }
}

/// Sets the controls to what is wanted, if anything is.
fn make_so(node: &Node, path: &Path, wishes: &[Wish]) -> Option<Plan> {
    if wishes.is_empty() {
        return None;
    }
    let plan = Plan::new(node, wishes).map(|mut plan| {
        plan.apply(node);
        plan
    });
    // A camera that is gone will be missed by what comes next.
    plan.inspect_err(|error| log::debug!("{}: no controls: {error}", path.display())).ok()
}
