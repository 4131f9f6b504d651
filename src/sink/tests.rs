use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::layout::SLOTS;
use super::reader::Object;
use super::*;
use crate::frame::{FramePool, Times};

const LONG: Duration = Duration::from_secs(60);

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = folder.path().join("camera");
    (folder, path)
}

fn writer(path: &Path) -> Writer {
    Writer::new(path, 0o644, 100_000).unwrap()
}

/// Its bytes are all of its number, and so is their count: whatever is mixed with another frame shows it.
fn frame(number: u64) -> Frame {
    let bytes = vec![number as u8; 60_000 + (number % 200) as usize];
    let times = Times { published: Monotonic::now(), ..Times::default() };
    let jpeg = FramePool::new().join(&[&bytes]);
    Frame { jpeg, width: number as u32, height: 2, online: true, times, number }
}

fn is_whole(told: Told, jpeg: &[u8]) -> bool {
    let length = 60_000 + (told.number % 200) as usize;
    told.width == told.number as u32
        && jpeg.len() == length
        && jpeg.iter().all(|byte| *byte == told.number as u8)
}

#[test]
fn what_is_read_is_what_was_written_with_all_that_is_told_of_it() {
    let (_folder, path) = folder();
    let mut writer = writer(&path);
    let mut frame = frame(7);
    (frame.online, frame.times.captured) = (false, Monotonic::from_boot(Duration::from_nanos(u64::MAX / 3)));
    writer.write(&frame).unwrap();
    let mut jpeg = Vec::new();
    let mut reader = Reader::new(path);
    let told = reader.next(Monotonic::default(), &mut jpeg).unwrap().unwrap();
    let Times { captured, published, .. } = frame.times;
    assert_eq!(told, Told { number: 7, captured, published, width: 7, height: 2, online: false });
    assert_eq!(jpeg, *frame.jpeg);
    assert_eq!(reader.next(Monotonic::default(), &mut jpeg).unwrap(), None, "once is enough");
}

#[test]
fn a_frame_that_is_written_over_while_it_is_read_is_not_taken() {
    let (_folder, path) = folder();
    let mut writer = writer(&path);
    let mut object = Object::open(&path).unwrap().unwrap();
    let (mut jpeg, mut number) = (Vec::new(), 0);
    // As long as others are written, a reader has time; then no longer, in the middle of copying or before.
    for (before, meanwhile, is_taken) in [(0, SLOTS - 1, true), (0, SLOTS, false), (SLOTS, 0, false)] {
        let mut write = |count| {
            for _ in 0..count {
                number += 1;
                writer.write(&frame(number)).unwrap();
            }
        };
        write(1);
        let turn = object.turn().unwrap();
        write(before);
        let told = object.read_by(turn, &mut jpeg, |file, jpeg, place| {
            file.read_exact_at(jpeg, place)?;
            write(meanwhile);
            Ok(())
        });
        let told = told.unwrap();
        assert_eq!(told.is_some(), is_taken, "{before} before, {meanwhile} meanwhile");
        assert!(told.is_none_or(|told| is_whole(told, &jpeg)));
    }
}

#[test]
fn of_a_slot_that_is_being_written_nothing_is_taken() {
    let (_folder, path) = folder();
    let mut writer = writer(&path);
    writer.write(&frame(1)).unwrap();
    let mut object = Object::open(&path).unwrap().unwrap();
    let first = object.turn().unwrap();
    (2..=u64::from(SLOTS)).for_each(|number| writer.write(&frame(number)).unwrap());
    let read = |object: &mut Object| {
        object.read_by(first, &mut Vec::new(), |file, jpeg, place| file.read_exact_at(jpeg, place)).unwrap()
    };
    assert!(read(&mut object).is_some());
    // It gets no further than to begin.
    writer.file = File::open(&path).unwrap();
    assert!(writer.write(&frame(5)).is_err());
    assert_eq!(read(&mut object), None);
}

#[test]
fn readers_beside_a_writer_that_never_rests_see_whole_frames_in_their_order() {
    let (_folder, path) = folder();
    let mut writer = writer(&path);
    writer.write(&frame(1)).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (path, done) = (path.clone(), Arc::clone(&done));
            thread::spawn(move || {
                let mut object = Object::open(&path).unwrap().unwrap();
                let (mut jpeg, mut last, mut seen, mut overtaken) = (Vec::new(), 0, 0, 0);
                while !done.load(Ordering::Relaxed) {
                    let Some(turn) = object.turn() else { continue };
                    let copy = |file: &File, jpeg: &mut [u8], place| file.read_exact_at(jpeg, place);
                    match object.read_by(turn, &mut jpeg, copy).unwrap() {
                        Some(told) => {
                            assert!(is_whole(told, &jpeg), "{told:?} and {} bytes", jpeg.len());
                            assert!(told.number > last, "{} behind {last}", told.number);
                            (last, seen) = (told.number, seen + 1);
                        }
                        None => overtaken += 1,
                    }
                }
                (seen, overtaken)
            })
        })
        .collect();
    let end = Monotonic::now() + Duration::from_secs(3);
    let mut number = 1;
    while Monotonic::now() < end {
        number += 1;
        writer.beat();
        writer.write(&frame(number)).unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for (seen, overtaken) in readers.into_iter().map(|reader| reader.join().unwrap()) {
        println!("{seen} frames of {number} seen, {overtaken} times overtaken");
        assert!(seen > 10, "{seen}");
    }
}

#[test]
fn a_frame_that_does_not_fit_or_cannot_be_written_leaves_the_one_before() {
    let (_folder, path) = folder();
    let mut writer = writer(&path);
    let mut jpeg = Vec::new();
    let mut reader = Reader::new(path.clone());
    writer.write(&frame(1)).unwrap();
    let mut large = frame(2);
    large.jpeg = FramePool::new().join(&[&[0; 100_001]]);
    assert!(matches!(writer.write(&large), Err(LeftOut::TooLarge)));
    // As on a full disk, the kernel takes nothing.
    let file = std::mem::replace(&mut writer.file, File::open(&path).unwrap());
    assert!(matches!(writer.write(&frame(3)), Err(LeftOut::Failed(_))));
    assert_eq!(reader.next(Monotonic::default(), &mut jpeg).unwrap().unwrap().number, 1);
    writer.file = file;
    writer.write(&frame(4)).unwrap();
    assert_eq!(reader.next(Monotonic::default(), &mut jpeg).unwrap().unwrap().number, 4);
}

#[test]
fn nobody_but_the_owner_may_write_whatever_the_mode_says() {
    let (_folder, path) = folder();
    let _writer = Writer::new(&path, 0o666, 1000).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn it_is_known_whether_somebody_reads() {
    let (_folder, path) = folder();
    let mut writer = writer(&path);
    assert!(!writer.is_read());
    let mut reader = Reader::new(path);
    writer.write(&frame(1)).unwrap();
    reader.next(Monotonic::default(), &mut Vec::new()).unwrap();
    assert!(writer.is_read());
    drop(reader);
    assert!(!writer.is_read());
}

#[test]
fn when_there_is_no_live_frame_readers_wait_for_the_next_one() {
    let (_folder, path) = folder();
    let mut writer = writer(&path);
    writer.write(&frame(1)).unwrap();
    writer.clear();
    let mut reader = Reader::new(path);
    let waiting = thread::spawn(move || {
        let told = reader.next(Monotonic::now() + LONG, &mut Vec::new()).unwrap();
        told.map(|told| told.number)
    });
    // It sleeps by then, or it does not: both are to end well.
    thread::sleep(Duration::from_millis(100));
    writer.write(&frame(2)).unwrap();
    assert_eq!(waiting.join().unwrap(), Some(2));
}

#[test]
fn a_reader_follows_the_name_to_the_next_writer() {
    let (_folder, path) = folder();
    let mut jpeg = Vec::new();
    let mut reader = Reader::new(path.clone());
    assert_eq!(reader.next(Monotonic::default(), &mut jpeg).unwrap(), None, "there is none yet");
    for number in [9, 1] {
        let mut writer = writer(&path);
        writer.write(&frame(number)).unwrap();
        let told = reader.next(Monotonic::now() + LONG, &mut jpeg).unwrap().unwrap();
        assert_eq!(told.number, number);
        drop(writer);
        assert!(!path.exists());
    }
}

#[test]
fn what_is_not_of_a_writer_that_is_gone_is_left_alone() {
    let (folder, path) = folder();
    let refusal = || Writer::new(&path, 0o600, 1000).unwrap_err().to_string();
    fs::write(&path, "precious").unwrap();
    assert!(refusal().contains("left alone"), "{}", refusal());
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    assert!(refusal().contains("it is there already"), "{}", refusal());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refusal().contains("it is there already"), "{}", refusal());
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing else is left there");
}
