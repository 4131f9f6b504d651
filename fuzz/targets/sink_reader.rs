//! The reader of the shared memory, which another process writes: one that is broken, of another version, or hostile.

use std::fs;

use mjpegd::clock::Monotonic;
use mjpegd::sink::Reader;
use mjpegd::sink::layout::{HEADER_BYTES, MAGIC, SLOTS, VERSION, slot, word};

use super::Choices;

/// Room for the pictures of a small one.
const SLOT_BYTES: u32 = HEADER_BYTES;

pub fn run(data: &[u8]) -> bool {
    let path = super::file("sink");
    let object = object(data);
    // Another inode each time, as each writer makes one.
    let _ = fs::remove_file(&path);
    fs::write(&path, &object).unwrap();
    let (mut reader, mut jpeg) = (Reader::new(path), Vec::new());
    // What is there already needs no waiting for.
    let mut is_read = false;
    for _ in 0..3 {
        let read = reader.next(Monotonic::default(), &mut jpeg);
        // No more is kept than the object has.
        assert!(jpeg.capacity() <= object.len().max(64), "{} of {}", jpeg.capacity(), object.len());
        if let Ok(Some(_)) = read {
            is_read = true;
            assert!(jpeg.is_empty() || memchr::memmem::find(&object, &jpeg).is_some());
        }
    }
    is_read
}

/// A good one, of which the input sets words, and how long it is.
fn object(data: &[u8]) -> Vec<u8> {
    let mut choices = Choices(data);
    let mut words = vec![0; HEADER_BYTES as usize / 4];
    (words[word::MAGIC], words[word::MAGIC + 1]) =
        (u32::from_ne_bytes(*MAGIC.first_chunk().unwrap()), u32::from_ne_bytes(*MAGIC.last_chunk().unwrap()));
    (words[word::VERSION], words[word::HEADER_BYTES]) = (VERSION, HEADER_BYTES);
    (words[word::SLOTS], words[word::SLOT_BYTES]) = (SLOTS, SLOT_BYTES);
    words[word::ALIVE] = Monotonic::now().as_secs_f64() as u32;
    words[word::TURN] = 1;
    let at = word::of_slot(1);
    (words[at + slot::TURN], words[at + slot::LENGTH]) = (1, 100);
    let changes = choices.byte() % 16;
    for _ in 0..changes {
        // Those that mean something.
        let at = choices.below(112);
        words[at] = match choices.byte() {
            0 => u32::MAX,
            1 => words[at].wrapping_add(1),
            2 => words[word::TURN],
            small => u32::from(small).wrapping_mul(u32::from(choices.byte()).pow(2)),
        };
    }
    let length = match choices.byte() {
        0 => choices.below(6 * HEADER_BYTES as usize),
        _ => HEADER_BYTES as usize + SLOTS as usize * SLOT_BYTES as usize,
    };
    let mut object: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    object.resize(object.len() + choices.0.len(), 0);
    object[HEADER_BYTES as usize..].copy_from_slice(choices.0);
    object.resize(length, 0x55);
    object
}
