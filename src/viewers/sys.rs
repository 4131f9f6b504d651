//! What a socket still holds unsent: the one question that std and mio do not answer.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::AsFd;

use rustix::ioctl::{Getter, Opcode, ioctl};

/// `SIOCOUTQNSD` of `linux/sockios.h`: bytes in the send queue that were never sent, not counting those in flight.
const SIOCOUTQNSD: Opcode = 0x894B;

/// Bytes that wait in the socket because the peer, or the way to it, is slower than we are.
pub(super) fn unsent_bytes(socket: impl AsFd) -> io::Result<usize> {
    // SAFETY: the kernel writes one int for this request, and for nothing but a socket.
    let unsent = unsafe { ioctl(socket, Getter::<SIOCOUTQNSD, c_int>::new()) }?;
    Ok(usize::try_from(unsent).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn what_the_peer_does_not_take_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut client, _) = listener.accept().unwrap();
        assert_eq!(unsent_bytes(&server).unwrap(), 0);
        server.set_nonblocking(true).unwrap();
        let mut written = 0;
        while let Ok(count) = server.write(&[0; 65536]) {
            written += count;
        }
        assert!(unsent_bytes(&server).unwrap() > 0);
        let mut taken = 0;
        let mut buffer = vec![0; 65536];
        while taken < written {
            taken += client.read(&mut buffer).unwrap();
        }
        assert_eq!(unsent_bytes(&server).unwrap(), 0);
    }
}
