//! A real Redis server.

use std::process::{Child, Command, Stdio};

use super::{PATIENCE, within};

/// A server of its own, ended with its test.
pub struct Server {
    pub child: Child,
    port: u16,
    password: Option<&'static str>,
    _folder: tempfile::TempDir,
}

impl Server {
    pub fn start(port: u16, password: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .arg("--dir")
            .arg(folder.path());
        if let Some(password) = password {
            command.args(["--requirepass", password]);
        }
        let child = command.stdout(Stdio::null()).spawn().expect("redis-server is installed");
        let server = Self { child, port, password, _folder: folder };
        assert!(within(PATIENCE, || server.client().get_connection().is_ok()));
        server
    }

    pub fn url(&self) -> String {
        self.database(0)
    }

    pub fn database(&self, number: u32) -> String {
        let login = self.password.map_or_else(String::new, |password| format!(":{password}@"));
        format!("redis://{login}127.0.0.1:{}/{number}", self.port)
    }

    pub fn client(&self) -> redis::Client {
        redis::Client::open(self.url()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
