//! The daemon under test: a real process with a camera that can be made to fail, reached by every way that it offers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::common::camera::Camera;
use crate::common::client::{Client, state};
use crate::common::daemon::{Daemon, Launch, free_port};
use crate::eye::Way;
use crate::vitals::Vitals;

/// Pictures of some 60 kB: at 30 a second more than a slow viewer can have.
pub const NOISE: u8 = 24;

/// A camera of two sizes that gives JPEGs, or raw pictures.
pub fn camera(format: &str) -> Camera {
    let camera = Camera::new(format).set("FAKECAM_SIZES", "1280x720,640x480");
    match format {
        "MJPG" => camera.film(1280, 720, NOISE).film(640, 480, NOISE),
        _ => camera,
    }
}

fn launch(camera: &Camera, toml: &str, args: &[String], port: u16) -> Daemon {
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let launch = Launch::default().config(toml).args(&args).port(port);
    // Settings that name a source have no use for the camera.
    if toml.contains("\nname = ") { launch.preload(camera).start() } else { launch.camera(camera).start() }
}

pub struct Subject {
    pub daemon: Daemon,
    toml: String,
    args: Vec<String>,
    tls: SocketAddr,
    folder: TempDir,
}

impl Subject {
    pub fn start(camera: &Camera, toml: &str, args: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        std::fs::create_dir(folder.path().join("state"))?;
        let tls = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let (port, unix, state) = (tls.port().to_string(), path("socket"), path("state/state.toml"));
        let mut all = vec!["--tls-port", &port, "--unix", &unix, "--unix-rm", "--state-file", &state];
        all.extend(args);
        let args: Vec<_> = all.into_iter().map(str::to_owned).collect();
        let daemon = launch(camera, toml, &args, 0);
        Ok(Self { daemon, toml: toml.to_owned(), args, tls, folder })
    }

    /// As systemd does it after an end: the same program with the same settings, on the same port.
    pub fn start_anew(&mut self, camera: &Camera) {
        self.daemon = launch(camera, &self.toml, &self.args, self.daemon.address.port());
    }

    /// The folder in which it keeps what was saved.
    pub fn state_folder(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn tcp(&self) -> Way {
        Way::Tcp(self.daemon.address)
    }

    pub fn tls(&self) -> Way {
        Way::Tls(self.tls)
    }

    pub fn unix(&self) -> Way {
        Way::Unix(self.folder.path().join("socket"))
    }

    pub fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    pub fn vitals(&self) -> Result<Vitals> {
        Vitals::of(self.daemon.pid())
    }

    /// What the API does for a program; an error where it does not.
    pub fn call(&self, method: &str, path: &str, body: &str) -> Result<()> {
        let mut client = Client::connect(&self.daemon);
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        client.ask(method, &format!("/api/v1{path}"), &more);
        client.send(body);
        let answer = client.answer();
        let status = answer.head.status();
        ensure!((200..300).contains(&status), "{method} {path} is answered with {status}: {}", answer.text());
        Ok(())
    }

    pub fn act(&self, action: &str) -> Result<()> {
        self.call("POST", &format!("/actions/{action}"), "")
    }

    pub fn patch(&self, settings: &Value) -> Result<()> {
        self.call("PATCH", "/settings", &settings.to_string())
    }

    pub fn set_control(&self, name: &str, value: i64) -> Result<()> {
        self.call("PUT", &format!("/controls/{name}"), &format!("{{\"value\": {value}}}"))
    }

    pub fn signal(&self, signal: Signal) {
        self.daemon.signal(signal);
    }

    /// The state in its word.
    pub fn word(&self) -> String {
        state(&self.daemon)["result"]["mjpegd"]["camera"]["state"].as_str().unwrap_or_default().to_owned()
    }

    pub fn frames(&self, counter: &str) -> u64 {
        state(&self.daemon)["result"]["mjpegd"]["frames"][counter].as_u64().unwrap_or(0)
    }

    /// The last lines of its log, for a person.
    pub fn last_words(&self, lines: usize) -> String {
        let text = self.daemon.log.text();
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    pub fn log_lines(&self) -> usize {
        self.daemon.log.text().lines().count()
    }
}
