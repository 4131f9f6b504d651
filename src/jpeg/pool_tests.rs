use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use super::super::encode::Encoder;
use super::super::testing::{Raw, compress, decode};
use super::*;
use crate::frame::Frame;
use crate::picture::PixelFormat;

/// How long a test waits for what must come.
const LONG: Duration = Duration::from_secs(60);

fn grey(level: u8, size: u32) -> Raw {
    Raw::paint(PixelFormat::Grey, (size, size), 0, |_, _| [level; 3])
}

fn submit(pool: &EncoderPool, raw: &Raw) -> Result<(), Unfit> {
    pool.take(raw.picture(), Change::default()).map(Taken::submit)
}

fn level(frame: &Frame) -> u8 {
    decode(&frame.jpeg).pixels[0]
}

fn pool(workers: usize, deliver: Deliver) -> (EncoderPool, Arc<Stats>) {
    slicing_pool(workers, 1, deliver)
}

fn slicing_pool(workers: usize, slices: usize, deliver: Deliver) -> (EncoderPool, Arc<Stats>) {
    let (stats, slices) = (Stats::new(), NonZeroUsize::new(slices));
    let settings = Settings { slices, ..Settings::default() };
    let mut pool = EncoderPool::idle(&settings, FramePool::new(), Arc::clone(&stats), deliver);
    for _ in 0..workers {
        pool.hire().unwrap();
    }
    (pool, stats)
}

fn into_channel() -> (Deliver, Receiver<Frame>) {
    let (sender, receiver) = mpsc::channel();
    (Arc::new(move |frame| sender.send(frame).unwrap()), receiver)
}

/// Delivers only what it is allowed to, one frame for each permit.
fn on_permit() -> (Deliver, Sender<()>, Receiver<Frame>) {
    let (permit, permits) = mpsc::channel();
    let (deliver, frames) = into_channel();
    let permits = Mutex::new(permits);
    let gated = move |frame| {
        // Closed at the test's end: then all may go.
        let _ = permits.lock().unwrap().recv();
        deliver(frame);
    };
    (Arc::new(gated), permit, frames)
}

#[test]
fn a_frame_tells_its_size_and_its_times() {
    let (deliver, frames) = into_channel();
    let (pool, _) = pool(1, deliver);
    let raw = grey(100, 48);
    let picture = raw.picture();
    pool.take(picture, Change::default()).unwrap().submit();
    let frame = frames.recv_timeout(LONG).unwrap();
    assert_eq!((frame.width, frame.height, frame.online, frame.number), (48, 48, true, 0));
    assert_eq!(frame.times.captured, picture.captured);
    assert_eq!(frame.times.grabbed, picture.grabbed);
    assert!(frame.times.encode_begin >= picture.grabbed);
    assert!(frame.times.encode_end >= frame.times.encode_begin);
}

#[test]
fn a_newer_picture_takes_the_place_of_one_that_waits() {
    let (deliver, frames) = into_channel();
    let (mut pool, stats) = pool(0, deliver);
    for level in [10, 20, 30] {
        submit(&pool, &grey(level, 32)).unwrap();
    }
    pool.hire().unwrap();
    assert_eq!(level(&frames.recv_timeout(LONG).unwrap()), 30);
    assert_eq!(stats.dropped_late.get(), 2);
}

#[test]
fn one_worker_makes_all_the_slices_of_a_picture() {
    let (deliver, frames) = into_channel();
    let (pool, _) = slicing_pool(1, 5, deliver);
    let raw = grey(50, 80);
    for _ in 0..3 {
        submit(&pool, &raw).unwrap();
        let frame = frames.recv_timeout(LONG).unwrap();
        assert_eq!(decode(&frame.jpeg).pixels, decode(&compress(&raw, 80, Subsampling::Yuv420, 1)).pixels);
    }
}

fn until_begun(pool: &EncoderPool, slices: usize) {
    let begin = Instant::now();
    while pool.shared.desk().begun.as_ref().is_none_or(|(_, next)| *next < slices) {
        assert!(begin.elapsed() < LONG);
        thread::yield_now();
    }
}

#[test]
fn what_is_begun_and_never_submitted_is_in_nobodys_way() {
    let (deliver, frames) = into_channel();
    let (pool, _) = slicing_pool(2, 5, deliver);
    let lost = pool.take(grey(50, 80).picture(), Change::default()).unwrap();
    until_begun(&pool, 4);
    drop(lost);
    pool.discard();
    frames.try_iter().for_each(drop);
    submit(&pool, &grey(90, 80)).unwrap();
    assert_eq!(level(&frames.recv_timeout(LONG).unwrap()), 90);
}

#[test]
fn all_but_the_last_slice_may_be_begun_before_a_picture_is_submitted_but_nothing_is_delivered() {
    let (deliver, frames) = into_channel();
    let (pool, _) = slicing_pool(2, 5, deliver);
    let raw = grey(50, 80);
    let taken = pool.take(raw.picture(), Change::default()).unwrap();
    until_begun(&pool, 4);
    assert!(frames.recv_timeout(Duration::from_millis(50)).is_err());
    taken.submit();
    let frame = frames.recv_timeout(LONG).unwrap();
    assert_eq!(decode(&frame.jpeg).pixels, decode(&compress(&raw, 80, Subsampling::Yuv420, 1)).pixels);
}

#[test]
fn a_picture_of_which_a_slice_fails_is_dropped_and_counted_once() {
    let (deliver, frames) = into_channel();
    let (pool, stats) = slicing_pool(0, 3, deliver);
    submit(&pool, &grey(50, 80)).unwrap();
    let job = Arc::into_inner(pool.shared.desk().waiting.take().unwrap()).unwrap();
    job.sheet.compress(0, &mut Encoder::default());
    assert!(pool.shared.finish(job, false));
    assert_eq!((stats.dropped_invalid.get(), frames.try_iter().count()), (1, 0));
}

#[test]
fn small_pictures_are_not_cut_and_large_ones_into_as_many_slices_for_each_worker() {
    let (deliver, _) = into_channel();
    let (pool, _) = slicing_pool(3, 0, Arc::clone(&deliver));
    for (size, slices) in [(80, 1), (600, 2), (800, 3), (1000, 6), (4000, 12)] {
        assert_eq!(pool.slices_of(&grey(0, size).picture()), slices, "{size}");
    }
    let (pool, _) = slicing_pool(1, 0, deliver);
    assert_eq!(pool.slices_of(&grey(0, 4000).picture()), 1);
}

#[test]
fn frames_come_in_order_and_each_is_delivered_or_counted() {
    for slices in [1, 3] {
        in_order_in(slices);
    }
}

fn in_order_in(slices: usize) {
    let (deliver, frames) = into_channel();
    let (pool, stats) = slicing_pool(4, slices, deliver);
    // Large and small ones in turn, so that later ones are ready sooner.
    for number in 0..100 {
        let size = if number % 2 == 0 { 300 } else { 8 };
        submit(&pool, &grey(number * 2, size)).unwrap();
    }
    let mut levels = Vec::new();
    while levels.len() as u64 + stats.dropped_late.get() < 100 {
        if let Ok(frame) = frames.recv_timeout(Duration::from_millis(10)) {
            levels.push(level(&frame));
        }
    }
    assert!(!levels.is_empty() && levels.is_sorted(), "{levels:?}");
}

#[test]
fn what_finishes_after_a_newer_one_is_dropped_and_counted() {
    let (deliver, frames) = into_channel();
    let (pool, stats) = pool(0, deliver);
    let frame = |width| Frame {
        jpeg: FramePool::new().join(&[]),
        width,
        height: 1,
        online: true,
        times: Times::default(),
        number: 0,
    };
    for number in [2, 1, 3] {
        pool.shared.deliver(number.into(), frame(number));
    }
    assert_eq!(frames.try_iter().map(|frame| frame.width).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(stats.dropped_late.get(), 1);
}

#[test]
fn nothing_submitted_before_a_discard_is_delivered_after_it() {
    let (deliver, permit, frames) = on_permit();
    let (pool, stats) = pool(2, deliver);
    for level in [10, 20, 30] {
        submit(&pool, &grey(level, 32)).unwrap();
    }
    permit.send(()).unwrap();
    frames.recv_timeout(LONG).unwrap();
    // Both workers may stand at the door, and the discard waits for whoever is in it.
    permit.send(()).unwrap();
    permit.send(()).unwrap();
    pool.discard();
    let before: Vec<_> = frames.try_iter().collect();
    assert!(before.len() <= 2);
    drop(permit);
    submit(&pool, &grey(200, 32)).unwrap();
    assert_eq!(level(&frames.recv_timeout(LONG).unwrap()), 200);
    assert!(stats.dropped_late.get() <= 2);
}

#[test]
fn a_broken_picture_is_refused_and_the_next_one_shown() {
    let (deliver, frames) = into_channel();
    let (pool, _) = pool(1, deliver);
    let mut broken = grey(10, 32);
    broken.bytes.truncate(99);
    assert!(matches!(submit(&pool, &broken), Err(Unfit::TooShort { .. })));
    submit(&pool, &grey(90, 32)).unwrap();
    assert_eq!(level(&frames.recv_timeout(LONG).unwrap()), 90);
}

#[test]
fn memory_for_pictures_is_used_again() {
    let (deliver, frames) = into_channel();
    let (pool, _) = pool(2, deliver);
    for _ in 0..20 {
        submit(&pool, &grey(10, 32)).unwrap();
        frames.recv_timeout(LONG).unwrap();
    }
    assert!(pool.shared.desk().spare.len() <= 2);
}
