//! One started server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Setup;
use crate::child::Child;
use crate::interrupt;
use crate::meter::Meter;

/// How long a server that has accepted may be silent.
const PATIENCE: Duration = Duration::from_secs(5);
/// What comes before a picture is less.
const LONGEST_ANSWER: usize = 64 * 1024;

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    path: &'static str,
    started: Instant,
}

impl Server {
    pub(super) fn start(command: Command, setup: &Setup<'_>, path: &'static str) -> Result<Self> {
        let address = SocketAddr::new(setup.host.parse()?, setup.port);
        let started = Instant::now();
        Ok(Self { child: Child::start(command, setup.log, None)?, address, path, started })
    }

    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// An error where it has ended, which is no way to spend little.
    pub fn must_live(&mut self) -> Result<()> {
        self.child.must_live()
    }

    /// Waits for the first bytes of a picture, asking again whenever it is refused, and says how long after the start
    /// they came. Before `camera` has given one it is a placard and does not count: ustreamer begins with that. Motion
    /// accepts connections before it has a camera, and then drops them.
    pub fn ready(&mut self, patience: Duration, camera: Option<&Meter>) -> Result<Duration> {
        while !(self.shows() && camera.map(Meter::pictures).transpose()?.is_none_or(|taken| taken > 0)) {
            self.must_live()?;
            if self.started.elapsed() > patience {
                bail!("it shows nothing on {}{}: {}", self.address, self.path, self.child.said());
            }
            interrupt::sleep(Duration::from_millis(1))?;
        }
        Ok(self.started.elapsed())
    }

    fn shows(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            write!(stream, "GET {} HTTP/1.0\r\n\r\n", self.path)?;
            let mut answer = Vec::new();
            let mut bytes = [0; 4096];
            while memchr::memmem::find(&answer, b"\xff\xd8\xff").is_none() {
                match stream.read(&mut bytes)? {
                    0 => return Ok(false),
                    _ if answer.len() > LONGEST_ANSWER => return Ok(false),
                    count => answer.extend_from_slice(&bytes[..count]),
                }
            }
            Ok(true)
        };
        ask().unwrap_or(false)
    }
}
