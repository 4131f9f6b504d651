//! Everybody who is not a good viewer: who comes for a moment, who never reads, who never ends a question, who resets.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use socket2::{Domain, SockRef, Socket, Type};

use crate::common::client::Client;
use crate::common::picture;
use crate::common::wire::Wire;
use crate::subject::Subject;

/// Who comes, and stays until the daemon or the crowd's end closes on it, or for one visit only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// Asks for the stream and never reads.
    NeverReads,
    /// Opens a connection and says nothing.
    Silent,
    /// Sends a head, one byte a second.
    SlowHead,
    /// Listens to events.
    Events,
    /// Resets its connection in the middle of a picture.
    Resets,
    /// Asks for a picture.
    Snapshot,
    /// Asks for the page, the state and the figures.
    Pages,
    /// Asks twenty times before it reads an answer.
    Pipelines,
    /// What is no HTTP: random bytes, or a TLS hello on the plain port.
    Noise,
    /// A hundred connections at once, of which every other one asks for the stream.
    Burst,
}

pub const GUESTS: [Guest; 10] = [
    Guest::NeverReads,
    Guest::Silent,
    Guest::SlowHead,
    Guest::Events,
    Guest::Resets,
    Guest::Snapshot,
    Guest::Pages,
    Guest::Pipelines,
    Guest::Noise,
    Guest::Burst,
];

const HEAD: &[u8] =
    b"GET /stream HTTP/1.1\r\nHost: camera\r\nX-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ASK: &[u8] = b"GET /stream HTTP/1.1\r\nHost: camera\r\n\r\n";
/// More than this many are not kept: the oldest goes.
const MOST: usize = 60;

struct Stays {
    guest: Guest,
    socket: TcpStream,
    since: Instant,
    sent: usize,
}

/// What its helpers find wrong they tell by a panic.
type Visit = JoinHandle<Result<()>>;

/// Those who are there, and those whose visit is not over.
#[derive(Default)]
pub struct Crowd {
    stay: Vec<Stays>,
    visits: Vec<Visit>,
    /// How many have come in all.
    pub count: u64,
}

impl Crowd {
    pub fn come(&mut self, guest: Guest, subject: &Subject) -> Result<()> {
        let address = subject.daemon.address;
        self.count += 1;
        match guest {
            Guest::NeverReads => self.keep(guest, address, ASK)?,
            Guest::Silent | Guest::SlowHead => self.keep(guest, address, b"")?,
            Guest::Events => {
                self.keep(guest, address, b"GET /api/v1/events HTTP/1.1\r\nHost: camera\r\n\r\n")?
            }
            Guest::Noise => {
                self.keep(guest, address, &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0xff, 10])?
            }
            Guest::Resets => reset(address)?,
            Guest::Burst => {
                self.count += 99;
                burst(address)?;
            }
            Guest::Snapshot => self.visit(subject, snapshot),
            Guest::Pages => self.visit(subject, pages),
            Guest::Pipelines => self.visit(subject, pipeline),
        }
        Ok(())
    }

    fn keep(&mut self, guest: Guest, address: SocketAddr, words: &[u8]) -> Result<()> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_recv_buffer_size(4096)?;
        socket.connect(&address.into())?;
        let mut socket: TcpStream = socket.into();
        socket.write_all(words)?;
        socket.set_nonblocking(true)?;
        if self.stay.len() >= MOST {
            self.stay.remove(0);
        }
        self.stay.push(Stays { guest, socket, since: Instant::now(), sent: 0 });
        Ok(())
    }

    fn visit(&mut self, subject: &Subject, what: fn(Client) -> Result<()>) {
        let address = subject.daemon.address;
        self.visits.push(thread::spawn(move || what(Client::over(Wire::Tcp(TcpStream::connect(address)?)))));
    }

    /// Those who do something as time passes do it; those who were closed on go.
    pub fn turn(&mut self) {
        self.stay.retain_mut(|one| {
            if one.guest == Guest::SlowHead && one.since.elapsed().as_secs() as usize > one.sent {
                let byte = &HEAD[one.sent % HEAD.len()..][..1];
                one.sent += 1;
                return one.socket.write_all(byte).is_ok();
            }
            let mut piece = [0; 4096];
            // Who never reads finds out by nothing that it was closed on; the kernel knows.
            one.guest == Guest::NeverReads || !matches!(one.socket.read(&mut piece), Ok(0))
        });
    }

    /// Some of those who stay go, the oldest first, every other one without a word of parting (RST).
    pub fn leave(&mut self, count: usize) {
        for (index, one) in self.stay.drain(..count.min(self.stay.len())).enumerate() {
            if index % 2 == 0 {
                let _ = SockRef::from(&one.socket).set_linger(Some(Duration::ZERO));
            }
        }
    }

    pub fn len(&self) -> usize {
        self.stay.len()
    }

    /// How many visits are not over.
    pub fn visiting(&mut self) -> usize {
        self.visits.iter().filter(|visit| !visit.is_finished()).count()
    }

    /// An error where a visitor got what it should not have; why stands on standard error.
    pub fn take_leave_of_visitors(&mut self) -> Result<()> {
        let (over, going_on) =
            std::mem::take(&mut self.visits).into_iter().partition(JoinHandle::is_finished);
        self.visits = going_on;
        for visit in Vec::<Visit>::from_iter(over) {
            let served = visit.join().unwrap_or_else(|_| bail!("see above"));
            served.context("a visitor was not served as it should have been")?;
        }
        Ok(())
    }
}

fn reset(address: SocketAddr) -> Result<()> {
    let mut socket = TcpStream::connect(address)?;
    socket.write_all(ASK)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut piece = [0; 3000];
    // Whatever has come by then: the middle of a head, of a picture, or nothing.
    let _ = socket.read(&mut piece);
    SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
    Ok(())
}

fn burst(address: SocketAddr) -> Result<()> {
    let sockets: Vec<_> = (0..100).map(|_| TcpStream::connect(address)).collect::<Result<_, _>>()?;
    for mut socket in sockets.iter().step_by(2) {
        // One that was turned away is as good.
        let _ = socket.write_all(ASK);
    }
    Ok(())
}

fn snapshot(mut client: Client) -> Result<()> {
    let answer = client.get("/snapshot");
    match answer.head.status() {
        200 => drop(picture::decode(&answer.body)),
        // Without a camera there is none, and this says why.
        503 => ensure!(!answer.body.is_empty(), "503 without a reason"),
        status => bail!("/snapshot is answered with {status}: {}", answer.text()),
    }
    Ok(())
}

fn pages(mut client: Client) -> Result<()> {
    for target in ["/", "/state", "/metrics", "/api/v1/state", "/healthz", "/api/v1/settings"] {
        let answer = client.get(target);
        ensure!(answer.head.status() == 200, "{target}: {}", answer.text());
    }
    Ok(())
}

fn pipeline(mut client: Client) -> Result<()> {
    (0..20).for_each(|_| client.ask("GET", "/state", ""));
    for _ in 0..20 {
        ensure!(client.answer().head.status() == 200, "a request behind others is not answered");
    }
    Ok(())
}
