//! HTTP as bytes on a wire: what a library would forgive, these tests see.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::PATIENCE;
use super::daemon::Daemon;
use super::wire::Wire;

/// One connection.
pub struct Client {
    wire: Wire,
    unread: Vec<u8>,
}

impl Client {
    pub fn connect(daemon: &Daemon) -> Self {
        Self::on(TcpStream::connect(daemon.address).unwrap())
    }

    /// Over a Unix socket.
    pub fn local(path: &Path) -> Self {
        Self::over(Wire::Unix(UnixStream::connect(path).unwrap()))
    }

    /// With so small a receive buffer that the kernel takes little on its behalf.
    pub fn narrow(address: SocketAddr, bytes: usize) -> Self {
        Self::on(narrow_socket(address, bytes))
    }

    /// Over TLS, with as small a receive buffer if one is given.
    pub fn secure(address: SocketAddr, bytes: Option<usize>) -> Self {
        let socket =
            bytes.map_or_else(|| TcpStream::connect(address).unwrap(), |bytes| narrow_socket(address, bytes));
        socket.set_nodelay(true).unwrap();
        Self::over(Wire::tls(socket))
    }

    fn on(socket: TcpStream) -> Self {
        socket.set_nodelay(true).unwrap();
        Self::over(Wire::Tcp(socket))
    }

    pub fn over(wire: Wire) -> Self {
        wire.set_read_timeout(PATIENCE);
        Self { wire, unread: Vec::new() }
    }

    pub fn socket(&self) -> &TcpStream {
        match &self.wire {
            Wire::Tcp(socket) => socket,
            Wire::Unix(_) => panic!("a Unix socket"),
            Wire::Tls(stream) => &stream.sock,
        }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.write_all(bytes.as_ref()).and_then(|()| self.wire.flush()).unwrap();
    }

    /// As `send`, where the daemon may close before it has read everything.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.wire.write_all(bytes.as_ref()).and_then(|()| self.wire.flush()).is_ok()
    }

    /// Asks as HTTP/1.1 does.
    pub fn ask(&mut self, method: &str, target: &str, more: &str) {
        self.send(format!("{method} {target} HTTP/1.1\r\nHost: camera\r\n{more}\r\n"));
    }

    /// A whole question and answer on a connection that stays.
    pub fn get(&mut self, target: &str) -> Answer {
        self.ask("GET", target, "");
        self.answer()
    }

    pub fn head(&mut self) -> Head {
        let bytes = self.until(b"\r\n\r\n");
        Head(String::from_utf8(bytes).expect("a head is text"))
    }

    /// The body ends with its length, or with the connection when it says none.
    pub fn answer(&mut self) -> Answer {
        let head = self.head();
        let body = match head.value("Content-Length") {
            Some(length) => self.exactly(length.parse().unwrap()),
            None if [204, 304].contains(&head.status()) => Vec::new(),
            None => self.rest(),
        };
        Answer { head, body }
    }

    /// Everything up to and with `end`.
    pub fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            let found = self.unread.windows(end.len()).position(|part| part == end);
            if let Some(at) = found {
                return self.unread.drain(..at + end.len()).collect();
            }
            assert!(self.more(), "closed before the end of: {}", self.printable());
        }
    }

    pub fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            assert!(self.more(), "closed {} of {length} bytes in", self.unread.len());
        }
        self.unread.drain(..length).collect()
    }

    /// Everything until the daemon closes.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.unread)
    }

    /// Lets bytes be read once more.
    pub fn put_back(&mut self, bytes: &[u8]) {
        self.unread.splice(..0, bytes.iter().copied());
    }

    /// Whether the daemon says nothing for this long.
    pub fn nothing_within(&mut self, time: Duration) -> bool {
        self.wire.set_read_timeout(time);
        let mut byte = [0];
        let read = self.wire.read(&mut byte);
        self.unread.extend(&byte[..*read.as_ref().unwrap_or(&0)]);
        self.wire.set_read_timeout(PATIENCE);
        self.unread.is_empty() && read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Reads what there is; false: nothing will come any more. Nothing within the patience fails the test.
    fn more(&mut self) -> bool {
        let mut piece = [0; 65536];
        match self.wire.read(&mut piece) {
            Ok(0) => false,
            Ok(length) => {
                self.unread.extend_from_slice(&piece[..length]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("nothing came: {error}; so far: {}", self.printable()),
        }
    }

    fn printable(&self) -> String {
        String::from_utf8_lossy(&self.unread[..self.unread.len().min(500)]).into_owned()
    }
}

fn narrow_socket(address: SocketAddr, bytes: usize) -> TcpStream {
    let socket =
        socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None).unwrap();
    // Before connecting: the window is agreed on then.
    socket.set_recv_buffer_size(bytes).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

/// A request on a connection of its own.
pub fn get(daemon: &Daemon, target: &str) -> Answer {
    Client::connect(daemon).get(target)
}

/// Sends a JSON body to the API, and returns the answer.
pub fn send_json(daemon: &Daemon, method: &str, target: &str, body: &str) -> Answer {
    let mut client = Client::connect(daemon);
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    client.ask(method, target, &lines);
    client.send(body);
    client.answer()
}

pub fn state(daemon: &Daemon) -> serde_json::Value {
    serde_json::from_slice(&get(daemon, "/state").body).expect("/state is JSON")
}

/// A request's or a part's head, with its empty line.
#[derive(Clone, Debug, PartialEq)]
pub struct Head(pub String);

impl Head {
    pub fn status(&self) -> u16 {
        let words = self.0.split(' ').nth(1);
        words.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no status: {}", self.0))
    }

    pub fn first_line(&self) -> &str {
        self.0.split("\r\n").next().unwrap()
    }

    /// The names of the headers in their order, as they are written.
    pub fn names(&self) -> Vec<&str> {
        let lines = self.0.split("\r\n");
        lines.filter_map(|line| Some(line.split_once(": ")?.0)).collect()
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.split("\r\n").filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }

    pub fn number(&self, name: &str) -> f64 {
        let value = self.value(name).unwrap_or_else(|| panic!("no {name} in {}", self.0));
        value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}"))
    }
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub head: Head,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
