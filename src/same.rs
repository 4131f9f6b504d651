//! Whether a picture is the one that viewers see already, so that it need be neither encoded nor sent.
//!
//! Each picture is compared with the one before it as the source wrote it, and so before anything is done to it. "Seen
//! already" is asked of the slot itself: it holds a picture that was taken since pictures are equal. So one that was dropped
//! on the way, a placard between, or a slot that was emptied count as what they are, and nobody need keep account of them.

use std::sync::Arc;

use crate::audience::Audience;
use crate::clock::Monotonic;
use crate::latest::Latest;
use crate::picture::{Picture, PixelFormat};

pub struct Same {
    /// So many equal pictures in a row are dropped, before one is let through.
    limit: u32,
    dropped: u32,
    last: Last,
    /// When the first was taken of those that are equal to the last one.
    since: Monotonic,
    latest: Arc<Latest>,
    audience: Arc<Audience>,
}

/// The picture before.
#[derive(Default)]
struct Last {
    bytes: Vec<u8>,
    shape: Option<(PixelFormat, u32, u32, usize)>,
}

impl Same {
    /// `None`: with a limit of 0 nothing is compared.
    pub fn new(limit: u32, latest: &Arc<Latest>, audience: &Arc<Audience>) -> Option<Self> {
        (limit > 0).then(|| Self {
            limit,
            dropped: 0,
            last: Last::default(),
            since: Monotonic::default(),
            latest: Arc::clone(latest),
            audience: Arc::clone(audience),
        })
    }

    /// Whether the picture can be dropped, since the slot has it.
    pub fn drops(&mut self, picture: &Picture<'_>) -> bool {
        if self.last.replace(picture) {
            self.since = picture.grabbed;
            self.latest.moves();
        }
        if self.dropped == self.limit || !self.is_shown() {
            self.dropped = 0;
            return false;
        }
        self.dropped += 1;
        true
    }

    fn is_shown(&self) -> bool {
        let Some(frame) = self.latest.get() else { return false };
        if !frame.online || frame.times.grabbed < self.since {
            return false;
        }
        // Who has come since then gets a picture of after the coming: a snapshot waits for one.
        if frame.times.captured <= self.audience.last_arrival() {
            return false;
        }
        self.latest.stands_still(frame.number);
        true
    }

    /// The next picture is not equal to any before, and the memory goes back.
    pub fn forget(&mut self) {
        self.last = Last::default();
        self.latest.moves();
    }
}

impl Last {
    /// Takes a copy of the picture. Returns whether it differs from the one before.
    fn replace(&mut self, picture: &Picture<'_>) -> bool {
        let shape = Some((picture.format, picture.width, picture.height, picture.stride));
        if self.shape == shape && self.bytes == picture.bytes {
            return false;
        }
        self.shape = shape;
        self.bytes.clear();
        self.bytes.extend_from_slice(picture.bytes);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Frame, FramePool, Times};

    /// What stands before and behind it in the daemon.
    struct Stage {
        same: Same,
        latest: Arc<Latest>,
        audience: Arc<Audience>,
    }

    impl Stage {
        fn new(limit: u32) -> Self {
            let (latest, audience) = (Latest::new(), Audience::new());
            Self { same: Same::new(limit, &latest, &audience).unwrap(), latest, audience }
        }

        /// Gives a picture, and publishes it at once unless it is dropped; returns whether it was.
        fn drops(&mut self, bytes: &[u8]) -> bool {
            let picture = picture(bytes);
            let drops = self.same.drops(&picture);
            if !drops {
                self.publish(&picture, true);
            }
            drops
        }

        fn publish(&self, picture: &Picture<'_>, online: bool) {
            let times = Times { captured: picture.captured, grabbed: picture.grabbed, ..Times::default() };
            let jpeg = FramePool::new().join(&[]);
            self.latest.publish(Frame { jpeg, width: 2, height: 2, online, times, number: 0 });
        }
    }

    fn picture(bytes: &[u8]) -> Picture<'_> {
        let now = Monotonic::now();
        let (format, stride) = (PixelFormat::Grey, 2);
        Picture { bytes, format, width: 2, height: 2, stride, captured: now, grabbed: now }
    }

    #[test]
    fn at_most_so_many_in_a_row_are_dropped() {
        let mut stage = Stage::new(3);
        let dropped: String = (0..10).map(|_| if stage.drops(b"same") { '-' } else { '+' }).collect();
        assert_eq!(dropped, "+---+---+-");
        assert!(!stage.drops(b"else"));
        assert!(!stage.drops(b"same"));
        assert!(stage.drops(b"same"));
    }

    #[test]
    fn a_difference_of_one_byte_counts_wherever_it_is() {
        let mut stage = Stage::new(9);
        let mut bytes = vec![0; 10_000];
        assert!(!stage.drops(&bytes));
        for at in [0, 5000, 9999] {
            bytes[at] += 1;
            assert!(!stage.drops(&bytes), "{at}");
            assert!(stage.drops(&bytes), "{at}");
        }
        bytes.pop();
        assert!(!stage.drops(&bytes));
    }

    #[test]
    fn the_same_bytes_in_another_shape_are_another_picture() {
        let mut stage = Stage::new(9);
        assert!(!stage.drops(b"same"));
        let shapes: [fn(&mut Picture<'_>); 3] = [
            |picture| picture.format = PixelFormat::Yu12,
            |picture| (picture.width, picture.height) = (4, 1),
            |picture| picture.stride = 4,
        ];
        for reshape in shapes {
            let mut other = picture(b"same");
            reshape(&mut other);
            assert!(!stage.same.drops(&other));
        }
    }

    #[test]
    fn what_was_lost_on_its_way_is_not_shown_already() {
        let mut stage = Stage::new(9);
        stage.drops(b"old");
        // Taken for publishing, and dropped as late or as broken.
        assert!(!stage.same.drops(&picture(b"new")));
        assert!(!stage.same.drops(&picture(b"new")));
        assert!(!stage.drops(b"new"));
        assert!(stage.drops(b"new"));
        // The one before the lost one is shown, but what was lost may yet come.
        stage.same.drops(&picture(b"lost"));
        assert!(!stage.drops(b"new"));
    }

    #[test]
    fn one_that_an_encoder_still_has_is_shown_when_it_is_done() {
        let mut stage = Stage::new(9);
        let [first, second, third] = [(); 3].map(|()| picture(b"same"));
        assert!(!stage.same.drops(&first));
        assert!(!stage.same.drops(&second));
        stage.publish(&first, true);
        assert!(stage.same.drops(&third), "the first is as good as the second");
    }

    #[test]
    fn a_placard_or_an_empty_slot_shows_no_picture() {
        let mut stage = Stage::new(9);
        stage.drops(b"same");
        stage.publish(&picture(b"placard"), false);
        assert!(!stage.drops(b"same"));
        assert!(stage.drops(b"same"));
        stage.latest.clear();
        assert!(!stage.drops(b"same"));
    }

    #[test]
    fn who_comes_gets_a_picture_of_after_the_coming() {
        let mut stage = Stage::new(9);
        stage.drops(b"same");
        let old = picture(b"same");
        drop(stage.audience.sit());
        assert!(!stage.same.drops(&old));
        stage.publish(&old, true);
        assert!(!stage.drops(b"same"), "that one was taken before");
        assert!(stage.drops(b"same"));
    }

    #[test]
    fn viewers_are_told_from_which_frame_on_all_are_the_same() {
        let mut stage = Stage::new(2);
        stage.drops(b"one");
        stage.drops(b"two");
        assert_eq!(stage.latest.still_since(), None);
        for _ in 0..5 {
            stage.drops(b"two");
        }
        assert_eq!(stage.latest.still_since(), Some(2));
        stage.drops(b"three");
        assert_eq!(stage.latest.still_since(), None);
        stage.drops(b"three");
        stage.same.forget();
        assert_eq!(stage.latest.still_since(), None);
    }
}
