//! What becomes of a picture: a frame, now or when an encoder has made it; or a count of why not.

use std::io;
use std::sync::Arc;

use crate::capture::Shared;
use crate::config::Settings;
use crate::frame::{Frame, FramePool};
use crate::jpeg::{self, EncoderPool};
use crate::latest::Latest;
use crate::picture::Picture;
use crate::same::Same;
use crate::stats::Stats;

/// A picture that can be shown.
pub enum Taken {
    Frame(Frame),
    Raw(jpeg::Taken),
    /// It is shown already.
    Same,
}

pub struct Intake {
    pool: Arc<FramePool>,
    encoder: EncoderPool,
    same: Option<Same>,
    latest: Arc<Latest>,
    stats: Arc<Stats>,
}

impl Intake {
    pub fn new(settings: &Settings, shared: &Shared) -> io::Result<Self> {
        let Shared { latest, audience, stats, .. } = shared;
        let pool = FramePool::new();
        let (deliver, timed) = (Arc::clone(latest), Arc::clone(stats));
        let encoder = EncoderPool::new(
            &settings.encoder,
            Arc::clone(&pool),
            Arc::clone(stats),
            Arc::new(move |frame: Frame| {
                timed.encode.record(frame.times.encode_end - frame.times.encode_begin);
                timed.publish_age.record(frame.times.captured.age());
                deliver.publish(frame);
            }),
        )?;
        let same = Same::new(settings.source.drop_same_frames, latest, audience);
        Ok(Self { pool, encoder, same, latest: Arc::clone(latest), stats: Arc::clone(stats) })
    }

    /// Goes by these settings from the next picture on.
    pub fn set(&mut self, settings: &Settings, shared: &Shared) -> anyhow::Result<()> {
        let Shared { latest, audience, .. } = shared;
        self.same = Same::new(settings.source.drop_same_frames, latest, audience);
        latest.moves();
        Ok(())
    }

    /// Copies the picture, whose own memory can go back to the camera. One that cannot be shown is counted, and the text
    /// says why.
    pub fn take(&mut self, picture: Picture<'_>) -> Result<Taken, String> {
        if self.same.as_mut().is_some_and(|same| same.drops(&picture)) {
            return Ok(Taken::Same);
        }
        if !picture.format.is_jpeg() {
            return self.encoder.take(picture).map(Taken::Raw).map_err(|error| {
                self.stats.dropped_invalid.add(1);
                error.to_string()
            });
        }
        jpeg::repair(picture, &self.pool).map(Taken::Frame).map_err(|error| {
            let stats = &self.stats;
            if error.is_truncated() { &stats.dropped_truncated } else { &stats.dropped_invalid }.add(1);
            error.to_string()
        })
    }

    /// Has it shown: a frame now, a raw picture when an encoder has made a frame of it.
    pub fn show(&self, taken: Taken) {
        match taken {
            Taken::Frame(frame) => {
                self.stats.publish_age.record(frame.times.captured.age());
                self.latest.publish(frame);
            }
            Taken::Raw(raw) => raw.submit(),
            Taken::Same => self.stats.dropped_same.add(1),
        }
    }

    /// Nothing that was taken before is shown after this.
    pub fn discard(&mut self) {
        self.encoder.discard();
        if let Some(same) = &mut self.same {
            same.forget();
        }
    }

    /// The same picture with a word over it.
    pub fn marked(&self, frame: &Frame, word: &str) -> anyhow::Result<Frame> {
        jpeg::placard(word, &[], frame.width, frame.height, &self.pool)
    }

    /// A picture that says why there is none, in the size that viewers had before.
    pub fn placard(&self, title: &str, reason: &str, size: (u32, u32)) -> anyhow::Result<Frame> {
        let (width, height) = self.latest.get().map_or(size, |frame| (frame.width, frame.height));
        jpeg::placard(title, &[reason], width, height, &self.pool)
    }
}
