//! Through nginx, with a certificate of its own and a password, to another mjpegd behind it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::common::daemon::{Launch, free_port};
use super::common::stream::Stream;
use super::common::{PATIENCE, picture, within};
use super::{daemon, says, sent};

struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    /// Over TLS and with a password it hands on to this address.
    fn start(folder: &Path, cert: &str, key: &str, to: &str) -> Self {
        let port = free_port();
        std::fs::write(folder.join("password"), "me:{PLAIN}s ecret\n").unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {};", folder.join(name).display()));
        let config = format!(
            "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\n\
             events {{}}\n\
             http {{ access_log off; {1} server {{\n\
             listen 127.0.0.1:{port} ssl; ssl_certificate {0}/{cert}; ssl_certificate_key {0}/{key};\n\
             auth_basic camera; auth_basic_user_file {0}/password; client_max_body_size 8m;\n\
             location / {{ proxy_pass http://{to}; proxy_set_header Authorization \"\"; }} }} }}\n",
            folder.display(),
            temporary.join(" ")
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-p"])
            .arg(folder)
            .arg("-c")
            .arg(file)
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()))
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed");
        let nginx = Self { child, port };
        assert!(within(PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()));
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn openssl(folder: &Path, words: &str) {
    let mut command = Command::new("openssl");
    let done = command
        .args(words.split(' '))
        .current_dir(folder)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .status();
    assert!(done.unwrap().success(), "{words}");
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

#[test]
fn a_receiver_with_its_own_certificate_is_trusted_when_that_is_given_and_not_else() {
    let hub = Launch::default().args(&["--source", "inbox"]).start();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path();
    // As people make them: the name is wrong, and it is marked as an authority.
    openssl(path, &format!("req -x509 {KEY} -keyout own.key -out own.pem -days 2 -subj /CN=nas"));
    // As an authority at home makes them.
    openssl(path, &format!("req -x509 {KEY} -keyout ca.key -out ca.pem -days 2 -subj /CN=home"));
    openssl(
        path,
        &format!(
            "req -x509 {KEY} -CA ca.pem -CAkey ca.key -keyout leaf.key -out leaf.pem -days 2 -subj /CN=hub -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
        ),
    );
    std::fs::write(path.join("secret"), "s ecret\n").unwrap();
    for (cert, key, trusted) in [("own.pem", "own.key", "own.pem"), ("leaf.pem", "leaf.key", "ca.pem")] {
        let nginx = Nginx::start(path, cert, key, &hub.address.to_string());
        let push = |ca: &str| {
            let ca = if ca.is_empty() {
                String::new()
            } else {
                format!("ca-file = \"{}/{ca}\"\n", path.display())
            };
            let (port, secret) = (nginx.port, path.join("secret"));
            daemon(&format!(
                "[[push]]\nto = \"http\"\nurl = \"https://me@127.0.0.1:{port}/frame\"\npassword-file = \"{}\"\n{ca}",
                secret.display()
            ))
        };
        let good = push(trusted);
        sent(&good, "http-1", 3);
        let mut stream = Stream::open(&hub, "/stream");
        assert!(stream.find(100, |part| picture::decode(&part.jpeg).width == 320).is_some());
        assert!(!good.log.text().contains("ecret"));
        drop((good, stream));
        for other in ["", if trusted == "ca.pem" { "own.pem" } else { "ca.pem" }] {
            says(&push(other), "its certificate is not trusted");
        }
    }
}

#[test]
fn one_that_does_not_get_past_the_password_is_told() {
    let hub = Launch::default().args(&["--source", "inbox"]).start();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    openssl(folder.path(), &format!("req -x509 {KEY} -keyout own.key -out own.pem -days 2 -subj /CN=nas"));
    let nginx = Nginx::start(folder.path(), "own.pem", "own.key", &hub.address.to_string());
    let daemon = daemon(&format!(
        "[[push]]\nto = \"http\"\nurl = \"https://me:wrong@127.0.0.1:{}/frame\"\nca-file = \"{}/own.pem\"\n",
        nginx.port,
        folder.path().display()
    ));
    says(&daemon, "it answers with status 401");
}
