//! For how long a source has given the very same picture. A screen may stand still; a camera's sensor is never without noise, so
//! one whose pictures are equal for minutes repeats an old one.
//!
//! Comparing every byte of each picture would cost more than passing it on does. Some of each are compared, which finds what
//! moves at once, and all of them once in a while.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use crate::clock::Monotonic;
use crate::picture::Picture;

/// So many places of each picture are looked at.
const PLACES: usize = 64;

/// Not a second, with which much that blinks on a screen keeps time.
const WHOLE_LOOK_EVERY: Duration = Duration::from_millis(700);

#[derive(Debug, Default)]
pub struct Stillness {
    sample: u64,
    /// Of the last picture that was looked at whole, since the last change.
    whole: Option<(Monotonic, u64)>,
    since: Monotonic,
}

impl Stillness {
    /// For how long all pictures up to this one have been the same.
    pub fn look(&mut self, picture: &Picture<'_>) -> Duration {
        let now = picture.grabbed;
        let sample = sample(picture.bytes);
        let is_other = std::mem::replace(&mut self.sample, sample) != sample;
        let due = self.whole.is_none_or(|(last, _)| now - last >= WHOLE_LOOK_EVERY);
        if is_other {
            (self.whole, self.since) = (None, now);
        } else if due {
            let hash = hash(picture.bytes);
            let last = self.whole.replace((now, hash));
            if last.is_some_and(|(_, last)| last != hash) {
                self.since = now;
            }
        }
        now - self.since
    }
}

fn sample(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_usize(bytes.len());
    let step = (bytes.len() / PLACES).max(1);
    bytes.chunks(step).for_each(|chunk| hasher.write(&chunk[..chunk.len().min(8)]));
    hasher.finish()
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PixelFormat;

    /// Pictures at ten a second.
    fn same_for(pictures: impl IntoIterator<Item = Vec<u8>>) -> u128 {
        let mut stillness = Stillness::default();
        let (mut time, mut last) = (Monotonic::from_boot(Duration::from_secs(1000)), Duration::ZERO);
        for bytes in pictures {
            let picture = Picture {
                bytes: &bytes,
                format: PixelFormat::Grey,
                width: 100,
                height: 100,
                stride: 100,
                captured: time,
                grabbed: time,
            };
            last = stillness.look(&picture);
            time = time + Duration::from_millis(100);
        }
        last.as_millis()
    }

    #[test]
    fn equal_pictures_are_counted_from_the_first_of_them() {
        let still = vec![7; 10_000];
        assert_eq!(same_for(vec![still.clone(); 101]), 10_000);
        let moved = std::iter::once(vec![8; 10_000]).chain(vec![still; 31]);
        assert_eq!(same_for(moved), 3000);
        assert_eq!(same_for([vec![]]), 0);
    }

    #[test]
    fn one_byte_that_changes_is_found_wherever_it_is() {
        let changed = |at: usize| {
            let mut picture = vec![7; 10_000];
            picture[at] = 8;
            picture
        };
        for at in [0, 12, 5003, 9999] {
            let pictures = vec![vec![7; 10_000]; 50].into_iter().chain(vec![changed(at); 20]);
            assert!(same_for(pictures) < 2000, "byte {at}");
        }
    }

    #[test]
    fn what_blinks_each_second_is_seen_to_move() {
        let blinks = (0..600).map(|n| vec![u8::from(n % 10 < 5); 10_000]);
        assert!(same_for(blinks) < 1000);
        // Where no sample looks.
        let cursor = (0..600).map(|n| {
            let mut picture = vec![0; 10_000];
            picture[77] = u8::from(n % 10 < 5);
            picture
        });
        assert!(same_for(cursor) < 10_000);
    }
}
