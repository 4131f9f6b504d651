//! Whether there is a default route.

use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};

/// Addresses for documentation (RFC 5737, RFC 3849): only a default route leads there.
const ELSEWHERE_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const ELSEWHERE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// Connecting a UDP socket asks the kernel for the way and sends nothing.
pub(super) fn is_there() -> bool {
    const DISCARD: u16 = 9;
    let v4 = || UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?.connect((ELSEWHERE_V4, DISCARD));
    let v6 = || UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?.connect((ELSEWHERE_V6, DISCARD));
    v4().or_else(|_| v6()).is_ok()
}
