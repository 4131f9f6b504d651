//! Whole JPEGs out of bytes that come in pieces, whatever stands between them: nothing, as in a program's output, or the
//! boundaries and head lines of a multipart stream, with or without lengths.
//!
//! It goes by the JPEG's own markers, as [`super::markers`] does for a picture that is there as a whole: nothing that stands
//! between two pictures can be taken for the start of one, and no end that lies in a thumbnail for that of the picture.

use std::io::{self, Read};

use memchr::{memchr, memmem};

/// Room for one read.
const PIECE: usize = 64 * 1024;

const START: [u8; 3] = [0xFF, 0xD8, 0xFF];

#[derive(Debug)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// Where the bytes that were read end; behind them is room.
    filled: usize,
    /// Where the picture begins that is being walked over.
    start: usize,
    at: usize,
    place: Place,
    longest: usize,
    dropped: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Between,
    Marker,
    /// Entropy-coded data.
    Data,
}

impl Splitter {
    /// Pictures with more bytes than this are dropped.
    pub const fn new(longest: usize) -> Self {
        Self { buffer: Vec::new(), filled: 0, start: 0, at: 0, place: Place::Between, longest, dropped: 0 }
    }

    /// Reads once, as much as there is room for; 0: the end.
    pub fn read_from(&mut self, from: &mut impl Read) -> io::Result<usize> {
        let room = self.room();
        let count = from.read(room)?;
        self.filled += count;
        Ok(count)
    }

    /// Takes bytes that are there already.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            self.filled += count;
            bytes = &bytes[count..];
        }
    }

    /// The next whole picture. `None`: more bytes are needed.
    pub fn next_picture(&mut self) -> Option<&[u8]> {
        loop {
            match self.step() {
                Step::Again => {}
                Step::More => return None,
                Step::Whole => {
                    let start = std::mem::replace(&mut self.start, self.at);
                    self.place = Place::Between;
                    return self.buffer.get(start..self.at);
                }
            }
        }
    }

    /// How many pictures were cut short, broken or too long, since this was asked last.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.at -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < self.filled + PIECE {
            // As a vector grows; and no more than the longest picture needs.
            let wanted =
                (2 * self.buffer.len()).clamp(self.filled + PIECE, self.longest.max(self.filled) + PIECE);
            self.buffer.resize(wanted, 0);
        }
        &mut self.buffer[self.filled..]
    }

    fn step(&mut self) -> Step {
        // A segment may have led beyond all bytes that there were, and now there are more.
        if self.is_too_long() {
            return self.drop_picture(self.start + self.longest);
        }
        let step = match self.place {
            Place::Between => self.find_start(),
            Place::Marker => self.marker(),
            Place::Data => self.data(),
        };
        if self.is_too_long() { self.drop_picture(self.start + self.longest) } else { step }
    }

    /// It goes by the bytes that were walked over, so that the same is dropped in whatever pieces they come.
    fn is_too_long(&self) -> bool {
        self.place != Place::Between && self.at.min(self.filled) - self.start > self.longest
    }

    fn find_start(&mut self) -> Step {
        let bytes = &self.buffer[self.start..self.filled];
        match memmem::find(bytes, &START) {
            Some(found) => {
                self.start += found;
                self.at = self.start + 2;
                self.place = Place::Marker;
                Step::Again
            }
            None => {
                // The beginning of one may stand at the end.
                self.start = self.filled.saturating_sub(START.len() - 1).max(self.start);
                self.at = self.start;
                Step::More
            }
        }
    }

    fn marker(&mut self) -> Step {
        match self.buffer[self.at.min(self.filled)..self.filled] {
            [0xFF, 0xFF, ..] => {
                self.at += 1;
                Step::Again
            }
            [0xFF, 0xD9, ..] => {
                self.at += 2;
                Step::Whole
            }
            // Another picture where this one was to go on.
            [0xFF, 0xD8, ..] => self.drop_picture(self.at),
            [0xFF, 0x01 | 0xD0..=0xD7, ..] => {
                self.at += 2;
                Step::Again
            }
            [0xFF, marker @ 0xC0..=0xFE, high, low, ..] => {
                self.at += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
                if marker == 0xDA {
                    self.place = Place::Data;
                }
                Step::Again
            }
            [] | [0xFF] | [0xFF, 0xC0..=0xFE] | [0xFF, 0xC0..=0xFE, _] => Step::More,
            _ => self.drop_picture(self.at),
        }
    }

    fn data(&mut self) -> Step {
        let Some(bytes) = self.buffer.get(self.at..self.filled) else { return Step::More };
        let Some(found) = memchr(0xFF, bytes) else {
            self.at = self.filled;
            return Step::More;
        };
        self.at += found;
        match bytes.get(found + 1) {
            None => return Step::More,
            Some(0x00 | 0xD0..=0xD7) => self.at += 2,
            Some(0xFF) => self.at += 1,
            Some(_) => self.place = Place::Marker,
        }
        Step::Again
    }

    /// The next picture is looked for from here on.
    fn drop_picture(&mut self, from: usize) -> Step {
        self.dropped += 1;
        self.start = from;
        self.at = from;
        self.place = Place::Between;
        Step::Again
    }
}

#[derive(PartialEq, Eq)]
enum Step {
    Again,
    More,
    Whole,
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    const LONGEST: usize = 1 << 20;

    /// What comes out when it goes in in pieces of this length.
    fn split(bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, u64) {
        let mut splitter = Splitter::new(LONGEST);
        let mut pictures = Vec::new();
        for piece in bytes.chunks(piece) {
            splitter.push(piece);
            while let Some(picture) = splitter.next_picture() {
                pictures.push(picture.to_vec());
            }
        }
        (pictures, splitter.take_dropped())
    }

    fn pictures() -> Vec<Vec<u8>> {
        vec![baseline(33, 17), progressive(64, 48), with_restarts(48, 64), with_thumbnail(&baseline(40, 40))]
    }

    #[test]
    fn end_to_end_and_in_parts_of_a_stream_each_comes_out_whole() {
        let pictures = pictures();
        let part = |head: &str| -> Vec<u8> {
            pictures.iter().flat_map(|jpeg| [head.as_bytes(), jpeg, b"\r\n"].concat()).collect()
        };
        let streams = [
            pictures.concat(),
            part("--frame\r\nContent-Type: image/jpeg\r\n\r\n"),
            part("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 999\r\n\r\n"),
            part("\u{0}\u{0}\u{ff}"),
        ];
        for stream in streams {
            for piece in [1, 2, 3, 7, 1000, stream.len()] {
                assert_eq!(split(&stream, piece), (pictures.clone(), 0), "pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_picture_is_there_with_its_last_byte() {
        let jpeg = baseline(32, 32);
        let mut splitter = Splitter::new(LONGEST);
        splitter.push(&jpeg[..jpeg.len() - 1]);
        assert!(splitter.next_picture().is_none());
        splitter.push(&jpeg[jpeg.len() - 1..]);
        assert_eq!(splitter.next_picture(), Some(&jpeg[..]));
    }

    #[test]
    fn one_that_is_cut_short_is_dropped_and_the_next_is_whole() {
        let (cut, whole) = (baseline(320, 240), baseline(64, 64));
        for length in (4..cut.len()).step_by(97) {
            // A segment that is cut takes up to 64 KiB of what follows for its own.
            let rest = whole.repeat(70_000 / whole.len() + 2);
            let stream = [&cut[..length], b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n", &rest].concat();
            for piece in [500, stream.len()] {
                let (pictures, dropped) = split(&stream, piece);
                // Cut within a segment it takes some of the next one with it.
                assert_eq!(pictures.last(), Some(&whole), "{length}");
                assert!(dropped >= 1, "{length}");
            }
        }
    }

    #[test]
    fn garbage_and_pictures_without_end_take_bounded_memory() {
        let mut splitter = Splitter::new(LONGEST);
        let head = baseline(32, 32);
        let scan = head.windows(2).position(|two| two == [0xFF, 0xDA]).unwrap() + 14;
        splitter.push(&head[..scan]);
        for _ in 0..1000 {
            splitter.push(&[7; 10_000]);
            assert!(splitter.next_picture().is_none());
        }
        assert!(splitter.take_dropped() >= 1);
        assert!(splitter.buffer.len() <= LONGEST + 2 * PIECE, "{}", splitter.buffer.len());
        splitter.push(&head);
        assert_eq!(splitter.next_picture(), Some(&head[..]));
    }
}
