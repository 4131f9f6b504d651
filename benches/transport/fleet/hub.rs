//! The hub: a Redis server, an mjpegd for each camera, and what they spend.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::cameras::name;
use crate::child::Child;
use crate::frames::Film;
use crate::interrupt;
use crate::machine::Processors;
use crate::measure::firsts;
use crate::process::Usage;
use crate::stamp;
use crate::statistics::{Quantiles, median, number};
use crate::ways::{program, redis_server, until_listening};

/// Until all have connected, and longer than it takes those that nobody watches any longer to stop.
const WARM: Duration = Duration::from_secs(4);
const MEASURED: Duration = Duration::from_secs(5);
/// Nobody watches for so long, and the source is stopped.
const IDLE_TIMEOUT: &str = "2";

pub struct Hub {
    folder: PathBuf,
    url: String,
    redis: Child,
    /// With their ports.
    daemons: Vec<(u16, Child)>,
}

pub struct Memory {
    /// Of a daemon, what it shares with the others included.
    pub each: f64,
    /// Of all of them, what they share counted once.
    all: f64,
}

impl Hub {
    pub fn start(cameras: usize, folder: &Path) -> Result<Self> {
        let (port, server) = redis_server()?;
        let redis = Child::start(server, &folder.join("redis-server.log"), None)?;
        until_listening(&port)?;
        let url = format!("redis://127.0.0.1:{port}/0");
        // All of them taken first: so each is another.
        let ports: Vec<_> =
            (0..cameras).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
        let ports: Vec<u16> =
            ports.into_iter().map(|port| Ok(port.local_addr()?.port())).collect::<std::io::Result<_>>()?;
        let mut hub = Self { folder: folder.to_owned(), url, redis, daemons: Vec::new() };
        for (camera, port) in ports.into_iter().enumerate() {
            hub.start_daemon(camera, port)?;
        }
        Ok(hub)
    }

    fn start_daemon(&mut self, camera: usize, port: u16) -> Result<()> {
        let mut command = program(env!("CARGO_BIN_EXE_mjpegd"));
        command.args(["--config", "/dev/null", "--source", "redis", "--redis-url", &self.url]);
        command.args([
            "--redis-channel",
            &name(camera),
            "--desired-fps",
            "0",
            "--idle-timeout",
            IDLE_TIMEOUT,
        ]);
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        let child = Child::start(command, &self.folder.join(format!("hub-{camera}.log")), None)?;
        until_listening(&port.to_string())?;
        self.daemons.push((port, child));
        Ok(())
    }

    pub fn memory_mb(&self) -> Result<Memory> {
        let mut each = Vec::new();
        let mut all = 0;
        for (_, daemon) in &self.daemons {
            each.push(mb(Usage::of(daemon.pid())?.rss_kib));
            all += proportional_kib(daemon.pid())?;
        }
        Ok(Memory { each: median(each.into_iter()).unwrap_or(0.0), all: mb(all) })
    }

    /// Each camera at this rate, and viewers of the first so many.
    pub fn stage(&self, film: &Film, rate: u64, watched: usize) -> Result<Stage> {
        eprintln!("{rate}/s, {watched} watched");
        let record = self.folder.join("fleet.record");
        fs::write(&record, "")?;
        let mut cameras = program(std::env::current_exe()?);
        cameras.args(["fleet-cameras", &self.url]).arg(&film.folder);
        cameras.args(["--cameras", &self.daemons.len().to_string(), "--fps", &rate.to_string()]);
        let mut cameras = Child::start(cameras, &self.folder.join("fleet-cameras.log"), None)?;
        let mut viewers = program(std::env::current_exe()?);
        viewers.args(["fleet-viewers", "--record"]).arg(&record);
        viewers.args(self.daemons.iter().take(watched).map(|(port, _)| port.to_string()));
        let mut viewers = Child::start(viewers, &self.folder.join("fleet-viewers.log"), None)?;
        interrupt::sleep(WARM)?;
        let before = self.look()?;
        interrupt::sleep(MEASURED)?;
        let after = self.look()?;
        cameras.must_live().context("the cameras")?;
        if watched > 0 {
            viewers.must_live().context("the viewers")?;
        }
        let mut arrivals = firsts(stamp::arrivals(&record));
        arrivals.retain(|arrival| (before.when..after.when).contains(&arrival.received));
        let seconds = (after.when - before.when) as f64 / 1e9;
        let percent = |before: Duration, after: Duration| (after - before).as_secs_f64() * 100.0 / seconds;
        Ok(Stage {
            rate,
            watched,
            came: arrivals.len() as f64 / seconds,
            delay_ms: Quantiles::of(arrivals.iter().map(stamp::Arrival::delay_ms)),
            redis_cpu: percent(before.redis, after.redis),
            redis_mb: mb(Usage::of(self.redis.pid())?.rss_kib),
            input_mbit: (after.input - before.input) as f64 * 8e-6 / seconds,
            output_mbit: (after.output - before.output) as f64 * 8e-6 / seconds,
            daemons_cpu: percent(before.daemons, after.daemons),
            memory: self.memory_mb()?,
            stolen: before.processors.stolen_until(&after.processors),
            busy: before.processors.busy_until(&after.processors),
        })
    }

    fn look(&self) -> Result<Look> {
        let mut connection = redis::Client::open(self.url.as_str())?.get_connection()?;
        let info: redis::InfoDict = redis::cmd("INFO").query(&mut connection)?;
        let mut daemons = Duration::ZERO;
        for (_, daemon) in &self.daemons {
            daemons += Usage::of(daemon.pid())?.cpu;
        }
        Ok(Look {
            when: stamp::now_ns(),
            processors: Processors::now()?,
            redis: Usage::of(self.redis.pid())?.cpu,
            daemons,
            input: info.get("total_net_input_bytes").unwrap_or(0),
            output: info.get("total_net_output_bytes").unwrap_or(0),
        })
    }
}

struct Look {
    when: u64,
    processors: Processors,
    redis: Duration,
    daemons: Duration,
    input: u64,
    output: u64,
}

/// One rate with so many viewers.
pub struct Stage {
    rate: u64,
    watched: usize,
    /// Different pictures that viewers got, a second.
    came: f64,
    delay_ms: Option<Quantiles>,
    /// In percent of one core, as the next.
    redis_cpu: f64,
    redis_mb: f64,
    input_mbit: f64,
    output_mbit: f64,
    daemons_cpu: f64,
    memory: Memory,
    stolen: f64,
    busy: f64,
}

impl Stage {
    pub const HEAD: &str = "| each camera | watched | frames/s seen | delay p50, p99 | Redis: CPU, RSS | in, out | all mjpegd: CPU, memory | one: RSS | the machine |\n\
                            |---|---|---|---|---|---|---|---|---|\n";

    pub fn line(&self) -> String {
        let delay = self
            .delay_ms
            .map_or("-".to_owned(), |delay| format!("{}, {} ms", number(delay.p50), number(delay.p99)));
        let steal = match self.stolen {
            stolen if stolen > 0.03 => format!(", the host took {:.0} %", stolen * 100.0),
            _ => String::new(),
        };
        format!(
            "| {}/s | {} | {} of {} | {delay} | {} %, {} MB | {}, {} Mbit/s | {} %, {} MB | {} MB | {:.0} % busy{steal} |\n",
            self.rate,
            self.watched,
            number(self.came.round()),
            self.due(),
            number(self.redis_cpu),
            number(self.redis_mb),
            number(self.input_mbit),
            number(self.output_mbit),
            number(self.daemons_cpu),
            number(self.memory.all),
            number(self.memory.each),
            self.busy * 100.0,
        )
    }

    /// Pictures do not come any longer, or late.
    pub fn is_over(&self) -> bool {
        let interval = 1000.0 / self.rate as f64;
        self.came < 0.9 * self.due() as f64 || self.delay_ms.is_some_and(|delay| delay.p50 > 2.0 * interval)
    }

    fn due(&self) -> u64 {
        self.rate * self.watched as u64
    }
}

/// What a process has of the memory, where it shares it with others in equal parts.
fn proportional_kib(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).context("no Pss")
}

fn mb(kib: u64) -> f64 {
    (kib * 1024) as f64 / 1e6
}
