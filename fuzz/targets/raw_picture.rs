//! A raw picture, of any size and layout that a driver may claim, through unpacking, slices, changes and a text.

use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use mjpegd::clock::Monotonic;
use mjpegd::config::values::{CropArea, Quality, Resolution, Subsampling};
use mjpegd::config::{Encoder, Settings};
use mjpegd::frame::{Frame, FramePool, Jpeg};
use mjpegd::jpeg::markers::{self, Markers};
use mjpegd::jpeg::{Change, Changes, EncoderPool, Facts};
use mjpegd::picture::{Picture, PixelFormat};
use mjpegd::stats::Stats;

use super::Choices;

/// Sides go up to here; larger ones do the same for longer.
const MOST: usize = 130;

struct Bench {
    pool: EncoderPool,
    frames: Receiver<Frame>,
}

pub fn run(data: &[u8]) -> bool {
    static BENCH: LazyLock<Mutex<Bench>> = LazyLock::new(|| Mutex::new(Bench::new()));
    let mut choices = Choices(data);
    let (width, height) = (choices.below(MOST) as u32, choices.below(MOST) as u32);
    let format = PixelFormat::ALL[choices.below(PixelFormat::ALL.len())];
    let stride = (format.min_stride(width) + choices.below(9)).saturating_sub(1);
    let settings = settings(&mut choices);
    // A driver may bring less than it should, and more.
    let needed = format.picture_len(stride, height);
    let length = (needed + choices.below(64)).saturating_sub(16);
    let bytes: Vec<u8> = match choices.0 {
        [] => vec![0x80; length],
        seed => seed.iter().copied().cycle().take(length).collect(),
    };
    let now = Monotonic::default();
    let picture = Picture { bytes: &bytes, format, width, height, stride, captured: now, grabbed: now };

    let Ok(changes) = Changes::new(&settings) else { return false };
    let (change, size) = match changes {
        Some(mut changes) if width > 0 && height > 0 => {
            changes.look(&Facts { fps: 12.5, camera: &|| "a camera".to_owned() });
            (changes.of((width, height)), changes.size((width, height)))
        }
        _ => (Change::default(), (width, height)),
    };
    let mut bench = BENCH.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(whole) = bench.compress(picture, &settings.encoder, change.clone(), 1) else {
        // It is refused for what it lacks, and for nothing else.
        assert!(
            format.is_jpeg()
                || width < 2
                || height < 2
                || stride < format.min_stride(width)
                || length < needed
        );
        return false;
    };
    let expected = Markers { width: size.0, height: size.1, tables_at: None, end: whole.len() };
    assert_eq!(markers::walk(&whole), Ok(expected));
    let pixels = |jpeg: &[u8]| turbojpeg::decompress(jpeg, turbojpeg::PixelFormat::RGB).unwrap().pixels;
    let sliced = bench.compress(picture, &settings.encoder, change, 2 + choices.below(7)).unwrap();
    assert!(pixels(&whole) == pixels(&sliced), "slices show something else");
    true
}

impl Bench {
    fn new() -> Self {
        let (sender, frames) = mpsc::channel();
        let encoder = Encoder { workers: NonZeroUsize::MIN.saturating_add(1), ..Encoder::default() };
        let deliver = Arc::new(move |frame| sender.send(frame).unwrap_or_default());
        let pool = EncoderPool::new(&encoder, FramePool::new(), Stats::new(), deliver).unwrap();
        Self { pool, frames }
    }

    /// `None`: it does not fit what it says it is.
    fn compress(
        &mut self,
        picture: Picture<'_>,
        encoder: &Encoder,
        change: Change,
        slices: usize,
    ) -> Option<Jpeg> {
        self.pool.set(&Encoder { slices: NonZeroUsize::new(slices), ..encoder.clone() });
        self.pool.take(picture, change).ok()?.submit();
        let frame = self.frames.recv_timeout(Duration::from_secs(60));
        Some(frame.expect("what fits can be compressed").jpeg)
    }
}

fn settings(choices: &mut Choices<'_>) -> Settings {
    let mut settings = Settings::default();
    settings.encoder.quality = (1 + choices.below(100)).to_string().parse::<Quality>().unwrap();
    let subsamplings = ["4:2:0", "4:2:2"];
    settings.encoder.subsampling = subsamplings[choices.below(2)].parse::<Subsampling>().unwrap();
    let what = choices.byte();
    let image = &mut settings.image;
    image.rotate = ["0", "90", "180", "270"][usize::from(what & 3)].parse().unwrap();
    (image.flip_horizontal, image.flip_vertical) = (what & 4 != 0, what & 8 != 0);
    image.greyscale = what & 16 != 0;
    if what & 32 != 0 {
        let mut side = || 1 + choices.below(MOST) as u32;
        image.crop = Some(CropArea { width: side(), height: side(), x: side() - 1, y: side() - 1 });
    }
    if what & 64 != 0 {
        // Settings allow no smaller ones.
        let mut side = || 16 + choices.below(MOST) as u32;
        image.scale = Some(Resolution { width: side(), height: side() });
    }
    if what & 128 != 0 {
        let overlay = &mut settings.overlay;
        overlay.corner =
            ["top-left", "top-right", "bottom-left", "bottom-right"][choices.below(4)].parse().unwrap();
        overlay.size_percent = 2 + choices.below(99) as u32;
        overlay.colour = if choices.byte() & 1 == 0 { "#ffffff" } else { "#f0401080" }.parse().unwrap();
        let (text, _) = choices.0.split_at(choices.0.len().min(24));
        overlay.text = String::from_utf8_lossy(text).into_owned();
    }
    settings
}
