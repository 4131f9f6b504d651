//! The way of a frame into the slot: straight, or through the filter where there is one.

use std::sync::Arc;

use crate::capture::Shared;
use crate::filter::Filter;
use crate::frame::Frame;
use crate::latest::Latest;
use crate::stats::Stats;

#[derive(Clone)]
pub struct Delivery {
    latest: Arc<Latest>,
    stats: Arc<Stats>,
    filter: Option<Arc<Filter>>,
}

impl Delivery {
    pub fn new(shared: &Shared) -> Self {
        let Shared { latest, stats, filter, .. } = shared;
        Self { latest: Arc::clone(latest), stats: Arc::clone(stats), filter: filter.clone() }
    }

    /// Never waits for anyone.
    pub fn show(&self, frame: Frame) {
        match &self.filter {
            Some(filter) => filter.put(frame),
            None => {
                self.stats.publish_age.record(frame.times.captured.age());
                self.latest.publish(frame);
            }
        }
    }

    /// Nothing that was to be shown before is shown after this.
    pub fn discard(&self) {
        self.filter.iter().for_each(|filter| filter.discard());
    }
}
