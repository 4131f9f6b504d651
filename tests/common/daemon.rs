//! The shipped binary, on a free port of the loopback, ended with its test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::camera::Camera;
use super::{PATIENCE, within};

const CONFIG: &str = "mjpegd.toml";

/// How a daemon is to be started.
#[derive(Default)]
pub struct Launch<'a> {
    args: Vec<String>,
    host: Option<&'a str>,
    config: Option<&'a str>,
    camera: Option<&'a Camera>,
    port: u16,
    env: Vec<(&'a str, &'a str)>,
    names_camera: bool,
}

impl<'a> Launch<'a> {
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(ToString::to_string));
        self
    }

    /// Listens on this address instead of 127.0.0.1.
    pub fn host(mut self, host: &'a str) -> Self {
        self.host = Some(host);
        self
    }

    /// Listens on this port instead of any that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    pub fn env(mut self, name: &'a str, value: &'a str) -> Self {
        self.env.push((name, value));
        self
    }

    /// Settings as a file, for what has no flag.
    pub fn config(mut self, toml: &'a str) -> Self {
        self.config = Some(toml);
        self
    }

    /// Preloads the camera and names its first node as the device.
    pub fn camera(mut self, camera: &'a Camera) -> Self {
        self.names_camera = true;
        self.preload(camera)
    }

    /// Preloads the camera; the settings say which device to take.
    pub fn preload(mut self, camera: &'a Camera) -> Self {
        self.camera = Some(camera);
        self
    }

    pub fn start(self) -> Daemon {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let words = words();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command.args(["--host", self.host.unwrap_or("127.0.0.1"), "--port", &self.port.to_string()]);
        if let Some(toml) = self.config {
            let path = folder.path().join(CONFIG);
            std::fs::write(&path, toml).unwrap();
            command.arg("--config").arg(path);
        }
        if let Some(camera) = self.camera {
            camera.preload_into(&mut command);
            if self.names_camera {
                command.args(["--source", "v4l2", "--device", camera.path(0)]);
            }
        }
        command.args(self.args);
        command.env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET");
        command.envs(self.env);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Log::follow(child.stderr.take().unwrap());
        let line = log
            .wait_for("listening on http://", PATIENCE)
            .unwrap_or_else(|| panic!("mjpegd did not listen:\n{}", log.text()));
        let address = line.split("http://").nth(1).unwrap();
        let address = address.split(['/', ' ', ',']).next().unwrap();
        Daemon { child, address: address.parse().unwrap(), log, folder }
    }
}

/// A port that nobody has now, for settings where 0 means none.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// This build's binary, or what `MJPEGD_COMMAND` says: an emulator, and a binary for another processor.
pub fn words() -> Vec<String> {
    match std::env::var("MJPEGD_COMMAND") {
        Ok(words) => words.split_whitespace().map(str::to_owned).collect(),
        Err(_) => vec![env!("CARGO_BIN_EXE_mjpegd").to_owned()],
    }
}

/// A running daemon. Dropped, it ends.
pub struct Daemon {
    child: Child,
    pub address: SocketAddr,
    pub log: Arc<Log>,
    folder: tempfile::TempDir,
}

impl Daemon {
    /// With the pattern as its source.
    pub fn with_pattern(args: &[&str]) -> Self {
        Launch::default().args(&["--source", "pattern", "--resolution", "640x480"]).args(args).start()
    }

    /// With a test camera as its source.
    pub fn with_camera(camera: &Camera, args: &[&str]) -> Self {
        Launch::default().camera(camera).args(args).start()
    }

    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// Writes settings where those of its start were; they count when they are read again.
    pub fn write_config(&self, toml: &str) {
        std::fs::write(self.folder.path().join(CONFIG), toml).unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn threads(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("Threads:"));
        line.unwrap().trim().parse().unwrap()
    }

    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// How it ended, if it does so within the time.
    pub fn wait(&mut self, time: Duration) -> Option<ExitStatus> {
        let mut status = None;
        within(time, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.is_running() {
            self.signal(Signal::TERM);
            if self.wait(Duration::from_secs(5)).is_none() {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
        if std::thread::panicking() {
            eprintln!("-- the log of mjpegd:\n{}--", self.log.text());
        }
    }
}

/// What a program writes to its standard error, as it writes it.
pub struct Log {
    state: Mutex<LogState>,
    grown: Condvar,
}

#[derive(Default)]
struct LogState {
    text: String,
    ended: bool,
}

impl Log {
    fn follow(stderr: std::process::ChildStderr) -> Arc<Self> {
        let log = Arc::new(Self { state: Mutex::default(), grown: Condvar::new() });
        let writer = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let mut state = writer.state.lock().unwrap();
                state.text.push_str(&String::from_utf8_lossy(&line));
                state.text.push('\n');
                writer.grown.notify_all();
            }
            writer.state.lock().unwrap().ended = true;
            writer.grown.notify_all();
        });
        log
    }

    /// All of it. A thread of its own writes it, which has a moment for what has happened already.
    pub fn text(&self) -> String {
        let mut state = self.state.lock().unwrap();
        let mut seen = None;
        for _ in 0..100 {
            if state.ended || seen == Some(state.text.len()) {
                break;
            }
            seen = Some(state.text.len());
            state = self.grown.wait_timeout(state, Duration::from_millis(60)).unwrap().0;
        }
        state.text.clone()
    }

    /// The first line that has `part` in it, as soon as it is there; `None`: not in this time, or not in this life.
    pub fn wait_for(&self, part: &str, time: Duration) -> Option<String> {
        let find = |state: &LogState| state.text.lines().find(|line| line.contains(part)).map(str::to_owned);
        let wanting = |state: &mut LogState| !state.ended && find(state).is_none();
        let (state, _) = self.grown.wait_timeout_while(self.state.lock().unwrap(), time, wanting).unwrap();
        find(&state)
    }

    pub fn count(&self, part: &str) -> usize {
        self.text().lines().filter(|line| line.contains(part)).count()
    }
}
