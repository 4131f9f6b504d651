//! The load: many viewers of one multipart stream, some of them slow, and what the server spends meanwhile.
//!
//! It is a process of its own, so that it can run in another network namespace and its cost is never the server's:
//! `cargo bench --bench compare -- load --help` is of use by hand, too.

mod numbers;
mod viewer;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use socket2::{Domain, Socket, Type};

use self::numbers::Numbers;
use self::viewer::Viewer;
use crate::look::Look;
use crate::meter::Meter;
use crate::outcome::{Outcome, Spread};
use crate::statistics::Quantiles;

/// What a slow viewer's socket may hold: little, so that the link and not the reader keeps the pictures.
const SLOW_RECEIVE_BUFFER: usize = 16 * 1024;
const SLOWEST_LISTENER: Duration = Duration::from_secs(5);
/// How often a slow viewer reads its share, which must be far less than its socket holds.
const SLOW_STEP: Duration = Duration::from_millis(10);

#[derive(Args, Clone, Debug)]
pub struct Load {
    /// The server, ADDRESS:PORT
    #[arg(long)]
    pub address: SocketAddr,
    /// Where its stream is
    #[arg(long, default_value = "/stream")]
    pub path: String,
    /// Viewers that read as fast as they can
    #[arg(long, default_value_t = 1)]
    pub viewers: usize,
    /// Viewers that read slowly, beside them
    #[arg(long, default_value_t = 0)]
    pub slow: usize,
    /// How much each of those reads, in bytes a second
    #[arg(long, default_value_t = 400_000)]
    pub slow_rate: usize,
    /// Seconds before measuring
    #[arg(long, default_value_t = 1.0)]
    pub warm: f64,
    /// Seconds of measuring
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
    /// The server's process, for its CPU time and memory
    #[arg(long)]
    pub pid: Option<u32>,
    /// What the test camera tells of itself
    #[arg(long)]
    pub meter: Option<PathBuf>,
    /// After how many pictures the numbers drawn into them begin anew
    #[arg(long, default_value_t = 1)]
    pub period: u64,
}

impl Load {
    /// The same, as arguments for another process.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["load".to_owned()];
        let mut give = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
        give("address", self.address.to_string());
        give("path", self.path.clone());
        give("viewers", self.viewers.to_string());
        give("slow", self.slow.to_string());
        give("slow-rate", self.slow_rate.to_string());
        give("warm", self.warm.to_string());
        give("seconds", self.seconds.to_string());
        give("period", self.period.to_string());
        if let Some(pid) = self.pid {
            give("pid", pid.to_string());
        }
        if let Some(meter) = &self.meter {
            give("meter", meter.display().to_string());
        }
        arguments
    }

    pub fn run(&self) -> Result<Outcome> {
        let meter = self.meter.as_deref().map(Meter::open).transpose()?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut viewers = Vec::new();
        for number in 0..self.viewers + self.slow {
            let slow = number >= self.viewers;
            let socket = self.connect(slow)?;
            if !slow {
                epoll::add(&epoll, &socket, EventData::new_u64(number as u64), EventFlags::IN)?;
            }
            let newest = meter.as_ref().map(Meter::newest).transpose()?.flatten();
            viewers.push(Viewer::new(socket, slow, number == 0, Numbers::from(newest, self.period)));
        }
        let warm_until = Instant::now() + Duration::from_secs_f64(self.warm);
        let mut buffer = vec![0; 256 * 1024];
        self.read_until(warm_until, &epoll, &mut viewers, &mut buffer, meter.as_ref())?;
        for viewer in &mut viewers {
            viewer.forget();
        }
        let before = Look::at(self.pid, meter.as_ref())?;
        let until = before.when + Duration::from_secs_f64(self.seconds);
        self.read_until(until, &epoll, &mut viewers, &mut buffer, meter.as_ref())?;
        let after = Look::at(self.pid, meter.as_ref())?;
        Ok(outcome(&viewers, &before, &after))
    }

    fn connect(&self, slow: bool) -> Result<Socket> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        if slow {
            socket.set_recv_buffer_size(SLOW_RECEIVE_BUFFER)?;
        }
        // In another namespace the server cannot be asked beforehand whether it listens already.
        let end = Instant::now() + SLOWEST_LISTENER;
        while let Err(error) = socket.connect_timeout(&self.address.into(), SLOWEST_LISTENER) {
            if Instant::now() > end {
                return Err(error).with_context(|| format!("{}: cannot connect", self.address));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let request = format!("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", self.path, self.address);
        (&socket).write_all(request.as_bytes())?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    fn read_until(
        &self,
        end: Instant,
        epoll: &rustix::fd::OwnedFd,
        viewers: &mut [Viewer],
        buffer: &mut [u8],
        meter: Option<&Meter>,
    ) -> Result<()> {
        let mut events = Vec::with_capacity(256);
        let tick = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
        let share = self.slow_rate * SLOW_STEP.as_millis() as usize / 1000;
        let mut slow_turn = Instant::now();
        while Instant::now() < end {
            events.clear();
            match epoll::wait(epoll, rustix::buffer::spare_capacity(&mut events), Some(&tick)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                let number = event.data.u64() as usize;
                let Some(viewer) = viewers.get_mut(number) else { continue };
                if !viewer.read(buffer, meter, self.period)? {
                    epoll::delete(epoll, viewer.socket())?;
                }
            }
            if Instant::now() >= slow_turn {
                slow_turn += SLOW_STEP;
                for viewer in viewers.iter_mut().filter(|viewer| viewer.is_slow()) {
                    viewer.read_slowly(share, buffer, meter, self.period)?;
                }
            }
        }
        Ok(())
    }
}

fn outcome(viewers: &[Viewer], before: &Look, after: &Look) -> Outcome {
    let fast = || viewers.iter().filter(|viewer| !viewer.is_slow());
    let slow = || viewers.iter().filter(|viewer| viewer.is_slow());
    // Where one knows its pictures, one that does not has got none.
    let stamped = viewers.iter().any(Viewer::is_stamped);
    let known = fast().filter(|viewer| stamped || viewer.watches());
    let bytes: u64 = viewers.iter().map(Viewer::picture_bytes).sum();
    let delivered: u64 = viewers.iter().map(Viewer::delivered).sum();
    let spent = before.until(after);
    let slow_seconds = spent.seconds * slow().count().max(1) as f64;
    Outcome {
        delivered,
        distinct: Spread::of(known.map(Viewer::distinct)),
        age_ms: Quantiles::of(fast().flat_map(Viewer::ages_ms)),
        slow_age_ms: Quantiles::of(slow().flat_map(Viewer::ages_ms)),
        ages_are_bounds: viewers.iter().any(Viewer::ages_are_bounds),
        slow_rate: slow().map(Viewer::read_bytes).sum::<u64>() as f64 / slow_seconds,
        publish_ms: Quantiles::of(fast().flat_map(Viewer::publish_ms)),
        first: viewers.first().and_then(Viewer::first),
        picture_bytes: bytes as f64 / delivered.max(1) as f64,
        lost_viewers: viewers.iter().filter(|viewer| !viewer.is_open()).count() as u64,
        ..spent
    }
}
