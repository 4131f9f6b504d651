//! The kernel's word that addresses or routes of this machine have changed (`rtnetlink(7)`).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{self, Errno};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

const ADDRESSES: u32 = (libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR) as u32;
const ROUTES: u32 = (libc::RTMGRP_IPV4_ROUTE | libc::RTMGRP_IPV6_ROUTE) as u32;

/// A change seldom comes alone.
const SETTLE: Duration = Duration::from_millis(50);

/// What has changed is not read: whoever wants to know looks at all there is.
#[derive(Debug)]
pub struct Changes(OwnedFd);

impl Changes {
    pub fn of_addresses() -> io::Result<Self> {
        Self::of(ADDRESSES)
    }

    pub fn of_addresses_and_routes() -> io::Result<Self> {
        Self::of(ADDRESSES | ROUTES)
    }

    fn of(groups: u32) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // No protocol is protocol 0, which is NETLINK_ROUTE.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(Self(socket))
    }

    /// Whether there has been a change since the last call.
    pub fn take(&self) -> bool {
        let mut changed = false;
        loop {
            match recv(&self.0, &mut [0; 64], RecvFlags::TRUNC) {
                // More changes than the socket could hold are told as an error, and are changes.
                Ok(_) | Err(Errno::NOBUFS) => changed = true,
                Err(Errno::INTR) => {}
                Err(_) => return changed,
            }
        }
    }

    /// Waits for a change, at most for so long.
    pub fn wait(&self, at_most: Duration) {
        let time = Timespec { tv_sec: at_most.as_secs() as i64, tv_nsec: at_most.subsec_nanos().into() };
        // An interrupted wait is merely a short one.
        if poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&time)).is_ok_and(|ready| ready > 0) {
            std::thread::sleep(SETTLE);
            self.take();
        }
    }
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
