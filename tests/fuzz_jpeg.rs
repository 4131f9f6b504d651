//! Broken JPEGs, a hundred thousand of them: never a panic, and whatever is let through is fit for a browser.

use mjpegd::clock::Monotonic;
use mjpegd::frame::FramePool;
use mjpegd::jpeg::markers::{self, Markers};
use mjpegd::jpeg::repair;
use mjpegd::picture::{Picture, PixelFormat};

#[allow(unreachable_pub, reason = "it belongs to the unit tests as well")]
#[cfg(test)]
#[path = "../src/jpeg/fixtures.rs"]
mod fixtures;

const ROUNDS: usize = 100_000;

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

fn check(bytes: &[u8], pool: &std::sync::Arc<FramePool>) -> bool {
    let picture = Picture {
        bytes,
        format: PixelFormat::Mjpeg,
        width: 0,
        height: 0,
        stride: 0,
        captured: Monotonic::default(),
        grabbed: Monotonic::default(),
    };
    let Ok(frame) = repair(picture, pool) else {
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
