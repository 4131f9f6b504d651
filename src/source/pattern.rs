//! A moving test picture: colour bars, a grey ramp, the clock, the picture's number, and something that never rests.
//!
//! Pictures fall due at times counted from the opening, so that the rate does not drift; whoever comes late gets the
//! newest one, and the others count as lost.

use std::thread;
use std::time::Duration;

use super::test_card::{Label, bars, labels, ramp};
use super::{Grab, Lost, Opened, Source};
use crate::clock::Monotonic;
use crate::config::values::{FrameRate, Resolution};
use crate::flips::Flips;
use crate::jpeg::canvas::{Area, Canvas, Colour};
use crate::picture::{Picture, PixelFormat};

const DEFAULT_FPS: f64 = 30.0;
/// How long the runner takes from one side to the other.
const CROSSING: Duration = Duration::from_secs(4);

pub struct Pattern {
    resolution: Resolution,
    fps: f64,
    running: Option<Running>,
}

struct Running {
    opened: Monotonic,
    /// Of the last picture given, counted from 1 at the opening; those that were skipped count too.
    number: u64,
    still: Canvas,
    canvas: Canvas,
    clock: Option<Label>,
    counter: Option<Label>,
    track: Area,
    runner: Area,
}

impl Pattern {
    pub fn new(resolution: Resolution, desired_fps: Option<FrameRate>) -> Self {
        Self { resolution, fps: desired_fps.map_or(DEFAULT_FPS, FrameRate::per_second), running: None }
    }
}

impl Source for Pattern {
    fn open(&mut self) -> Result<Opened, Lost> {
        self.running = Some(Running::new(self.resolution, self.fps));
        Ok(Opened {
            device: self.name(),
            format: PixelFormat::Yu12.to_string(),
            size: Some((self.resolution.width, self.resolution.height)),
            fps: Some(self.fps),
            flipped: Flips::NONE,
        })
    }

    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost> {
        let running =
            self.running.as_mut().ok_or_else(|| Lost::NoCamera("the pattern is not open".into()))?;
        let now = Monotonic::now();
        let due = running.due(running.number + 1, self.fps);
        let pause = due - now;
        thread::sleep(pause.min(wait));
        if pause > wait {
            return Ok(Grab::Nothing);
        }
        let captured = Monotonic::now();
        let newest = ((captured - running.opened).as_secs_f64() * self.fps) as u64 + 1;
        let number = newest.max(running.number + 1);
        let lost = number - running.number - 1;
        running.number = number;
        running.redraw(captured);
        take(running.canvas.picture(captured));
        Ok(Grab::Picture { lost })
    }

    fn close(&mut self) {
        self.running = None;
    }

    fn name(&self) -> String {
        "pattern".into()
    }

    fn stall_after(&self) -> Option<Duration> {
        None
    }
}

impl Running {
    fn new(resolution: Resolution, fps: f64) -> Self {
        let Resolution { width, height } = resolution;
        let mut still = Canvas::new(width, height, Colour::grey(24));
        let whole = still.whole();
        bars(&mut still, Area { height: whole.height * 5 / 8, ..whole });
        let ramp_top = whole.height * 5 / 8;
        ramp(&mut still, Area { y: ramp_top, height: whole.height * 3 / 4 - ramp_top, ..whole });
        let (clock, counter) = labels(&mut still, resolution, fps);
        let track_top = whole.height * 3 / 4 + whole.height / 32;
        let track = Area { y: track_top, height: whole.height - whole.height / 32 - track_top, ..whole };
        Self {
            opened: Monotonic::now(),
            number: 0,
            canvas: still.clone(),
            still,
            clock,
            counter,
            track,
            runner: Area { width: 0, ..track },
        }
    }

    /// When the picture of this number is to be given.
    fn due(&self, number: u64, fps: f64) -> Monotonic {
        self.opened + Duration::from_secs_f64((number - 1) as f64 / fps)
    }

    fn redraw(&mut self, now: Monotonic) {
        self.canvas.restore(self.runner, &self.still);
        self.runner = self.runner_at(now);
        self.canvas.fill(self.runner, Colour::grey(235));
        if let Some(clock) = &mut self.clock {
            let time = jiff::Zoned::now().strftime("%H:%M:%S%.3f").to_string();
            clock.write(&mut self.canvas, &time);
        }
        if let Some(counter) = &mut self.counter {
            counter.write(&mut self.canvas, &format!("{:08}", self.number));
        }
    }

    /// It swings from side to side, at an even pace.
    fn runner_at(&self, now: Monotonic) -> Area {
        let side = self.track.height.max(1).min(self.track.width);
        let swing = (now - self.opened).as_secs_f64() / CROSSING.as_secs_f64() % 2.0;
        let part = if swing < 1.0 { swing } else { 2.0 - swing };
        Area { x: (part * (self.track.width - side) as f64) as usize, width: side, ..self.track }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(width: u32, height: u32, fps: f64) -> Pattern {
        let mut pattern = Pattern::new(Resolution { width, height }, None);
        pattern.fps = fps;
        pattern.open().unwrap();
        pattern
    }

    /// Takes a picture, however long it takes.
    fn take(pattern: &mut Pattern) -> (Vec<u8>, u64) {
        let mut bytes = Vec::new();
        loop {
            let grab =
                pattern.next(Duration::from_secs(1), &mut |picture| bytes = picture.bytes.to_vec()).unwrap();
            if let Grab::Picture { lost } = grab {
                return (bytes, lost);
            }
        }
    }

    #[test]
    fn it_says_what_it_delivers() {
        let mut pattern = Pattern::new(Resolution { width: 320, height: 240 }, None);
        let opened = pattern.open().unwrap();
        assert_eq!((opened.size, opened.fps), (Some((320, 240)), Some(30.0)));
        assert_eq!(opened.format, "YU12");
        pattern
            .next(Duration::from_secs(9), &mut |picture| {
                assert_eq!((picture.format, picture.width, picture.height), (PixelFormat::Yu12, 320, 240));
                assert_eq!(picture.bytes.len(), picture.format.picture_len(picture.stride, 240));
                assert!(picture.captured.age() < Duration::from_secs(60));
            })
            .unwrap();
    }

    #[test]
    fn every_picture_differs_from_the_one_before() {
        let mut pattern = open(160, 120, 100.0);
        let mut last = Vec::new();
        for _ in 0..20 {
            let (bytes, _) = take(&mut pattern);
            assert!(bytes != last);
            last = bytes;
        }
    }

    #[test]
    fn any_size_can_be_drawn() {
        for (width, height) in
            [(2, 2), (16, 16), (17, 33), (64, 2), (2, 64), (641, 479), (2000, 100), (100, 2000)]
        {
            take(&mut open(width, height, 1000.0));
        }
    }

    #[test]
    fn it_waits_no_longer_than_it_is_told() {
        let mut pattern = open(16, 16, 0.01);
        take(&mut pattern);
        let begin = Monotonic::now();
        let grab = pattern.next(Duration::from_millis(5), &mut |_| panic!("there is none yet"));
        assert_eq!(grab.unwrap(), Grab::Nothing);
        // The next one is due after a hundred seconds.
        assert!(begin.age() < Duration::from_secs(50));
    }

    #[test]
    fn who_is_late_skips_to_the_newest_and_hears_how_many_were_lost() {
        let mut pattern = open(16, 16, 100.0);
        take(&mut pattern);
        thread::sleep(Duration::from_millis(200));
        let (_, lost) = take(&mut pattern);
        assert!(lost >= 15, "{lost}");
        let running = pattern.running.as_ref().unwrap();
        assert!(
            running.number > 15
                && running.due(running.number + 1, 100.0) - Monotonic::now() <= Duration::from_millis(10)
        );
    }

    #[test]
    fn the_rate_does_not_drift() {
        let pattern = open(16, 16, 30.0);
        let running = pattern.running.as_ref().unwrap();
        let day = running.due(30 * 86_400 + 1, 30.0) - running.opened;
        assert!(day.abs_diff(Duration::from_secs(86_400)) < Duration::from_millis(1));
    }
}
