//! A daemon to be killed.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::Pid;
use serde_json::Value;

use super::client::{Answer, Client, Head};
use super::daemon::{free_port, words};
use super::wire::Wire;
use super::{PATIENCE, within};

pub const PATTERN: [&str; 4] = ["--source", "pattern", "--resolution", "320x240"];

/// A daemon as `Daemon` is one, but that it may be started in odd ways and be killed.
pub struct Victim {
    pub child: Child,
    pub address: SocketAddr,
}

impl Victim {
    pub fn start(args: &[&str], log: &Path) -> Self {
        let words = words();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(PATTERN).args(args);
        command.stderr(fs::File::options().append(true).create(true).open(log).unwrap());
        Self::of(command)
    }

    pub fn of(mut command: Command) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET");
        let mut child = command.spawn().unwrap();
        let is_up = within(PATIENCE, || {
            assert!(child.try_wait().unwrap().is_none(), "it has ended");
            TcpStream::connect(address).is_ok()
        });
        assert!(is_up);
        let victim = Self { child, address };
        assert_eq!(victim.get("/healthz").head.status(), 200);
        victim
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }

    pub fn get(&self, target: &str) -> Answer {
        Client::over(Wire::Tcp(TcpStream::connect(self.address).unwrap())).get(target)
    }

    /// Sets a quality and keeps it over restarts. `None`: it was killed before it answered.
    pub fn save(&self, quality: u64) -> Option<Answer> {
        let socket = TcpStream::connect(self.address).ok()?;
        let mut client = Client::over(Wire::Tcp(socket));
        let body = format!("{{\"encoder\": {{\"quality\": {quality}}}}}");
        let head = format!(
            "PATCH /api/v1/settings?save=1 HTTP/1.0\r\nHost: camera\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if !client.try_send(head) {
            return None;
        }
        let bytes = client.rest();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = Head(String::from_utf8(bytes[..end + 4].to_vec()).unwrap());
        Some(Answer { head, body: bytes[end + 4..].to_vec() })
    }

    pub fn quality(&self) -> u64 {
        let settings: Value = serde_json::from_slice(&self.get("/api/v1/settings").body).unwrap();
        settings["encoder"]["quality"].as_u64().unwrap()
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
