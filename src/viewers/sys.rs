//! What a socket holds unsent, and what is under way: the questions that std and mio do not answer.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd as _};
use std::ptr::from_mut;
use std::time::Duration;

use linux_raw_sys::net::tcp_info;
use rustix::io::Errno;
use rustix::ioctl::{Getter, Opcode, ioctl};

/// `SIOCOUTQ` of `linux/sockios.h`: of a Unix socket, memory that holds what the peer has not read.
const SIOCOUTQ: Opcode = 0x5411;

/// `SIOCOUTQNSD` of `linux/sockios.h`: bytes in the send queue that were never sent, not counting those in flight.
const SIOCOUTQNSD: Opcode = 0x894B;

/// Bytes that wait in the socket because the peer, or the way to it, is slower than we are. Where the kernel does not know
/// the question, as in qemu-user and other imitations of Linux, none: a full socket is all that tells of a slow peer there.
pub(super) fn unsent_bytes(socket: impl AsFd) -> io::Result<usize> {
    ask::<SIOCOUTQNSD>(socket)
}

/// What the peer at the other end of a Unix socket has not read, with the kernel's own share of the memory.
pub(super) fn unread_bytes(socket: impl AsFd) -> io::Result<usize> {
    ask::<SIOCOUTQ>(socket)
}

fn ask<const QUESTION: Opcode>(socket: impl AsFd) -> io::Result<usize> {
    // SAFETY: the kernel writes one int for each of these two requests, of a socket.
    match unsafe { ioctl(socket, Getter::<QUESTION, c_int>::new()) } {
        Ok(unsent) => Ok(usize::try_from(unsent).unwrap_or(0)),
        Err(Errno::NOSYS | Errno::NOTTY | Errno::INVAL) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// What has been sent and not acknowledged, by `TCP_INFO` of tcp(7).
pub(super) struct Flight {
    pub(super) bytes: usize,
    bytes_per_second: u64,
    /// Of a byte that had to wait nowhere.
    round_trip: Duration,
}

impl Flight {
    pub(super) fn of(socket: impl AsFd) -> io::Result<Self> {
        // SAFETY: it is made of integers, for which zeros will do.
        let mut info: tcp_info = unsafe { zeroed() };
        let mut len = size_of::<tcp_info>() as libc::socklen_t;
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: the kernel writes at most `len` bytes, all of them into `info`; an older kernel knows fewer fields.
        let failed = unsafe {
            libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, from_mut(&mut info).cast(), &mut len)
        };
        if failed != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            bytes: info.tcpi_unacked as usize * info.tcpi_snd_mss as usize,
            bytes_per_second: info.tcpi_delivery_rate,
            round_trip: Duration::from_micros(info.tcpi_min_rtt.into()),
        })
    }

    /// How long what comes next would wait behind it, somewhere on the way. Zero where the kernel cannot tell.
    pub(super) fn queued(&self) -> Duration {
        let micros = (self.bytes as u64 * 1_000_000).checked_div(self.bytes_per_second).unwrap_or(0);
        Duration::from_micros(micros).saturating_sub(self.round_trip)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

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

    #[test]
    fn what_is_not_read_of_a_unix_socket_is_counted() {
        let (mut server, mut client) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(unread_bytes(&server).unwrap(), 0);
        server.write_all(b"a picture").unwrap();
        assert!(unread_bytes(&server).unwrap() > 0);
        client.read_exact(&mut [0; 9]).unwrap();
        assert_eq!(unread_bytes(&server).unwrap(), 0);
    }

    #[test]
    fn a_way_is_known_by_what_has_arrived_over_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut client, _) = listener.accept().unwrap();
        let reader = thread::spawn(move || {
            io::copy(&mut (&mut client).take(1 << 20), &mut io::sink()).unwrap();
            client
        });
        server.write_all(&[0; 1 << 20]).unwrap();
        let _open = reader.join().unwrap();
        let flight = Flight::of(&server).unwrap();
        assert!(flight.bytes_per_second > 100_000, "{}", flight.bytes_per_second);
        assert!(flight.round_trip < Duration::from_secs(10), "{:?}", flight.round_trip);
    }

    #[test]
    fn what_is_under_way_waits_for_as_long_as_it_takes_beyond_the_round_trip() {
        let round_trip = Duration::from_millis(100);
        let flight = |bytes, bytes_per_second| Flight { bytes, bytes_per_second, round_trip };
        assert_eq!(flight(100_000, 1_000_000).queued(), Duration::ZERO);
        assert_eq!(flight(350_000, 1_000_000).queued(), Duration::from_millis(250));
        assert_eq!(flight(350_000, 0).queued(), Duration::ZERO);
    }
}
