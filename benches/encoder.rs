//! What a raw picture costs on its way to a JPEG, what slices gain, and what changes to a picture cost: `cargo bench --bench encoder`.
//!
//! Each line compares one worker with two that share each picture, in turn and in the same run, so that what else the
//! machine does hits both alike. Times run from the moment that the camera's picture is there to its delivery; each is the
//! one that an eighth of the pictures stay below, since what else the machine does only ever adds. Two cores must be idle.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use mjpegd::clock::Monotonic;
use mjpegd::config::values::Scale;
use mjpegd::config::{Encoder, Settings};
use mjpegd::frame::{Frame, FramePool};
use mjpegd::jpeg::{Change, Changes, EncoderPool, Facts, markers};
use mjpegd::picture::{Picture, PixelFormat};
use mjpegd::stats::Stats;
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 10;
const PICTURES_A_ROUND: usize = 20;

/// As between the pictures of a camera the workers fall asleep, and are woken by the next one.
const PAUSE: Duration = Duration::from_millis(2);

fn main() {
    println!("format  size        bytes     fill  1 worker  2 workers  ratio    CPU 1    CPU 2  ratio");
    for (width, height) in [(320, 240), (640, 480), (1280, 720), (1920, 1080)] {
        compare(PixelFormat::Yuyv, width, height);
    }
    for format in [PixelFormat::Nv12, PixelFormat::Rgb24, PixelFormat::Grey] {
        compare(format, 1280, 720);
    }
    println!("\n1280x720 with one worker       CPU  to compressing YUYV  latency");
    compare_changes();
}

/// What changes to pictures cost, beside a raw picture that is only compressed.
fn compare_changes() {
    const SIZE: (u32, u32) = (1280, 720);
    let raw = noisy_gradient(PixelFormat::Yuyv, SIZE.0, SIZE.1);
    let jpeg = {
        let mut side = Side::new(1);
        side.picture(&raw, PixelFormat::Yuyv, SIZE);
        side.last.expect("a frame").jpeg.to_vec()
    };
    let image = |set: fn(&mut Settings)| {
        let mut settings = Settings::default();
        set(&mut settings);
        settings
    };
    let turned = |settings: &mut Settings| settings.image.rotate = "180".parse().unwrap();
    let quarter = |settings: &mut Settings| settings.image.rotate = "90".parse().unwrap();
    let halved = |settings: &mut Settings| settings.image.scale = "640x360".parse::<Scale>().unwrap().into();
    let written = |settings: &mut Settings| settings.overlay.text = "Garage %Y-%m-%d %H:%M:%S".to_owned();
    let mut sides = [
        ("YUYV", PixelFormat::Yuyv, Side::changing(&image(|_| {}))),
        ("YUYV, overlay", PixelFormat::Yuyv, Side::changing(&image(written))),
        ("YUYV, 180 degrees", PixelFormat::Yuyv, Side::changing(&image(turned))),
        ("YUYV, 90 degrees", PixelFormat::Yuyv, Side::changing(&image(quarter))),
        ("YUYV to 640x360", PixelFormat::Yuyv, Side::changing(&image(halved))),
        ("JPEG, 180 degrees, lossless", PixelFormat::Mjpeg, Side::changing(&image(turned))),
        ("JPEG, 90 degrees, lossless", PixelFormat::Mjpeg, Side::changing(&image(quarter))),
        ("JPEG, overlay", PixelFormat::Mjpeg, Side::changing(&image(written))),
        ("JPEG to 640x360", PixelFormat::Mjpeg, Side::changing(&image(halved))),
    ];
    for round in 0..=ROUNDS {
        for (_, format, side) in &mut sides {
            for _ in 0..PICTURES_A_ROUND {
                side.picture(if format.is_jpeg() { &jpeg } else { &raw }, *format, SIZE);
            }
            if round == 0 {
                side.samples.clear();
            }
        }
    }
    let mut first = None;
    for (name, _, side) in &mut sides {
        let (cpu, latency) = (side.time(|sample| sample.cpu), side.time(|sample| sample.latency));
        let ratio = cpu.as_secs_f64() / first.get_or_insert(cpu).as_secs_f64();
        println!("{name:27}  {:>5} us  {ratio:>20.2}  {:>4} us", cpu.as_micros(), latency.as_micros());
    }
}

fn compare(format: PixelFormat, width: u32, height: u32) {
    let bytes = noisy_gradient(format, width, height);
    let mut sides = [Side::new(1), Side::new(2)];
    for round in 0..=ROUNDS {
        for side in &mut sides {
            for _ in 0..PICTURES_A_ROUND {
                side.picture(&bytes, format, (width, height));
            }
            // The first round fills memory and caches.
            if round == 0 {
                side.samples.clear();
            }
        }
    }
    let [one, two] = &mut sides;
    let fill = one.time(|sample| sample.fill);
    let len = one.last.as_ref().map_or(0, |frame| frame.jpeg.len());
    let latency = [one, two].map(|side| side.time(|sample| sample.latency));
    let [one, two] = &mut sides;
    let cpu = [one, two].map(|side| side.time(|sample| sample.cpu));
    let micros = |time: Duration| format!("{} us", time.as_micros());
    let ratio = |[one, two]: [Duration; 2]| two.as_secs_f64() / one.as_secs_f64();
    println!(
        "{:6}  {:9}  {len:>6}  {:>7}  {:>8}  {:>9}   {:.2}  {:>7}  {:>7}   {:.2}",
        format.name(),
        format!("{width}x{height}"),
        micros(fill),
        micros(latency[0]),
        micros(latency[1]),
        ratio(latency),
        micros(cpu[0]),
        micros(cpu[1]),
        ratio(cpu),
    );
}

/// One of the two that are compared.
struct Side {
    pool: EncoderPool,
    frames: Receiver<Frame>,
    changes: Option<Changes>,
    samples: Vec<Sample>,
    last: Option<Frame>,
}

struct Sample {
    fill: Duration,
    latency: Duration,
    /// Of all threads.
    cpu: Duration,
}

impl Side {
    fn new(workers: usize) -> Self {
        let workers = NonZeroUsize::new(workers).unwrap();
        Self::with(&Encoder { workers, ..Encoder::default() }, None)
    }

    /// With one worker, and what the settings do to pictures.
    fn changing(settings: &Settings) -> Self {
        let encoder = Encoder { workers: NonZeroUsize::MIN, ..settings.encoder.clone() };
        Self::with(&encoder, Changes::new(settings).unwrap())
    }

    fn with(settings: &Encoder, changes: Option<Changes>) -> Self {
        let (sender, frames) = mpsc::channel();
        let deliver = Arc::new(move |frame| sender.send(frame).unwrap());
        let pool = EncoderPool::new(settings, FramePool::new(), Stats::new(), deliver).unwrap();
        Self { pool, frames, changes, samples: Vec::new(), last: None }
    }

    fn picture(&mut self, bytes: &[u8], format: PixelFormat, (width, height): (u32, u32)) {
        thread::sleep(PAUSE);
        let (cpu, captured) = (cpu(), Monotonic::now());
        let stride = format.min_stride(width);
        let picture = Picture { bytes, format, width, height, stride, captured, grabbed: captured };
        let change = self.changes.as_mut().map_or_else(Change::default, |changes| {
            changes.look(&Facts { fps: 30.0, camera: &String::new });
            changes.of((width, height))
        });
        if format.is_jpeg() {
            let markers = markers::walk(bytes).expect("a whole JPEG");
            self.pool.take_jpeg(picture, &markers, change).submit();
        } else {
            self.pool.take(picture, change).expect("a whole picture").submit();
        }
        let fill = captured.age();
        self.last = Some(self.frames.recv().expect("a frame for each picture"));
        self.samples.push(Sample { fill, latency: captured.age(), cpu: self::cpu() - cpu });
    }

    fn time(&mut self, of: fn(&Sample) -> Duration) -> Duration {
        self.samples.sort_by_key(of);
        of(&self.samples[self.samples.len() / 8])
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// About as many bytes a JPEG as a camera's picture indoors gives.
fn noisy_gradient(format: PixelFormat, width: u32, height: u32) -> Vec<u8> {
    let stride = format.min_stride(width);
    let mut random = 1_u32;
    let byte = |at: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let gradient = at % stride * 160 / stride + at / stride * 60 / height as usize;
        (gradient as u32 + (random >> 28)) as u8
    };
    (0..format.picture_len(stride, height)).map(byte).collect()
}
