//! Bytes in the kernel's memory, from where it sends them to any number of sockets without copying them for each.
//!
//! They are never written again, and each frame gets new ones: what a socket has not sent, or a reader on this machine
//! has not read, is still this very memory. It is free when the last of them is done with it.

use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::fd::AsFd;

use rustix::fs::{MemfdFlags, memfd_create, sendfile};

#[derive(Debug)]
pub struct KernelCopy {
    file: File,
    /// Where each part begins, and where the last one ends.
    marks: Vec<usize>,
}

impl KernelCopy {
    /// The parts, one after the other.
    pub fn new(parts: &[&[u8]]) -> io::Result<Self> {
        let mut file = File::from(memfd_create("mjpegd-frame", MemfdFlags::CLOEXEC)?);
        let mut marks = Vec::with_capacity(parts.len() + 1);
        marks.push(0);
        let mut end = 0;
        for part in parts {
            file.write_all(part)?;
            end += part.len();
            marks.push(end);
        }
        Ok(Self { file, marks })
    }

    /// Where the bytes of these parts are, counted from 0.
    pub fn span(&self, parts: Range<usize>) -> Range<usize> {
        self.marks[parts.start]..self.marks[parts.end]
    }

    /// Sends these bytes, or as many of them as the socket takes.
    pub fn send(&self, socket: impl AsFd, bytes: Range<usize>) -> io::Result<usize> {
        Ok(sendfile(socket, &self.file, Some(&mut (bytes.start as u64)), bytes.len())?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_is_sent_stays_what_it_was_when_the_copy_is_gone() {
        let (server, mut client) = UnixStream::pair().unwrap();
        let copy = KernelCopy::new(&[b"head", b"body", b"tail"]).unwrap();
        assert_eq!(copy.send(&server, copy.span(1..3)).unwrap(), 8);
        drop(copy);
        let _other = KernelCopy::new(&[&[b'x'; 4096]]).unwrap();
        let mut taken = [0; 8];
        client.read_exact(&mut taken).unwrap();
        assert_eq!(&taken, b"bodytail");
    }
}
