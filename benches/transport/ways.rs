//! The ways from one process to another that are compared: the tutorials', and mjpegd's.

use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::child::{Child, ENDS_WITH_US};
use crate::frames::Film;
use crate::interrupt;

/// Python imports OpenCV first.
const SLOWEST_START: Duration = Duration::from_secs(30);
/// Debian's, which has Debian's modules, whatever else stands in the PATH.
const PYTHON: &str = "/usr/bin/python3";
/// That of the film: OpenCV's own default would make the tutorials' pictures twice as long.
const QUALITY: &str = "80";
const MJPEGD: &str = env!("CARGO_BIN_EXE_mjpegd");

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    TutorialHttp,
    TutorialRedis,
    /// Which looks ten times as often whether the picture has come.
    TutorialRedisSooner,
    Http,
    RedisKey,
    RedisStream,
    UnixSocket,
    Memory,
    Relay,
}

impl Way {
    pub const ALL: [Self; 9] = [
        Self::TutorialHttp,
        Self::TutorialRedis,
        Self::TutorialRedisSooner,
        Self::Http,
        Self::RedisKey,
        Self::RedisStream,
        Self::UnixSocket,
        Self::Memory,
        Self::Relay,
    ];

    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::TutorialHttp => "tutorials: HTTP form, base64",
            Self::TutorialRedis => "tutorials: Redis key and message, base64",
            Self::TutorialRedisSooner => "the same, polled every 1 ms",
            Self::Http => "mjpegd: push http",
            Self::RedisKey => "mjpegd: push redis, key and message",
            Self::RedisStream => "mjpegd: push redis, stream",
            Self::UnixSocket => "mjpegd: viewer by Unix socket",
            Self::Memory => "mjpegd: shared memory",
            Self::Relay => "mjpegd: relay (pull) to a second mjpegd, its viewer",
        }
    }

    pub fn is_tutorial(self) -> bool {
        matches!(self, Self::TutorialHttp | Self::TutorialRedis | Self::TutorialRedisSooner)
    }

    /// What it is compared with: what does the same, else the better one of both.
    pub fn rivals(self) -> &'static [Self] {
        match self {
            Self::Http => &[Self::TutorialHttp],
            Self::RedisKey | Self::RedisStream => &[Self::TutorialRedis],
            _ => &[Self::TutorialHttp, Self::TutorialRedis],
        }
    }

    /// Starts all that belongs to it; pictures come soon.
    pub fn start(self, film: &Film, fps: u64) -> Result<Running> {
        let mut running = Running::new(film, fps)?;
        match self {
            Self::TutorialHttp => {
                let port = free_port()?.to_string();
                running.python("receiver", "http_receiver.py", &[&port, &running.record_text()])?;
                running.listening(&port)?;
                running.python_sender("http_sender.py", &port, &[])?;
            }
            Self::TutorialRedis => running.tutorial_redis(&[])?,
            Self::TutorialRedisSooner => running.tutorial_redis(&["0.001"])?,
            Self::Http => {
                let port = free_port()?.to_string();
                running.receiver("http", &format!("127.0.0.1:{port}"))?;
                running.listening(&port)?;
                let push = format!("to = \"http\"\nurl = \"http://127.0.0.1:{port}/frame\"\n");
                running.mjpegd(&format!("[[push]]\n{push}"), &[])?;
            }
            Self::RedisKey => running.redis("redis", "key = \"garage\"\nchannel = \"img0\"\n")?,
            Self::RedisStream => running.redis("stream", "stream = \"img0\"\n")?,
            Self::UnixSocket => {
                let socket = running.folder.path().join("mjpegd.sock").display().to_string();
                running.mjpegd("", &["--unix", &socket])?;
                running.until("the socket", || Path::new(&socket).exists())?;
                running.receiver("unix", &socket)?;
            }
            Self::Memory => {
                let name = format!("mjpegd-bench-{}", std::process::id());
                let object = mjpegd::sink::path(&name);
                running.leaves_behind = Some(object.clone());
                running.mjpegd("", &["--sink", &name])?;
                running.receiver("memory", &object.display().to_string())?;
            }
            Self::Relay => {
                let port = running.mjpegd("", &[])?.to_string();
                running.listening(&port)?;
                let second = free_port()?.to_string();
                let url = format!("http://127.0.0.1:{port}/stream");
                let fps = running.desired_fps();
                let mut command = program(MJPEGD);
                command.args(["--config", "/dev/null", "--source", "pull", "--pull-url", &url]);
                command.args(["--host", "127.0.0.1", "--port", &second, "--desired-fps", &fps]);
                running.child("relay", command)?;
                running.listening(&second)?;
                running.receiver("tcp", &format!("127.0.0.1:{second}"))?;
            }
        }
        Ok(running)
    }
}

/// The processes of one way, ended with it.
pub struct Running {
    pub children: Vec<(&'static str, Child)>,
    folder: TempDir,
    film: PathBuf,
    fps: u64,
    leaves_behind: Option<PathBuf>,
}

impl Running {
    fn new(film: &Film, fps: u64) -> Result<Self> {
        // A Unix socket's path is short.
        let folder = tempfile::tempdir()?;
        let film = film.folder.clone();
        Ok(Self { children: Vec::new(), folder, film, fps, leaves_behind: None })
    }

    /// The file for what has come.
    pub fn record(&self) -> PathBuf {
        self.folder.path().join("record")
    }

    fn record_text(&self) -> String {
        self.record().display().to_string()
    }

    /// What mjpegd is to be told: its default where that is the camera's rate, else as fast as the camera can.
    fn desired_fps(&self) -> String {
        self.fps.to_string()
    }

    fn child(&mut self, role: &'static str, command: Command) -> Result<()> {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transport").join(role).with_extension("log");
        self.children.push((role, Child::start(command, &log, None)?));
        Ok(())
    }

    fn python(&mut self, role: &'static str, script: &str, words: &[&str]) -> Result<()> {
        let mut command = program(PYTHON);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/transport/tutorials").join(script));
        command.args(words).env("PYTHONDONTWRITEBYTECODE", "1");
        self.child(role, command)
    }

    fn python_sender(&mut self, script: &str, port: &str, more: &[&str]) -> Result<()> {
        let (film, fps) = (self.film.display().to_string(), self.fps.to_string());
        self.python("sender", script, &[&[port, &film, &fps, QUALITY], more].concat())
    }

    fn receiver(&mut self, kind: &str, place: &str) -> Result<()> {
        let mut command = program(std::env::current_exe()?);
        command.args(["receive", kind, place, "--record"]).arg(self.record());
        self.child("receiver", command)
    }

    /// mjpegd with the camera, and its port.
    fn mjpegd(&mut self, settings: &str, flags: &[&str]) -> Result<u16> {
        let file = self.folder.path().join("mjpegd.toml");
        fs::write(&file, settings)?;
        let camera = format!(
            "{} camera {} --fps {}",
            quoted(&std::env::current_exe()?)?,
            quoted(&self.film)?,
            self.fps
        );
        let port = free_port()?;
        let mut command = program(MJPEGD);
        command.arg("--config").arg(file).args(["--source", "command", "--command", &camera]);
        command.args(["--desired-fps", &self.desired_fps(), "--host", "127.0.0.1"]);
        command.args(["--port", &port.to_string()]).args(flags);
        self.child("sender", command)?;
        Ok(port)
    }

    fn redis(&mut self, receiver: &str, push: &str) -> Result<()> {
        let (port, server) = redis_server()?;
        self.child("redis-server", server)?;
        self.listening(&port)?;
        let url = format!("redis://127.0.0.1:{port}/0");
        self.receiver(receiver, &url)?;
        self.mjpegd(&format!("[[push]]\nto = \"redis\"\nurl = \"{url}\"\n{push}"), &[])?;
        Ok(())
    }

    fn tutorial_redis(&mut self, more: &[&str]) -> Result<()> {
        let (port, server) = redis_server()?;
        self.child("redis-server", server)?;
        self.listening(&port)?;
        self.python("receiver", "redis_receiver.py", &[&port, &self.record_text()])?;
        // A sender whose message nobody gets waits for ever.
        let mut connection = redis::Client::open(format!("redis://127.0.0.1:{port}/0"))?.get_connection()?;
        self.until("a subscriber", || {
            let count = redis::cmd("PUBSUB").arg("NUMSUB").arg("img0").query(&mut connection);
            count.is_ok_and(|(_, count): (String, u64)| count > 0)
        })?;
        self.python_sender("redis_sender.py", &port, more)
    }

    fn listening(&mut self, port: &str) -> Result<()> {
        let address = format!("127.0.0.1:{port}");
        self.until("a listener", || TcpStream::connect(&address).is_ok())
    }

    /// Waits while all of them live.
    pub fn until(&mut self, what: &str, mut is_there: impl FnMut() -> bool) -> Result<()> {
        let end = Instant::now() + SLOWEST_START;
        while !is_there() {
            for (role, child) in &mut self.children {
                child.must_live().context(*role)?;
            }
            ensure!(Instant::now() < end, "{what} does not come");
            interrupt::sleep(Duration::from_millis(5))?;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.children.clear();
        if let Some(path) = &self.leaves_behind {
            // It is killed, and so does not do it itself.
            let _ = fs::remove_file(path);
        }
    }
}

/// Waits until somebody listens there, on this machine.
pub fn until_listening(port: &str) -> Result<()> {
    let end = Instant::now() + SLOWEST_START;
    while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        ensure!(Instant::now() < end, "nobody listens on port {port}");
        interrupt::sleep(Duration::from_millis(5))?;
    }
    Ok(())
}

/// One that is not to outlive the benchmark.
pub fn program(path: impl Into<OsString>) -> Command {
    let [first, rest @ ..] = ENDS_WITH_US;
    let mut command = Command::new(first);
    command.args(rest).arg(path.into());
    // The machine's own settings are none of the benchmark's.
    command.env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET").env_remove("RUST_BACKTRACE");
    command
}

/// A server that keeps nothing, on a port of its own.
pub fn redis_server() -> Result<(String, Command)> {
    let port = free_port()?.to_string();
    let mut command = program("redis-server");
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    Ok((port, command))
}

pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// As a word of a command line.
fn quoted(path: &Path) -> Result<String> {
    let text = path.to_str().context("a path that is not UTF-8")?;
    Ok(shlex::try_quote(text)?.into_owned())
}
