//! Frames out of the shared memory of a mjpegd: how another process reads them. `examples/shared-memory/` has the same in
//! Python, C, and Rust without this crate.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

use rustix::fs::{FlockOperation, Timespec, flock};
use rustix::thread::futex;

use super::header::Header;
use super::layout::{HEADER_BYTES, MAGIC, SILENCE, SLOTS, VERSION, place, slot, word};
use super::name;
use super::writer::seconds;
use crate::clock::Monotonic;

/// A writer that is gone wakes nobody: so often it is looked whether another one has come.
const LOOK: Duration = Duration::from_secs(1);

/// While there is no object.
const LOOK_FOR_ONE: Duration = Duration::from_millis(100);

/// Attempts at the newest frame before it is looked at the time: who writes faster than it can be copied makes none good.
const ATTEMPTS: usize = 10;

/// Follows a name, whichever mjpegd writes under it.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    object: Option<Object>,
}

/// What is told of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub number: u64,
    pub captured: Monotonic,
    pub published: Monotonic,
    pub width: u32,
    pub height: u32,
    pub online: bool,
}

impl Reader {
    pub fn new(path: PathBuf) -> Self {
        Self { path, object: None }
    }

    /// The newest frame, if it is another than before, or the next one; `None`: none until then.
    pub fn next(&mut self, until: Monotonic, jpeg: &mut Vec<u8>) -> io::Result<Option<Told>> {
        loop {
            if self.object.is_none() {
                self.object = Object::open(&self.path)?;
            }
            let left = until - Monotonic::now();
            match &mut self.object {
                Some(object) => {
                    if let Some(told) = object.newest(jpeg)? {
                        return Ok(Some(told));
                    }
                    let still_there = object.wait(left.min(LOOK)) || name::is_at(&self.path, &object.file);
                    if object.is_closed() || !still_there {
                        self.object = None;
                    }
                }
                None => std::thread::sleep(left.min(LOOK_FOR_ONE)),
            }
            if left.is_zero() {
                return Ok(None);
            }
        }
    }
}

/// One object, of one writer's life.
#[derive(Debug)]
pub(super) struct Object {
    file: File,
    header: Header,
    /// Of each slot, as it was when the object was opened: all of them lie in the file.
    slot_bytes: u32,
    /// Of the frame that was read last, or was told of and was not there.
    last: u32,
}

impl Object {
    /// `None`: there is none.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let header = Header::readable(&file)?;
        if header.get_long(word::MAGIC).to_ne_bytes() != MAGIC {
            return Err(io::Error::other("not of mjpegd"));
        }
        let layout = [word::VERSION, word::HEADER_BYTES, word::SLOTS].map(|word| header.get(word));
        if layout != [VERSION, HEADER_BYTES, SLOTS] {
            return Err(io::Error::other("of another version of mjpegd"));
        }
        let slot_bytes = header.get(word::SLOT_BYTES);
        if file.metadata()?.len() < place(SLOTS - 1, slot_bytes) + u64::from(slot_bytes) {
            return Err(io::Error::other("shorter than it says"));
        }
        Ok(Some(Self { file, header, slot_bytes, last: 0 }))
    }

    /// The turn of a frame that was not read yet.
    pub(super) fn turn(&self) -> Option<u32> {
        self.lock();
        let silence = seconds(Monotonic::now()).saturating_sub(self.header.get(word::ALIVE));
        if silence > SILENCE {
            return None;
        }
        Some(self.header.get(word::TURN)).filter(|turn| *turn != 0 && *turn != self.last)
    }

    /// The frame of this turn. `None`: it is no longer there.
    fn read(&mut self, turn: u32, jpeg: &mut Vec<u8>) -> io::Result<Option<Told>> {
        self.read_by(turn, jpeg, |file, jpeg, place| file.read_exact_at(jpeg, place))
    }

    /// As `read`, with the copying left to somebody who may take his time.
    pub(super) fn read_by(
        &mut self,
        turn: u32,
        jpeg: &mut Vec<u8>,
        copy: impl FnOnce(&File, &mut [u8], u64) -> io::Result<()>,
    ) -> io::Result<Option<Told>> {
        let (at, header) = (word::of_slot(turn), &self.header);
        if header.get(at + slot::TURN) != turn {
            return Ok(None);
        }
        // What follows is read after the turn, and the turn once more after all of it.
        fence(Ordering::SeqCst);
        jpeg.resize(header.get(at + slot::LENGTH).min(self.slot_bytes) as usize, 0);
        let told = Told {
            number: header.get_long(at + slot::NUMBER),
            captured: moment(header.get_long(at + slot::CAPTURED)),
            published: moment(header.get_long(at + slot::PUBLISHED)),
            width: header.get(at + slot::WIDTH),
            height: header.get(at + slot::HEIGHT),
            online: header.get(at + slot::ONLINE) != 0,
        };
        copy(&self.file, jpeg, place(turn, self.slot_bytes))?;
        fence(Ordering::SeqCst);
        if header.get(at + slot::TURN) != turn {
            return Ok(None);
        }
        self.last = turn;
        Ok(Some(told))
    }

    /// The newest frame, unless it was read.
    fn newest(&mut self, jpeg: &mut Vec<u8>) -> io::Result<Option<Told>> {
        for _ in 0..ATTEMPTS {
            let Some(turn) = self.turn() else { break };
            if let Some(told) = self.read(turn, jpeg)? {
                return Ok(Some(told));
            }
            // By now there is a newer one; where there is not, it is not asked for again.
            self.last = turn;
        }
        Ok(None)
    }

    /// Until there is another frame, or it is time, or something else to look at. False: it was time.
    fn wait(&self, time: Duration) -> bool {
        let seen = self.header.get(word::TURN);
        if self.turn().is_some() {
            return true;
        }
        let time =
            Timespec { tv_sec: time.as_secs().try_into().unwrap_or(1), tv_nsec: time.subsec_nanos().into() };
        let waited = futex::wait(&self.header[word::TURN], futex::Flags::empty(), seen, Some(&time));
        waited != Err(rustix::io::Errno::TIMEDOUT)
    }

    /// Says that somebody reads, by a lock that the kernel takes back when this is gone. The writer holds it for a moment when
    /// it looks, so it is asked for with each frame, and nobody waits for it.
    fn lock(&self) {
        let _ = flock(&self.file, FlockOperation::NonBlockingLockShared);
    }

    fn is_closed(&self) -> bool {
        self.header.get(word::CLOSED) != 0
    }
}

fn moment(nanoseconds: u64) -> Monotonic {
    Monotonic::from_boot(Duration::from_nanos(nanoseconds))
}
