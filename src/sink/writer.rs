//! The object in shared memory, and how a frame gets into it.
//!
//! A sequence lock: a slot's turn is 0 while it is written, and the frame's afterwards. Who reads looks at it before and after
//! copying. Nobody is waited for, and the slot of the newest frame is never the one that is written.
//!
//! Only the header is mapped. Frames are written by pwrite, which says so when the memory is full, where a mapping would end
//! the process by SIGBUS; what it has written lies in the pages that readers have mapped.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{Ordering, fence};

use rustix::fs::{FlockOperation, flock};
use rustix::thread::futex;

use super::header::Header;
use super::layout::{self, HEADER_BYTES, MAGIC, SLOTS, VERSION, slot, word};
use super::name;
use crate::clock::Monotonic;
use crate::frame::Frame;

/// The one writer of an object. It takes the object away with it.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    pub(super) file: File,
    header: Header,
    longest: u32,
    /// Of the newest frame.
    turn: u32,
}

/// Why a frame is not there.
#[derive(Debug)]
pub enum LeftOut {
    TooLarge,
    Failed(io::Error),
}

/// Nobody but the owner ever needs to write, and whoever could might cut the file off.
const READERS: u32 = 0o444;

impl Writer {
    /// Takes the place of an object whose writer is gone, and of nothing else.
    pub fn new(path: &Path, mode: u32, longest: u32) -> io::Result<Self> {
        let slot_bytes = layout::slot_bytes(longest);
        let (file, header) = name::publish(path, |file| {
            // The page exists from here on, so that touching it cannot fail; those of the slots come with their frames.
            file.write_all_at(&[0; HEADER_BYTES as usize], 0)?;
            file.set_len(layout::place(SLOTS - 1, slot_bytes) + u64::from(slot_bytes))?;
            let header = Header::writable(file)?;
            header.set_long(word::MAGIC, u64::from_ne_bytes(MAGIC));
            header.set(word::VERSION, VERSION);
            header.set(word::HEADER_BYTES, HEADER_BYTES);
            header.set(word::SLOTS, SLOTS);
            header.set(word::SLOT_BYTES, slot_bytes);
            header.set(word::PID, process::id());
            file.set_permissions(Permissions::from_mode(mode & READERS | 0o600))?;
            Ok(header)
        })?;
        let writer = Self { path: path.to_owned(), file, header, longest, turn: 0 };
        writer.beat();
        Ok(writer)
    }

    /// Puts a frame beside the newest one, and has it be the newest then.
    pub fn write(&mut self, frame: &Frame) -> Result<(), LeftOut> {
        let length = u32::try_from(frame.jpeg.len()).ok().filter(|length| *length <= self.longest);
        let length = length.ok_or(LeftOut::TooLarge)?;
        // 0 is no turn; it comes once in years.
        let turn = self.turn.wrapping_add(1).max(1);
        let (at, header) = (word::of_slot(turn), &self.header);
        header.set(at + slot::TURN, 0);
        // Nothing of what follows may be seen before this 0. The barrier orders what the kernel writes for us, too.
        fence(Ordering::SeqCst);
        let place = layout::place(turn, layout::slot_bytes(self.longest));
        self.file.write_all_at(&frame.jpeg, place).map_err(LeftOut::Failed)?;
        header.set(at + slot::LENGTH, length);
        header.set_long(at + slot::NUMBER, frame.number);
        header.set_long(at + slot::CAPTURED, nanoseconds(frame.times.captured));
        header.set_long(at + slot::PUBLISHED, nanoseconds(frame.times.published));
        header.set(at + slot::WIDTH, frame.width);
        header.set(at + slot::HEIGHT, frame.height);
        header.set(at + slot::ONLINE, frame.online.into());
        // And all of it is seen by whoever sees the turn.
        fence(Ordering::SeqCst);
        header.set(at + slot::TURN, turn);
        header[word::TURN].store(turn, Ordering::Release);
        self.turn = turn;
        self.wake();
        Ok(())
    }

    /// There is no live frame any longer: who comes now waits for the next one.
    pub fn clear(&self) {
        self.header.set(word::TURN, 0);
    }

    /// Says that this process lives.
    pub fn beat(&self) {
        self.header.set(word::ALIVE, seconds(Monotonic::now()));
    }

    /// Whether somebody reads: each reader holds a shared lock, which the kernel takes back when the reader is gone.
    pub fn is_read(&self) -> bool {
        let alone = flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_ok();
        if alone {
            // Only a lock that is not held cannot be given back.
            let _ = flock(&self.file, FlockOperation::Unlock);
        }
        !alone
    }

    /// Where there is no futex nobody sleeps on it, and readers look by themselves.
    fn wake(&self) {
        let _ = futex::wake(&self.header[word::TURN], futex::Flags::empty(), i32::MAX as u32);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.header[word::CLOSED].store(1, Ordering::Release);
        self.wake();
        // Whoever has put another one there since shall keep it.
        if name::is_at(&self.path, &self.file) {
            if let Err(error) = fs::remove_file(&self.path) {
                log::warn!("cannot remove {}: {error}", self.path.display());
            }
        }
    }
}

/// As [`word::ALIVE`] has them.
pub(super) fn seconds(time: Monotonic) -> u32 {
    (time - Monotonic::default()).as_secs() as u32
}

fn nanoseconds(time: Monotonic) -> u64 {
    u64::try_from((time - Monotonic::default()).as_nanos()).unwrap_or(u64::MAX)
}
