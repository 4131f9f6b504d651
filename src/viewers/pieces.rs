//! A file on its way to a peer, in memory a piece at a time.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;

/// Each connection may hold one.
const PIECE: usize = 32 * 1024;

#[derive(Debug)]
pub struct Pieces {
    file: File,
    len: usize,
    /// What was read last, and where it stands in the file.
    piece: Vec<u8>,
    at: usize,
}

impl Pieces {
    pub const fn new(file: File, len: usize) -> Self {
        Self { file, len, piece: Vec::new(), at: 0 }
    }

    pub const fn len(&self) -> usize {
        self.len
    }

    /// Some of what stands from here on; its length was told, so a file that has become shorter is an error.
    pub fn from(&mut self, start: usize) -> io::Result<&[u8]> {
        if !(self.at..self.at + self.piece.len()).contains(&start) {
            self.piece.resize(PIECE.min(self.len.saturating_sub(start)), 0);
            let count = self.file.read_at(&mut self.piece, start as u64)?;
            self.piece.truncate(count);
            self.at = start;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(&self.piece[start - self.at..])
    }
}
