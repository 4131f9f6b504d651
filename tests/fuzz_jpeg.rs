//! Broken JPEGs, a hundred thousand of them: never a panic, and whatever is let through is fit for a browser.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use mjpegd::clock::Monotonic;
use mjpegd::config::values::{Crop, Scale};
use mjpegd::config::{Encoder, Settings};
use mjpegd::frame::{Frame, FramePool};
use mjpegd::jpeg::markers::{self, Markers};
use mjpegd::jpeg::{Changes, EncoderPool, Facts, repair};
use mjpegd::picture::{Picture, PixelFormat};
use mjpegd::stats::Stats;

#[allow(unreachable_pub, reason = "it belongs to the unit tests as well")]
#[cfg(test)]
#[path = "../src/jpeg/fixtures.rs"]
mod fixtures;

const ROUNDS: usize = 100_000;

/// These are taken apart and put together again.
const CHANGED_ROUNDS: usize = 3_000;

/// Xorshift, so that a failure can be had again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

fn seeds() -> Vec<Vec<u8>> {
    use fixtures::*;
    let whole = baseline(48, 32);
    let bare = without_tables(&whole);
    vec![
        progressive(33, 17),
        with_restarts(64, 16),
        with_thumbnail(&whole),
        with_segment(&bare, 2, 0xE0, b"AVI1\0\0\0\0\0\0\0\0\0\0"),
        [&bare[..], &[0; 64], &whole[100..]].concat(),
        bare,
        whole,
    ]
}

/// Changes a byte, or takes out, doubles or puts in a piece, or puts in a marker.
fn mutate(jpeg: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.roll(jpeg.len());
    let end = (at + 1 + dice.roll(40)).min(jpeg.len());
    match dice.roll(8) {
        // Headers are the smaller part, and the more interesting one.
        0 | 1 => {
            let at = dice.roll(jpeg.len().min(700));
            jpeg[at] = dice.roll(256) as u8;
        }
        2 => jpeg[at] ^= 1 << dice.roll(8),
        3 => {
            jpeg.drain(at..end);
        }
        4 => {
            let piece = jpeg[at..end].to_vec();
            jpeg.splice(at..at, piece);
        }
        5 => jpeg.truncate(at),
        6 => {
            jpeg.splice(at..at, [0xFF, 0xC0 + dice.roll(0x40) as u8]);
        }
        _ => {
            let other = &seeds[dice.roll(seeds.len())];
            let from = dice.roll(other.len());
            let to = (from + dice.roll(500)).min(other.len());
            jpeg.splice(at..end, other[from..to].iter().copied());
        }
    }
}

fn picture(bytes: &[u8]) -> Picture<'_> {
    Picture {
        bytes,
        format: PixelFormat::Mjpeg,
        width: 0,
        height: 0,
        stride: 0,
        captured: Monotonic::default(),
        grabbed: Monotonic::default(),
    }
}

fn check(bytes: &[u8], pool: &Arc<FramePool>) -> bool {
    let Ok(frame) = repair(picture(bytes), pool) else {
        return false;
    };
    assert!(frame.jpeg.starts_with(&[0xFF, 0xD8]) && frame.jpeg.ends_with(&[0xFF, 0xD9]));
    let whole = Markers { width: frame.width, height: frame.height, tables_at: None, end: frame.jpeg.len() };
    assert_eq!(markers::walk(&frame.jpeg), Ok(whole));
    true
}

#[test]
fn mutated_jpegs_are_refused_or_repaired_but_never_panic() {
    let seeds = seeds();
    let pool = FramePool::new();
    assert!(seeds.iter().all(|seed| check(seed, &pool)));
    let mut dice = Dice(0x6A09_E667_F3BC_C908);
    let mut accepted = 0;
    for round in 0..ROUNDS {
        let mut jpeg = seeds[round % seeds.len()].clone();
        for _ in 0..=dice.roll(4) {
            if !jpeg.is_empty() {
                mutate(&mut jpeg, &seeds, &mut dice);
            }
        }
        accepted += usize::from(check(&jpeg, &pool));
    }
    // Neither refusing all nor taking all would be a test of both.
    assert!((ROUNDS / 20..ROUNDS * 19 / 20).contains(&accepted), "{accepted}");
}

/// Gives what passes for a JPEG to the encoder threads to be changed, and returns what viewers get of it.
struct Changing {
    changes: Changes,
    pool: EncoderPool,
    frames: Receiver<Frame>,
    stats: Arc<Stats>,
}

impl Changing {
    fn new(settings: &Settings) -> Self {
        let (sender, frames) = mpsc::channel();
        let (stats, deliver) = (Stats::new(), Arc::new(move |frame| sender.send(frame).unwrap()));
        let encoder = Encoder { workers: NonZeroUsize::MIN, ..settings.encoder.clone() };
        let pool = EncoderPool::new(&encoder, FramePool::new(), Arc::clone(&stats), deliver).unwrap();
        let mut changes = Changes::new(settings).unwrap().unwrap();
        changes.look(&Facts { fps: 1.0, camera: &String::new });
        Self { changes, pool, frames, stats }
    }

    fn change(&mut self, bytes: &[u8]) -> Option<Frame> {
        let markers = markers::walk(bytes).ok()?;
        let change = self.changes.of((markers.width, markers.height));
        let failed = self.stats.dropped_invalid.get();
        self.pool.take_jpeg(picture(bytes), &markers, change).submit();
        loop {
            match self.frames.recv_timeout(Duration::from_millis(1)) {
                Ok(frame) => return Some(frame),
                Err(_) if self.stats.dropped_invalid.get() > failed => return None,
                Err(_) => {}
            }
        }
    }
}

fn kinds_of_changes() -> Vec<Settings> {
    let change = |set: fn(&mut Settings)| {
        let mut settings = Settings::default();
        set(&mut settings);
        settings
    };
    vec![
        change(|settings| settings.image.rotate = "180".parse().unwrap()),
        change(|settings| settings.image.rotate = "90".parse().unwrap()),
        change(|settings| settings.image.crop = "19x17+5+3".parse::<Crop>().unwrap().into()),
        change(|settings| {
            settings.image.scale = "33x16".parse::<Scale>().unwrap().into();
            settings.image.greyscale = true;
        }),
        change(|settings| settings.overlay.text = "%H".to_owned()),
    ]
}

#[test]
fn mutated_jpegs_are_changed_or_dropped_but_never_panic_and_no_thread_is_lost() {
    let seeds = seeds();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for settings in kinds_of_changes() {
        let mut changing = Changing::new(&settings);
        assert!(seeds.iter().all(|seed| changing.change(seed).is_some()));
        let mut changed = 0;
        for round in 0..CHANGED_ROUNDS {
            let mut jpeg = seeds[round % seeds.len()].clone();
            for _ in 0..=dice.roll(3) {
                if !jpeg.is_empty() {
                    mutate(&mut jpeg, &seeds, &mut dice);
                }
            }
            let Some(frame) = changing.change(&jpeg) else { continue };
            let markers = markers::walk(&frame.jpeg).unwrap();
            assert_eq!((markers.width, markers.height), (frame.width, frame.height));
            assert_eq!((markers.tables_at, markers.end), (None, frame.jpeg.len()));
            changed += 1;
        }
        assert!(changed > CHANGED_ROUNDS / 20, "{changed}");
        assert!(seeds.iter().all(|seed| changing.change(seed).is_some()), "it has failed for good");
    }
}

#[test]
fn noise_is_refused() {
    let pool = FramePool::new();
    let mut dice = Dice(42);
    for _ in 0..20_000 {
        let length = dice.roll(300);
        let mut noise = vec![0xFF, 0xD8];
        noise.extend((0..length).map(|_| if dice.roll(4) == 0 { 0xFF } else { dice.roll(256) as u8 }));
        check(&noise, &pool);
    }
}
