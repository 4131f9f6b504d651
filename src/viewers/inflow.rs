//! Pictures that come in by one long request: JPEGs in a body that has a length, or comes in chunks (RFC 9112, section 7.1).

use super::answer::Answer;
use crate::jpeg::splitter::Splitter;
use crate::mailbox::Mailbox;

/// The size of a chunk, with what may stand behind it.
const LONGEST_SIZE_LINE: usize = 256;
/// Fields behind the last chunk, which nobody needs.
const LONGEST_TRAILER: usize = 8192;

#[derive(Debug)]
pub struct Inflow {
    splitter: Splitter,
    body: Body,
    pictures: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// So many bytes to come.
    Length(u64),
    ChunkSize,
    Chunk(u64),
    /// The line end behind a chunk's bytes.
    ChunkEnd,
    Trailer(usize),
    Done,
}

impl Inflow {
    /// `None`: it comes in chunks.
    pub fn new(body_len: Option<u64>, longest_picture: usize) -> Self {
        let body = body_len.map_or(Body::ChunkSize, Body::Length);
        Self { splitter: Splitter::new(longest_picture), body, pictures: 0 }
    }

    /// Takes as much of these bytes as it can, and says how much that was. `Err`: they are no body.
    pub fn take(&mut self, bytes: &[u8], mailbox: &Mailbox) -> Result<usize, &'static str> {
        let mut taken = 0;
        while let Some(count) = self.step(&bytes[taken..], mailbox)? {
            taken += count;
        }
        Ok(taken)
    }

    pub fn is_done(&self) -> bool {
        matches!(self.body, Body::Done | Body::Length(0))
    }

    /// What to say when all of it has come.
    pub fn answer(&self) -> Answer {
        match self.pictures {
            0 => Answer::text(422, "there was no whole JPEG in it"),
            _ => Answer::empty(204),
        }
    }

    /// `None`: more bytes are needed, or none.
    fn step(&mut self, bytes: &[u8], mailbox: &Mailbox) -> Result<Option<usize>, &'static str> {
        let count = match self.body {
            Body::Length(0) | Body::Done => return Ok(None),
            Body::Length(left) | Body::Chunk(left) => {
                let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                if count == 0 {
                    return Ok(None);
                }
                self.split(&bytes[..count], mailbox);
                let left = left - count as u64;
                self.body = match self.body {
                    Body::Length(_) => Body::Length(left),
                    _ if left == 0 => Body::ChunkEnd,
                    _ => Body::Chunk(left),
                };
                count
            }
            Body::ChunkSize => match httparse::parse_chunk_size(bytes) {
                Ok(httparse::Status::Complete((count, size))) if count <= LONGEST_SIZE_LINE => {
                    self.body = if size == 0 { Body::Trailer(0) } else { Body::Chunk(size) };
                    count
                }
                Ok(httparse::Status::Partial) if bytes.len() < LONGEST_SIZE_LINE => return Ok(None),
                _ => return Err("a chunk without its size"),
            },
            Body::ChunkEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    self.body = Body::ChunkSize;
                    2
                }
                [] | [b'\r'] => return Ok(None),
                _ => return Err("a chunk that is longer than its size"),
            },
            Body::Trailer(seen) => match memchr::memchr(b'\n', bytes) {
                Some(end) if seen + end < LONGEST_TRAILER => {
                    let is_last = matches!(&bytes[..end], [] | [b'\r']);
                    self.body = if is_last { Body::Done } else { Body::Trailer(seen + end + 1) };
                    end + 1
                }
                None if seen + bytes.len() < LONGEST_TRAILER => return Ok(None),
                _ => return Err("too much behind the last chunk"),
            },
        };
        Ok(Some(count))
    }

    fn split(&mut self, bytes: &[u8], mailbox: &Mailbox) {
        self.splitter.push(bytes);
        while let Some(picture) = self.splitter.next_picture() {
            self.pictures += 1;
            mailbox.put(picture);
        }
        mailbox.lose(self.splitter.take_dropped());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shortest that looks like one.
    const JPEG: [u8; 12] = [0xFF, 0xD8, 0xFF, 0xDA, 0, 4, 1, 2, 3, 4, 0xFF, 0xD9];

    fn take(inflow: &mut Inflow, bytes: &[u8], piece: usize) -> Result<usize, &'static str> {
        let mailbox = Mailbox::default();
        let (mut waiting, mut total) = (Vec::new(), 0);
        for piece in bytes.chunks(piece) {
            waiting.extend_from_slice(piece);
            let taken = inflow.take(&waiting, &mailbox)?;
            waiting.drain(..taken);
            total += taken;
        }
        Ok(total)
    }

    #[test]
    fn bodies_of_a_length_and_in_chunks_are_read_in_whatever_pieces_they_come() {
        let plain = [&JPEG[..], b"--frame\r\n\r\n", &JPEG].concat();
        let mut chunked: Vec<u8> = Vec::new();
        for chunk in plain.chunks(5) {
            chunked.extend_from_slice(format!("{:X};odd=yes\r\n", chunk.len()).as_bytes());
            chunked.extend_from_slice(chunk);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\nX-Trailer: yes\r\n\r\n");
        for piece in [1, 2, 7, 1000] {
            for (body, length) in [(&plain, Some(plain.len() as u64)), (&chunked, None)] {
                let mut inflow = Inflow::new(length, 1000);
                // What belongs to the next request is left.
                let all = [body, &b"GET / HTTP/1.1"[..]].concat();
                assert_eq!(take(&mut inflow, &all, piece), Ok(body.len()), "pieces of {piece}");
                assert!(inflow.is_done());
                assert_eq!((inflow.pictures, inflow.answer().status()), (2, 204));
            }
        }
    }

    #[test]
    fn what_is_no_body_is_an_error_and_what_has_no_picture_is_told() {
        let endless =
            b"0\r\n".iter().chain(b"a: b\r\n".iter().cycle().take(9000)).copied().collect::<Vec<_>>();
        let long = [&b"0\r\n"[..], &[b'x'; 9000]].concat();
        for wrong in
            [&b"zz\r\n"[..], b"2\r\nabc\r\n", &[b'1'; 400], b"fffffffffffffffff\r\n", &long, &endless]
        {
            assert!(take(&mut Inflow::new(None, 1000), wrong, 100).is_err());
        }
        let mut inflow = Inflow::new(Some(5), 1000);
        take(&mut inflow, b"hello", 2).unwrap();
        assert_eq!((inflow.is_done(), inflow.answer().status()), (true, 422));
    }
}
