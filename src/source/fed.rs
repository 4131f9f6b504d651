//! A source whose pictures are got by a thread of its own: the newest one is shown, and what it took the place of is counted.

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::raw::Raw;
use super::slide::Slide;
use super::{Grab, Lost, Opened, Source};
use crate::clock::Monotonic;
use crate::config;
use crate::flips::Flips;
use crate::jpeg::markers;
use crate::mailbox::{Letter, Mailbox};
use crate::pace::Pace;
use crate::picture::{Picture, PixelFormat};

/// Pictures from elsewhere with more bytes than this are dropped.
pub const LONGEST_PICTURE: usize = 32 << 20;

/// Where pictures are got from.
pub(super) trait Feeder: Send {
    /// "rpicam-vid", "http://hub:8080/stream": without secrets.
    fn name(&self) -> String;

    /// "JPEG", or what else it comes as.
    fn format(&self) -> String {
        PixelFormat::Jpeg.to_string()
    }

    /// Begins, in a moment: what takes longer is done by the thread.
    fn start(&mut self) -> Result<Feed, Lost>;

    /// As [`Source::ask_for`].
    fn ask_for(&mut self, _flips: Flips) -> bool {
        false
    }
}

/// What has begun.
pub(super) struct Feed {
    /// Puts pictures into the mailbox until nobody wants more, or none will come: why. It has a thread to itself.
    pub(super) run: Box<dyn FnOnce(&Mailbox) -> String + Send>,
    /// Dropped, it makes `run` return soon.
    pub(super) guard: Box<dyn Send>,
    /// Pictures a second, where that is known.
    pub(super) fps: Option<f64>,
    /// What is flipped there already.
    pub(super) flipped: Flips,
    /// Set before the first of them, if they are decoded; else they are JPEGs or PNGs.
    pub(super) raw: Arc<OnceLock<Raw>>,
}

impl Feed {
    /// Of JPEGs, or PNGs.
    pub(super) fn new(
        run: impl FnOnce(&Mailbox) -> String + Send + 'static,
        guard: impl Send + 'static,
        fps: Option<f64>,
    ) -> Self {
        Self { run: Box::new(run), guard: Box::new(guard), fps, flipped: Flips::NONE, raw: Arc::default() }
    }
}

pub(super) struct Fed<F> {
    feeder: F,
    pace: Option<Pace>,
    timeout: Duration,
    open: Option<Open>,
}

struct Open {
    mailbox: Arc<Mailbox>,
    bytes: Vec<u8>,
    raw: Arc<OnceLock<Raw>>,
    _guard: Box<dyn Send>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}

impl<F: Feeder> Fed<F> {
    pub(super) fn new(feeder: F, settings: &config::Source) -> Self {
        Self { feeder, pace: pace(settings), timeout: settings.timeout, open: None }
    }
}

impl<F: Feeder> Source for Fed<F> {
    fn open(&mut self) -> Result<Opened, Lost> {
        let Feed { run, guard, fps, flipped, raw } = self.feeder.start()?;
        let mailbox = Arc::new(Mailbox::default());
        let theirs = Arc::clone(&mailbox);
        let spawned = thread::Builder::new().name("feed".into()).spawn(move || {
            let why = run(&theirs);
            theirs.end(why);
        });
        spawned.map_err(|error| Lost::NoSignal(format!("{}: no thread for it: {error}", self.name())))?;
        self.open = Some(Open { mailbox, bytes: Vec::new(), raw, _guard: guard });
        Ok(Opened { device: self.name(), format: self.feeder.format(), size: None, fps, flipped })
    }

    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost> {
        let name = self.feeder.name();
        let open = self.open.as_mut().ok_or_else(|| Lost::NoSignal(format!("{name}: not open")))?;
        match fetch(&open.mailbox, &mut self.pace, wait, &mut open.bytes) {
            Letter::Nothing => Ok(Grab::Nothing),
            Letter::Ended(why) => Err(Lost::NoSignal(why)),
            Letter::Picture { captured, lost } => {
                let shown = match open.raw.get() {
                    Some(raw) => raw.show(&mut open.bytes, captured, take),
                    None => show(&open.bytes, captured, take),
                };
                Ok(if shown { Grab::Picture { lost } } else { Grab::Broken { lost } })
            }
        }
    }

    fn close(&mut self) {
        self.open = None;
    }

    fn ask_for(&mut self, flips: Flips) -> bool {
        self.feeder.ask_for(flips)
    }

    fn name(&self) -> String {
        self.feeder.name()
    }

    fn stall_after(&self) -> Option<Duration> {
        Some(self.timeout)
    }

    fn is_paced(&self) -> bool {
        true
    }

    fn pauses_grow(&self) -> bool {
        true
    }
}

pub(super) fn pace(settings: &config::Source) -> Option<Pace> {
    settings.desired_fps.map(|fps| Pace::new(fps.interval()))
}

/// What is newest when the next one may be shown: of several that come in a row the last must not be the one that is left out.
pub(super) fn fetch(
    mailbox: &Mailbox,
    pace: &mut Option<Pace>,
    wait: Duration,
    into: &mut Vec<u8>,
) -> Letter {
    let begin = Monotonic::now();
    let early = pace.map_or(Duration::ZERO, |pace| pace.next() - begin);
    thread::sleep(early.min(wait));
    if early > wait {
        return Letter::Nothing;
    }
    let letter = mailbox.fetch(wait - early, into);
    if let (Letter::Picture { captured, lost }, Some(pace)) = (&letter, pace) {
        pace.admits(Monotonic::now());
        // One that comes at this very rate, and began at another moment, would else wait with each picture for good.
        if *lost == 0 {
            pace.hasten(begin + early - *captured);
        }
    }
    letter
}

/// JPEG or PNG. False: neither, or broken before its size.
pub(super) fn show(bytes: &[u8], captured: Monotonic, take: &mut dyn FnMut(Picture<'_>)) -> bool {
    if Slide::is_png(bytes) {
        let slide = Slide::from_png(bytes).inspect_err(|error| log::debug!("a PNG is dropped: {error:#}"));
        return slide.map(|slide| take(slide.picture(captured))).is_ok();
    }
    let Some((width, height)) = markers::size(bytes) else { return false };
    let (format, grabbed) = (PixelFormat::Jpeg, Monotonic::now());
    take(Picture { bytes, format, width, height, stride: 0, captured, grabbed });
    true
}
