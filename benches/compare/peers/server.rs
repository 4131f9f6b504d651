//! One started server, ended with its value.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Setup;
use crate::meter::Meter;

/// None of the servers has children, and whatever stands before one becomes it: one process is all there is to end.
/// It stays in the benchmark's process group, so that an interrupt from the keyboard ends it as well.
pub struct Server {
    child: Child,
    log: PathBuf,
    pub address: SocketAddr,
    path: &'static str,
    started: Instant,
}

impl Server {
    pub(super) fn start(mut command: Command, setup: &Setup<'_>, path: &'static str) -> Result<Self> {
        let log = File::create(setup.log).with_context(|| setup.log.display().to_string())?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("{:?}", command.get_program()))?;
        let address = SocketAddr::new(setup.host.parse()?, setup.port);
        Ok(Self { child, log: setup.log.to_owned(), address, started, path })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the first bytes of a picture, asking again whenever it is refused, and says how long after the start
    /// they came. Before `camera` has given one it is a placard and does not count: ustreamer begins with that. Motion
    /// accepts connections before it has a camera, and then drops them.
    pub fn ready(&mut self, patience: Duration, camera: Option<&Meter>) -> Result<Duration> {
        while !(self.shows() && camera.map(Meter::given).transpose()?.is_none_or(|given| given > 0)) {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended ({status}):\n{}", self.said());
            }
            if self.started.elapsed() > patience {
                bail!("it shows nothing on {}{}:\n{}", self.address, self.path, self.said());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(self.started.elapsed())
    }

    fn shows(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            write!(stream, "GET {} HTTP/1.0\r\n\r\n", self.path)?;
            let mut answer = Vec::new();
            let mut bytes = [0; 4096];
            while memchr::memmem::find(&answer, b"\xff\xd8\xff").is_none() {
                match stream.read(&mut bytes)? {
                    0 => return Ok(false),
                    count => answer.extend_from_slice(&bytes[..count]),
                }
            }
            Ok(true)
        };
        ask().unwrap_or(false)
    }

    /// The end of what it printed.
    fn said(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error here says that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
