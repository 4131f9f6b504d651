//! The newest frame of mjpegd, out of shared memory: each one to standard output, and what is told of it to standard error.
//! To copy it: `cargo add rustix --features fs,mm,thread,time`. docs/shared-memory.md describes the layout.
//!
//!     cargo run --example latest camera >frames.mjpeg        with mjpegd --sink camera
#![allow(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, fence};
use std::time::Duration;
use std::{env, ptr, thread};

use rustix::fs::{FlockOperation, flock};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::thread::futex;
use rustix::time::{ClockId, Timespec, clock_gettime};

const HEADER_BYTES: usize = 4096;
const SLOTS: u32 = 4;
/// Words of the header.
const VERSION: usize = 2;
const SLOT_BYTES: usize = 5;
const TURN: usize = 16;
const CLOSED: usize = 17;
const ALIVE: usize = 18;

pub struct Frame {
    pub jpeg: Vec<u8>,
    pub number: u64,
    pub captured: Duration,
    pub width: u32,
    pub height: u32,
    /// False: it stands for a camera that is not there.
    pub live: bool,
}

/// One object in /dev/shm, as long as its mjpegd lives.
pub struct Memory {
    file: File,
    words: &'static [AtomicU32; HEADER_BYTES / 4],
    last: u32,
}

impl Memory {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut magic = [0; 8];
        file.read_exact_at(&mut magic, 0)?;
        // SAFETY: a fresh mapping of a page that the file has, for nobody else to unmap before `drop`.
        let words = unsafe {
            let start = mmap(ptr::null_mut(), HEADER_BYTES, ProtFlags::READ, MapFlags::SHARED, &file, 0)?;
            &*start.cast::<[AtomicU32; HEADER_BYTES / 4]>()
        };
        let memory = Self { file, words, last: 0 };
        if &magic != b"MJPEGD\r\n" || memory.word(VERSION) != 1 {
            return Err(io::Error::other("not what this program reads"));
        }
        Ok(memory)
    }

    /// Relaxed, as it has to be on memory that may only be read.
    fn word(&self, index: usize) -> u32 {
        self.words[index].load(Relaxed)
    }

    /// Two words as they lie in memory.
    fn long(&self, index: usize) -> u64 {
        let [a, b, c, d] = self.word(index).to_ne_bytes();
        let [e, f, g, h] = self.word(index + 1).to_ne_bytes();
        u64::from_ne_bytes([a, b, c, d, e, f, g, h])
    }

    /// The newest frame, or the next one; `None`: there was none for a second.
    pub fn wait_for_frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            // Says that somebody reads. The kernel takes it back when this process ends, in whatever way.
            let _ = flock(&self.file, FlockOperation::NonBlockingLockShared);
            let turn = self.word(TURN);
            let silence = now().as_secs().saturating_sub(self.word(ALIVE).into());
            if turn == 0 || turn == self.last || silence > 5 {
                let second = Timespec { tv_sec: 1, tv_nsec: 0 };
                let _ = futex::wait(&self.words[TURN], futex::Flags::empty(), turn, Some(&second));
                if self.word(TURN) == turn {
                    return Ok(None);
                }
            } else if let Some(frame) = self.read(turn)? {
                self.last = turn;
                return Ok(Some(frame));
            }
        }
    }

    /// The frame of this turn. `None`: it is being written over, and there is a newer one.
    fn read(&self, turn: u32) -> io::Result<Option<Frame>> {
        let slot = 32 + (turn % SLOTS) as usize * 16;
        if self.word(slot) != turn {
            return Ok(None);
        }
        fence(SeqCst);
        let slot_bytes = self.word(SLOT_BYTES);
        let length = self.word(slot + 1).min(slot_bytes);
        let mut frame = Frame {
            jpeg: vec![0; length as usize],
            number: self.long(slot + 2),
            captured: Duration::from_nanos(self.long(slot + 4)),
            width: self.word(slot + 8),
            height: self.word(slot + 9),
            live: self.word(slot + 10) != 0,
        };
        let place = HEADER_BYTES as u64 + u64::from(turn % SLOTS) * u64::from(slot_bytes);
        self.file.read_exact_at(&mut frame.jpeg, place)?;
        fence(SeqCst);
        Ok((self.word(slot) == turn).then_some(frame))
    }

    /// Whether another object has the name, or none.
    pub fn is_over(&self, path: &Path) -> io::Result<bool> {
        let ours = self.file.metadata()?.ino();
        Ok(self.word(CLOSED) != 0 || !fs::metadata(path).is_ok_and(|there| there.ino() == ours))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: mapped by `open`, and nothing borrows of it but `self`.
        let _ = unsafe { munmap(self.words.as_ptr().cast_mut().cast(), HEADER_BYTES) };
    }
}

/// On the clock that frames are stamped by.
fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn main() -> io::Result<()> {
    let path = Path::new("/dev/shm").join(env::args().nth(1).unwrap_or("camera".to_owned()));
    loop {
        if !path.exists() {
            thread::sleep(Duration::from_millis(100));
            continue;
        }
        let mut memory = Memory::open(&path)?;
        loop {
            match memory.wait_for_frame()? {
                Some(frame) if frame.live => {
                    io::stdout().write_all(&frame.jpeg)?;
                    io::stdout().flush()?;
                    let Frame { jpeg, number, captured, width, height, .. } = frame;
                    let age = now().saturating_sub(captured).as_secs_f64() * 1e3;
                    eprintln!("{number}: {width}x{height}, {} bytes, {age:.1} ms old", jpeg.len());
                }
                None if memory.is_over(&path)? => break,
                Some(_) | None => {}
            }
        }
    }
}
