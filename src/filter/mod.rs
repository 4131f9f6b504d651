//! An outside program between the camera and the viewers: JPEGs in, JPEGs out.
//!
//! ```text
//! capture, encoders -> desk (the newest) -> worker -> program (its stdin, its stdout) -> worker -> latest
//! ```
//!
//! It has one picture at a time, and gets the newest one when it has answered: a slow one lowers the rate and adds no delay but its
//! own. What it answers has the times of the picture that it was made of. Until it answers, and while it is replaced, viewers see
//! the picture as it is, or marked.

mod desk;

mod flight;

mod program;

mod status;

mod worker;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

pub use self::status::{State, Status};

use self::desk::Desk;
use self::worker::Worker;
use crate::capture::Shared;
use crate::config;
use crate::frame::Frame;
use crate::latest::Latest;
use crate::stats::Stats;

pub struct Filter {
    settings: config::Filter,
    desk: Desk,
    latest: Arc<Latest>,
    stats: Arc<Stats>,
    pub status: Status,
}

impl Filter {
    /// `None`: the settings want none.
    pub fn new(settings: &config::Filter, shared: &Shared) -> io::Result<Option<Arc<Self>>> {
        if settings.command.is_empty() {
            return Ok(None);
        }
        Ok(Some(Arc::new(Self {
            settings: settings.clone(),
            desk: Desk::new()?,
            latest: Arc::clone(&shared.latest),
            stats: Arc::clone(&shared.stats),
            status: Status::default(),
        })))
    }

    /// Starts the thread that has the program. The channel is closed when both have ended.
    pub fn start(self: &Arc<Self>) -> io::Result<Receiver<()>> {
        let (end, ended) = mpsc::channel();
        let worker = Worker::new(self);
        thread::Builder::new().name("filter".into()).spawn(move || {
            worker.run();
            drop(end);
        })?;
        Ok(ended)
    }

    /// Has a frame shown when it has been filtered, if no newer one comes before that. Never waits.
    pub fn put(&self, frame: Frame) {
        self.desk.put(frame);
    }

    /// Nothing that was put here before is shown after this, filtered or not.
    pub fn discard(&self) {
        self.desk.discard();
    }

    /// Ends the program.
    pub fn close(&self) {
        self.desk.close();
    }

    /// `None`: it was discarded meanwhile.
    fn publish(&self, frame: Frame, generation: u64) -> Option<Arc<Frame>> {
        let age = frame.times.captured.age();
        let published = self.desk.publish(frame, generation, &self.latest)?;
        self.stats.publish_age.record(age);
        Some(published)
    }
}
