//! The mjpegd that runs with these settings, if one does: found where the settings have it listen, and asked over HTTP.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use crate::config::Http;
use crate::process::Holder;

/// It answers at once, or it hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// More than it has to say.
const LONGEST: u64 = 4 << 20;

#[derive(Debug)]
pub struct Running {
    place: Place,
    /// Where other users' processes are hidden, `None`.
    pub pid: Option<u32>,
    /// What it says of itself: `/api/v1/state`.
    pub state: Json,
}

#[derive(Clone, Debug)]
enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// What came of a question.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Running {
    /// It may not let us see its state: then nobody knows that it is one.
    pub fn find(http: &Http) -> Option<Self> {
        let unix = http.unix.path.clone().map(Place::Unix);
        let addresses = http.host.iter().filter(|_| http.port > 0);
        let addresses =
            addresses.flat_map(|host| (host.as_str(), http.port).to_socket_addrs().into_iter().flatten());
        let mut places = unix.into_iter().chain(addresses.map(|address| Place::Tcp(reachable(address))));
        places.find_map(|place| {
            let answer = place.ask("/api/v1/state").ok().filter(|answer| answer.status == 200)?;
            let state: Json = serde_json::from_str(&answer.body).ok()?;
            // Another server would have to try hard.
            state.get("camera")?.get("times_opened")?;
            let pid = match &place {
                Place::Tcp(address) => holder_of_port(address.port()).map(|holder| holder.pid),
                Place::Unix(_) => holder_of_port(http.port).map(|holder| holder.pid),
            };
            Some(Self { place, pid, state })
        })
    }

    pub fn ask(&self, target: &str) -> io::Result<Answer> {
        self.place.ask(target)
    }

    /// Where it is reached, for a person who wants to ask it.
    pub fn url(&self, target: &str) -> String {
        match &self.place {
            Place::Tcp(address) => format!("http://{address}{target}"),
            Place::Unix(path) => format!("--unix-socket {} http://localhost{target}", path.display()),
        }
    }

    /// "a running mjpegd (pid 123)".
    pub fn words(&self) -> String {
        self.pid.map_or_else(|| "a running mjpegd".to_owned(), |pid| format!("a running mjpegd (pid {pid})"))
    }
}

/// The wildcard is no address to connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

impl Place {
    fn ask(&self, target: &str) -> io::Result<Answer> {
        match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, PATIENCE)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                ask(stream, target)
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                ask(stream, target)
            }
        }
    }
}

fn ask(mut stream: impl Read + Write, target: &str) -> io::Result<Answer> {
    // By this name it always knows itself.
    write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.take(LONGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "it does not speak HTTP");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(odd)?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(odd)?;
    Ok(Answer { status, body: body.to_owned() })
}

/// Who listens on a port of this machine, as far as `/proc` shows it to us.
pub fn holder_of_port(port: u16) -> Option<Holder> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(std::fs::read_to_string);
    let inodes: Vec<_> =
        tables.into_iter().flatten().flat_map(|table| inodes_of(&table, port).collect::<Vec<_>>()).collect();
    inodes.iter().find_map(|inode| Holder::of(Path::new(&format!("socket:[{inode}]"))))
}

/// Of sockets in state LISTEN (0A) in proc_pid_net(5)'s table.
fn inodes_of(table: &str, port: u16) -> impl Iterator<Item = String> + '_ {
    let end = format!(":{port:04X}");
    table.lines().skip(1).filter_map(move |line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&end) && *fields.get(3)? == "0A";
        listens.then(|| fields.get(9).map(ToString::to_string)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sockets_that_listen_on_a_port_are_found_in_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 1 0 100 0 0 10 0\n\
            1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000 0 4712 1 0 100 0 0 10 0\n\
            2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4713 1 0 100 0 0 10 0\n";
        assert_eq!(inodes_of(table, 8080).collect::<Vec<_>>(), ["4711"]);
        assert_eq!(inodes_of("", 8080).count(), 0);
    }

    #[test]
    fn a_wildcard_is_reached_by_the_loopback() {
        for (address, there) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("10.0.0.1:1", "10.0.0.1:1")]
        {
            assert_eq!(reachable(address.parse().unwrap()), there.parse().unwrap());
        }
    }
}
