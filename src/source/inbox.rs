//! Pictures that are handed to us over HTTP, as `viewers` finds them.

use std::sync::Arc;
use std::time::Duration;

use super::fed::{fetch, pace, show};
use super::{Grab, Lost, Opened, Source};
use crate::config;
use crate::flips::Flips;
use crate::mailbox::{Letter, Mailbox};
use crate::pace::Pace;
use crate::picture::{Picture, PixelFormat};

pub(super) struct Inbox {
    mailbox: Arc<Mailbox>,
    bytes: Vec<u8>,
    pace: Option<Pace>,
    timeout: Duration,
}

impl Inbox {
    pub(super) fn new(mailbox: &Arc<Mailbox>, settings: &config::Source) -> Self {
        let (pace, timeout) = (pace(settings), settings.timeout);
        Self { mailbox: Arc::clone(mailbox), bytes: Vec::new(), pace, timeout }
    }
}

impl Source for Inbox {
    fn open(&mut self) -> Result<Opened, Lost> {
        let format = PixelFormat::Jpeg.to_string();
        Ok(Opened { device: self.name(), format, size: None, fps: None, flipped: Flips::NONE })
    }

    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost> {
        match fetch(&self.mailbox, &mut self.pace, wait, &mut self.bytes) {
            // It came when nobody watched, and is old.
            Letter::Picture { captured, .. } if captured.age() > self.timeout => Ok(Grab::Nothing),
            Letter::Picture { captured, lost } => match show(&self.bytes, captured, take) {
                true => Ok(Grab::Picture { lost }),
                false => Ok(Grab::Broken { lost }),
            },
            Letter::Nothing => Ok(Grab::Nothing),
            Letter::Ended(why) => Err(Lost::NoSignal(why)),
        }
    }

    fn close(&mut self) {}

    fn name(&self) -> String {
        "inbox".into()
    }

    fn is_paced(&self) -> bool {
        true
    }

    fn stall_after(&self) -> Option<Duration> {
        Some(self.timeout)
    }
}
