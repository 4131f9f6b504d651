//! What becomes of a picture: a frame, now or when an encoder has made it; or a count of why not.

use std::io;
use std::sync::Arc;

use crate::audience::Audience;
use crate::capture::Shared;
use crate::config::Settings;
use crate::delivery::Delivery;
use crate::flips::Flips;
use crate::frame::{Frame, FramePool};
use crate::jpeg::{self, Change, Changes, EncoderPool, Facts};
use crate::latest::Latest;
use crate::picture::Picture;
use crate::same::Same;
use crate::stats::Stats;
use crate::status::Status;

/// A picture that can be shown.
pub enum Taken {
    Frame(Frame),
    /// What the encoders have to do with yet.
    Begun(jpeg::Taken),
    /// It is shown already.
    Same,
}

pub struct Intake {
    pool: Arc<FramePool>,
    encoder: EncoderPool,
    /// `None`: pictures stay as they are.
    changes: Option<Changes>,
    /// By the camera, which does it as long as it is open.
    flipped: Flips,
    same: Option<Same>,
    delivery: Delivery,
    latest: Arc<Latest>,
    stats: Arc<Stats>,
    status: Arc<Status>,
}

impl Intake {
    pub fn new(settings: &Settings, shared: &Shared) -> io::Result<Self> {
        let Shared { latest, audience, stats, status, .. } = shared;
        let pool = FramePool::new();
        let delivery = Delivery::new(shared);
        let (deliver, timed) = (delivery.clone(), Arc::clone(stats));
        let encoder = EncoderPool::new(
            &settings.encoder,
            Arc::clone(&pool),
            Arc::clone(stats),
            Arc::new(move |frame: Frame| {
                timed.encode.record(frame.times.encode_end - frame.times.encode_begin);
                deliver.show(frame);
            }),
        )?;
        let same = Same::new(settings.source.drop_same_frames, latest, audience);
        let changes = Changes::new(settings).map_err(io::Error::other)?;
        let (latest, stats, status) = (Arc::clone(latest), Arc::clone(stats), Arc::clone(status));
        Ok(Self { pool, encoder, changes, flipped: Flips::NONE, same, delivery, latest, stats, status })
    }

    /// Goes by these settings from the next picture on: quality and all that is done to pictures, and which are left out. On an
    /// error all stays as it was.
    pub fn set(&mut self, settings: &Settings, audience: &Arc<Audience>) -> anyhow::Result<()> {
        self.changes = Changes::new(settings)?;
        self.set_flipped(self.flipped);
        self.same = Same::new(settings.source.drop_same_frames, &self.latest, audience);
        self.latest.moves();
        self.encoder.set(&settings.encoder);
        // What was taken before must not come behind what needs no encoder now, and equal pictures look new.
        self.discard();
        Ok(())
    }

    /// What the camera that was opened does by itself of the flips that are asked for.
    pub fn set_flipped(&mut self, flipped: Flips) {
        self.flipped = flipped;
        if let Some(changes) = &mut self.changes {
            changes.set_flipped(flipped);
        }
    }

    /// Copies the picture, whose own memory can go back to the camera. One that cannot be shown is counted, and the text
    /// says why.
    pub fn take(&mut self, picture: Picture<'_>) -> Result<Taken, String> {
        self.look_at_the_clock();
        if self.same.as_mut().is_some_and(|same| same.drops(&picture)) {
            return Ok(Taken::Same);
        }
        match self.changes.as_mut().filter(|changes| changes.are_needed()) {
            None if picture.format.is_jpeg() => {
                jpeg::repair(picture, &self.pool).map(Taken::Frame).map_err(|error| self.count(error))
            }
            Some(changes) if picture.format.is_jpeg() => match jpeg::markers::walk(picture.bytes) {
                Ok(markers) => {
                    let change = changes.of((markers.width, markers.height));
                    Ok(Taken::Begun(self.encoder.take_jpeg(picture, &markers, change)))
                }
                Err(error) => Err(self.count(error)),
            },
            changes => {
                let size = (picture.width, picture.height);
                let change = changes.map_or_else(Change::default, |changes| changes.of(size));
                self.encoder.take(picture, change).map(Taken::Begun).map_err(|error| {
                    self.stats.dropped_invalid.add(1);
                    error.to_string()
                })
            }
        }
    }

    /// With another time in it a picture is another one, though the camera's be the same.
    fn look_at_the_clock(&mut self) {
        let camera = || self.status.get().running().map_or_else(String::new, |opened| opened.device.clone());
        let facts = Facts { fps: self.stats.captured_fps.get(), camera: &camera };
        let moved = self.changes.as_mut().is_some_and(|changes| changes.look(&facts));
        if let Some(same) = self.same.as_mut().filter(|_| moved) {
            same.forget();
        }
    }

    fn count(&self, error: jpeg::markers::Error) -> String {
        let stats = &self.stats;
        if error.is_truncated() { &stats.dropped_truncated } else { &stats.dropped_invalid }.add(1);
        error.to_string()
    }

    /// Has it shown: a frame now, another picture when an encoder has made a frame of it.
    pub fn show(&self, taken: Taken) {
        match taken {
            Taken::Frame(frame) => self.delivery.show(frame),
            Taken::Begun(begun) => begun.submit(),
            Taken::Same => self.stats.dropped_same.add(1),
        }
    }

    /// Nothing that was taken before is shown after this.
    pub fn discard(&mut self) {
        self.encoder.discard();
        // Behind the encoder: nothing comes from there any more.
        self.delivery.discard();
        if let Some(same) = &mut self.same {
            same.forget();
        }
    }

    /// The same picture with a word over it, for a source that stands still on request.
    pub fn marked(&self, frame: &Frame, word: &str) -> anyhow::Result<Frame> {
        jpeg::mark(frame, word, &self.pool)
    }

    /// A picture that says why there is none, in the size that viewers had before, or else one of this size would have.
    pub fn placard(&self, title: &str, reason: &str, size: (u32, u32)) -> anyhow::Result<Frame> {
        let changed = || self.changes.as_ref().map_or(size, |changes| changes.size(size));
        let (width, height) = self.latest.get().map_or_else(changed, |frame| (frame.width, frame.height));
        jpeg::placard(title, &[reason], width, height, &self.pool)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::clock::Monotonic;
    use crate::config::Live;
    use crate::config::values::Rotation;
    use crate::picture::PixelFormat;

    const LONG: Duration = Duration::from_secs(60);

    struct Stage {
        intake: Intake,
        shared: Shared,
        settings: Settings,
    }

    impl Stage {
        fn new() -> Self {
            let shared = Shared::new(Live::new(Settings::default()).0);
            let settings = Settings::default();
            Self { intake: Intake::new(&settings, &shared).unwrap(), shared, settings }
        }

        fn set(&mut self, change: impl FnOnce(&mut Settings)) {
            change(&mut self.settings);
            self.intake.set(&self.settings, &self.shared.audience).unwrap();
        }

        /// The frame that viewers get of it.
        fn show(&mut self, bytes: &[u8], format: PixelFormat) -> Arc<Frame> {
            let (width, height, stride) = (64, 48, format.min_stride(64));
            let now = Monotonic::now();
            let picture = Picture { bytes, format, width, height, stride, captured: now, grabbed: now };
            let taken = self.intake.take(picture).unwrap();
            self.intake.show(taken);
            let begin = Instant::now();
            loop {
                match self.shared.latest.get() {
                    Some(frame) if frame.times.captured == now => return frame,
                    _ => assert!(begin.elapsed() < LONG),
                }
                std::thread::yield_now();
            }
        }
    }

    fn noise() -> Vec<u8> {
        (0..64 * 48 * 2_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    }

    #[test]
    fn settings_hold_from_the_next_picture_on_whatever_the_camera_gives() {
        let mut stage = Stage::new();
        let good = stage.show(&noise(), PixelFormat::Yuyv);
        stage.set(|settings| settings.encoder.quality = "10".parse().unwrap());
        let bad = stage.show(&noise(), PixelFormat::Yuyv);
        assert!(bad.jpeg.len() < good.jpeg.len() / 2, "{} after {}", bad.jpeg.len(), good.jpeg.len());
        for format in [PixelFormat::Yuyv, PixelFormat::Mjpeg] {
            let bytes = if format.is_jpeg() { good.jpeg.to_vec() } else { noise() };
            stage.set(|settings| settings.image.rotate = Rotation::Quarter);
            assert_eq!(stage.show(&bytes, format).width, 48);
            stage.set(|settings| settings.image.rotate = Rotation::Zero);
            assert_eq!(stage.show(&bytes, format).width, 64);
            stage.set(|settings| settings.overlay.text = "%H".to_owned());
            let written = stage.show(&bytes, format);
            stage.set(|settings| settings.overlay.text.clear());
            let plain = stage.show(&bytes, format);
            assert_ne!(*written.jpeg, *plain.jpeg);
        }
        assert_eq!(*stage.show(&good.jpeg, PixelFormat::Mjpeg).jpeg, *good.jpeg, "passed on as it is");
    }

    #[test]
    fn what_cannot_be_set_leaves_all_as_it_was() {
        let mut stage = Stage::new();
        stage.set(|settings| settings.image.rotate = Rotation::Quarter);
        let mut wrong = stage.settings.clone();
        wrong.image.rotate = Rotation::Zero;
        wrong.overlay.text = "%H".to_owned();
        wrong.overlay.font = Some("/nowhere.ttf".into());
        assert!(stage.intake.set(&wrong, &stage.shared.audience).is_err());
        assert_eq!(stage.show(&noise(), PixelFormat::Yuyv).width, 48);
    }

    #[test]
    fn a_picture_equal_to_the_last_is_shown_where_the_text_over_it_is_another_one() {
        let mut stage = Stage::new();
        stage.settings.source.drop_same_frames = 1000;
        stage.intake = Intake::new(&stage.settings, &stage.shared).unwrap();
        stage.show(&noise(), PixelFormat::Yuyv);
        let bytes = noise();
        let stride = PixelFormat::Yuyv.min_stride(64);
        let picture = || {
            let (captured, grabbed) = (Monotonic::now(), Monotonic::now());
            Picture {
                bytes: &bytes,
                format: PixelFormat::Yuyv,
                width: 64,
                height: 48,
                stride,
                captured,
                grabbed,
            }
        };
        assert!(matches!(stage.intake.take(picture()), Ok(Taken::Same)));
        stage.set(|settings| settings.overlay.text = "{fps}".to_owned());
        stage.show(&noise(), PixelFormat::Yuyv);
        assert!(matches!(stage.intake.take(picture()), Ok(Taken::Same)));
        stage.shared.stats.captured_fps.set(17.0);
        assert!(matches!(stage.intake.take(picture()), Ok(Taken::Begun(_))));
    }
}
