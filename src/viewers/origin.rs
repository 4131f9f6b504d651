//! Where a request comes from: from near, and from a page of ours, or from one of somebody else's that a browser has open.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::answer::Answer;
use super::context::Context;
use super::peer::Peer;
use super::problem::problem;
use super::request::{From, Request};

/// Whether it comes from this machine or a private network, and did so before every proxy in between.
pub fn is_near_request(request: &Request, peer: Peer) -> bool {
    peer.ip().is_none_or(is_near) && request.from.forwarded_for.iter().all(|address| is_near_text(address))
}

/// A browser sends what any page tells it to, with the address of who sits before it. So a request that says that another
/// site's page sent it is refused, and one that calls us by a name that may be somebody else's (DNS rebinding).
pub fn is_own_page(from: &From, context: &Context) -> Result<(), Answer> {
    let settings = context.settings();
    let http = &settings.http;
    if !is_from_here(from, http.allow_origin.as_deref()) {
        let page = from.origin.as_deref().unwrap_or("another site");
        return Err(problem(
            403,
            &format!(
                "changes are not taken from pages of other sites, and this one is of {page}; a proxy in between has to \
                 pass the Host on as it came"
            ),
        ));
    }
    match from.host() {
        None => Ok(()),
        Some(host) if is_own_name(host) => Ok(()),
        Some(host) if http.server_name.iter().any(|name| name.eq_ignore_ascii_case(host)) => Ok(()),
        Some(host) => Err(problem(
            403,
            &format!(
                "{host} is not known as a name of this machine; if it is one, add it to [http] server-name"
            ),
        )),
    }
}

/// Browsers say `Sec-Fetch-Site` over TLS and to localhost only, and `Origin` with whatever can change something. Who
/// says neither is no browser.
fn is_from_here(from: &From, allowed: Option<&str>) -> bool {
    match (from.fetch_site.as_deref(), from.origin.as_deref()) {
        (Some("same-origin" | "none"), _) | (None, None) => true,
        (_, Some(origin)) if allowed == Some(origin) => true,
        (Some(_), _) => false,
        (None, Some(origin)) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority.to_ascii_lowercase());
            authority.is_some() && authority == from.authority
        }
    }
}

/// Addresses, names that no stranger can own in the public DNS, and the machine's own name.
fn is_own_name(host: &str) -> bool {
    const LOCAL: [&str; 6] = [".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa"];
    let host = host.trim_end_matches('.');
    let is_address = host.parse::<Ipv4Addr>().is_ok() || host.starts_with('[');
    let is_local = !host.contains('.') || LOCAL.iter().any(|end| host.ends_with(end));
    let own = || rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    is_address || is_local || host == own()
}

fn is_near_text(address: &str) -> bool {
    let address = address.trim_matches(['[', ']']);
    address
        .parse::<IpAddr>()
        .or_else(|_| address.parse::<SocketAddr>().map(|address| address.ip()))
        .is_ok_and(is_near)
}

/// This machine, private networks (RFC 1918, RFC 4193), those of carriers and VPNs (RFC 6598), and links.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_shared = address.octets()[0] == 100 && (64..128).contains(&address.octets()[1]);
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_near(mapped.into()),
            None => is_near_v6(address),
        },
    }
}

fn is_near_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_another_site_is_told_by_what_the_browser_says() {
        let from = |authority: &str, origin: &str, site: &str| From {
            authority: Some(authority.into()),
            origin: Some(origin.to_owned()).filter(|origin| !origin.is_empty()),
            fetch_site: Some(site.to_owned()).filter(|site| !site.is_empty()),
            ..From::default()
        };
        for own in [
            ("pi:8080", "", ""),
            ("pi:8080", "http://pi:8080", ""),
            ("pi", "https://PI", ""),
            ("127.0.0.1", "https://cam.example.org", "same-origin"),
            ("pi", "", "none"),
            ("pi", "http://octopi.local", ""),
        ] {
            assert!(is_from_here(&from(own.0, own.1, own.2), Some("http://octopi.local")), "{own:?}");
        }
        for other in [
            ("pi:8080", "http://pi:5000", ""),
            ("pi", "null", ""),
            ("pi", "http://evil.example", ""),
            ("pi", "", "cross-site"),
            ("pi", "http://pi", "cross-site"),
            ("pi", "", "same-site"),
        ] {
            assert!(
                !is_from_here(&from(other.0, other.1, other.2), Some("http://octopi.local")),
                "{other:?}"
            );
        }
    }

    #[test]
    fn near_is_what_no_stranger_can_come_from() {
        for near in [
            "127.0.0.1",
            "192.168.1.7",
            "10.0.0.1",
            "172.31.1.1",
            "169.254.3.4",
            "100.100.1.1",
            "::1",
            "fe80::1",
            "fd12::1",
            "::ffff:192.168.1.1",
        ] {
            assert!(is_near_text(near), "{near}");
        }
        for far in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2001:db8::1",
            "::ffff:8.8.8.8",
            "unknown",
            "_hidden",
            "",
        ] {
            assert!(!is_near_text(far), "{far}");
        }
        assert!(is_near_text("[::1]") && is_near_text("192.168.1.1:4711"));
    }

    #[test]
    fn names_that_somebody_else_could_own_are_not_ours() {
        for own in ["pi", "raspberrypi.local", "localhost", "192.168.1.7", "[fe80::1]", "octopi.lan"] {
            assert!(is_own_name(own), "{own}");
        }
        for other in ["evil.example.com", "pi.example.org", "192.168.1.7.evil.com"] {
            assert!(!is_own_name(other), "{other}");
        }
    }
}
