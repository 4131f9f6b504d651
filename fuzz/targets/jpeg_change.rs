//! A JPEG that the settings want turned, cut, scaled or written over: libjpeg-turbo takes it apart.

use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mjpegd::config::{Encoder, Settings};
use mjpegd::frame::{Frame, FramePool};
use mjpegd::jpeg::markers::{self, Markers};
use mjpegd::jpeg::{Changes, EncoderPool, Facts};
use mjpegd::stats::Stats;

use super::jpeg;

/// One small enough not to cost the fuzzer its time.
const MOST_PIXELS: u32 = 1 << 18;

const GOOD: &[u8] = include_bytes!("../corpus/jpeg_repair/baseline-48x32.jpg");

/// A way to change pictures, with the threads that do it.
struct Changing {
    changes: Changes,
    pool: EncoderPool,
    frames: Receiver<Frame>,
    stats: Arc<Stats>,
}

pub fn run(data: &[u8]) -> bool {
    static KINDS: LazyLock<Vec<Mutex<Changing>>> =
        LazyLock::new(|| kinds().into_iter().map(|settings| Mutex::new(Changing::new(&settings))).collect());
    let Some((kind, bytes)) = data.split_first() else { return false };
    let mut changing = KINDS[usize::from(*kind) % KINDS.len()].lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(markers) = markers::walk(bytes) else { return false };
    if markers.width * markers.height > MOST_PIXELS {
        return false;
    }
    let size = changing.changes.size((markers.width, markers.height));
    match changing.change(bytes, &markers) {
        Some(frame) => {
            assert_eq!((frame.width, frame.height), size);
            let whole = Markers { width: size.0, height: size.1, tables_at: None, end: frame.jpeg.len() };
            assert_eq!(markers::walk(&frame.jpeg), Ok(whole));
            // What we have compressed is right to the last bit; what is turned without loss has the camera's faults.
            let header = turbojpeg::read_header(&frame.jpeg).unwrap();
            assert_eq!((header.width, header.height), (size.0 as usize, size.1 as usize));
            true
        }
        // The next one is none the worse for it.
        None => {
            assert!(changing.change(GOOD, &markers::walk(GOOD).unwrap()).is_some());
            false
        }
    }
}

impl Changing {
    fn new(settings: &Settings) -> Self {
        let (sender, frames) = mpsc::channel();
        let (stats, deliver) = (Stats::new(), Arc::new(move |frame| sender.send(frame).unwrap_or_default()));
        let encoder = Encoder { workers: NonZeroUsize::MIN, ..settings.encoder.clone() };
        let pool = EncoderPool::new(&encoder, FramePool::new(), Arc::clone(&stats), deliver).unwrap();
        let mut changes = Changes::new(settings).unwrap().unwrap();
        changes.look(&Facts { fps: 1.0, camera: &String::new });
        Self { changes, pool, frames, stats }
    }

    /// `None`: it was dropped, and counted.
    fn change(&mut self, bytes: &[u8], markers: &Markers) -> Option<Frame> {
        let change = self.changes.of((markers.width, markers.height));
        let dropped = self.stats.dropped_invalid.get();
        self.pool.take_jpeg(jpeg(bytes), markers, change).submit();
        let begin = Instant::now();
        loop {
            match self.frames.recv_timeout(Duration::from_micros(200)) {
                Ok(frame) => return Some(frame),
                Err(_) if self.stats.dropped_invalid.get() > dropped => return None,
                Err(_) => assert!(begin.elapsed() < Duration::from_secs(60), "its thread is gone, or hangs"),
            }
        }
    }
}

fn kinds() -> Vec<Settings> {
    let kind = |set: fn(&mut Settings)| {
        let mut settings = Settings::default();
        set(&mut settings);
        settings
    };
    vec![
        kind(|settings| settings.image.rotate = "180".parse().unwrap()),
        kind(|settings| settings.image.rotate = "90".parse().unwrap()),
        kind(|settings| settings.image.flip_horizontal = true),
        kind(|settings| {
            settings.image.crop = "19x17+5+3".parse::<mjpegd::config::values::Crop>().unwrap().into()
        }),
        kind(|settings| {
            settings.image.scale = "33x16".parse::<mjpegd::config::values::Scale>().unwrap().into();
            settings.image.greyscale = true;
        }),
        kind(|settings| settings.image.greyscale = true),
        kind(|settings| settings.overlay.text = "%H".to_owned()),
    ]
}
