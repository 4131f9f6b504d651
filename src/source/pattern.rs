//! A moving test picture: colour bars, a grey ramp, the clock, the picture's number, and something that never rests.
//!
//! Pictures fall due at times counted from the opening, so that the rate does not drift; whoever comes late gets the
//! newest one, and the others count as lost.

use std::thread;
use std::time::Duration;

use super::{Grab, Lost, Opened, Source};
use crate::clock::Monotonic;
use crate::config::values::{FrameRate, Resolution};
use crate::jpeg::canvas::{Area, Canvas, Colour};
use crate::jpeg::lettering::Lettering;
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
            width: self.resolution.width,
            height: self.resolution.height,
            fps: Some(self.fps),
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
            clock.write(&mut self.canvas, &self.still, &time);
        }
        if let Some(counter) = &mut self.counter {
            counter.write(&mut self.canvas, &self.still, &format!("{:08}", self.number));
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

/// Text that is drawn anew only where it changed.
struct Label {
    x: usize,
    y: usize,
    lettering: Lettering,
    shown: Vec<char>,
}

impl Label {
    fn write(&mut self, canvas: &mut Canvas, still: &Canvas, text: &str) {
        for (column, letter) in text.chars().enumerate() {
            if self.shown.get(column) != Some(&letter) {
                let cell = self.lettering.cell(self.x, self.y, column);
                canvas.restore(cell, still);
                self.lettering.draw_letter(canvas, cell.x, cell.y, letter, Colour::grey(255));
            }
        }
        self.shown = text.chars().collect();
    }
}

/// The eight colours of the EBU bars, at three quarters of their strength so that no camera path clips them.
fn bars(canvas: &mut Canvas, area: Area) {
    const COLOURS: [Colour; 8] = [
        Colour::rgb(255, 255, 255),
        Colour::rgb(191, 191, 0),
        Colour::rgb(0, 191, 191),
        Colour::rgb(0, 191, 0),
        Colour::rgb(191, 0, 191),
        Colour::rgb(191, 0, 0),
        Colour::rgb(0, 0, 191),
        Colour::rgb(0, 0, 0),
    ];
    for (number, colour) in COLOURS.into_iter().enumerate() {
        let x = area.width * number / COLOURS.len();
        let end = area.width * (number + 1) / COLOURS.len();
        canvas.fill(Area { x, width: end - x, ..area }, colour);
    }
}

/// From black to white, smoothly above and in sixteen steps below.
fn ramp(canvas: &mut Canvas, area: Area) {
    let upper = Area { height: area.height / 2, ..area };
    let lower = Area { y: area.y + upper.height, height: area.height - upper.height, ..area };
    for x in 0..area.width {
        let smooth = x * 255 / (area.width - 1).max(1);
        canvas.fill(Area { x, width: 1, ..upper }, Colour::grey(smooth as u8));
        canvas.fill(Area { x, width: 1, ..lower }, Colour::grey((x * 16 / area.width * 17) as u8));
    }
}

/// The dark plate in the bars with the size on it, and the places for clock and number.
fn labels(canvas: &mut Canvas, resolution: Resolution, fps: f64) -> (Option<Label>, Option<Label>) {
    let Resolution { width, height } = resolution;
    let whole = canvas.whole();
    let fps = format!("{fps:.2}");
    let size = format!("{width}x{height}  {} fps", fps.trim_end_matches('0').trim_end_matches('.'));
    let Some(large) = Lettering::fitting(12, whole.width * 5 / 8, whole.height / 6) else {
        return (None, None);
    };
    let small = Lettering { height: large.height * 2 / 5 };
    let plate_width = large.advance() * 13;
    let plate_height = large.height + if small.height < 9 { 0 } else { small.height * 3 };
    let plate = Area {
        x: (whole.width - plate_width.min(whole.width)) / 2,
        y: (whole.height * 5 / 8).saturating_sub(plate_height) / 2,
        width: plate_width,
        height: plate_height,
    };
    canvas.fill(plate, Colour::grey(16));
    let label = |columns: usize, y: usize, lettering: Lettering| Label {
        x: (whole.width.saturating_sub(columns * lettering.advance())) / 2,
        y,
        lettering,
        shown: Vec::new(),
    };
    let clock = label(12, plate.y, large);
    if small.height < 9 {
        return (Some(clock), None);
    }
    let below = plate.y + large.height;
    let caption = label(size.chars().count(), below + small.height * 13 / 8, small);
    small.draw(canvas, caption.x, caption.y, &size, Colour::grey(170));
    (Some(clock), Some(label(8, below + small.height / 4, small)))
}
