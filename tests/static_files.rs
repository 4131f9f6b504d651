//! `--static`: files of a folder in place of the page, and nothing else of the disk.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::client::{Client, get};
use common::daemon::{Daemon, Launch, free_port, words};
use common::picture;

/// A site with a secret beside it.
fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("site/deep/er")).unwrap();
    fs::create_dir(path("site/.git")).unwrap();
    fs::create_dir(path("site/empty")).unwrap();
    fs::create_dir(path("site-two")).unwrap();
    fs::write(path("secret"), "secret").unwrap();
    fs::write(path("site-two/secret"), "secret").unwrap();
    fs::write(path("site/.hidden"), "secret").unwrap();
    fs::write(path("site/.git/config"), "secret").unwrap();
    fs::write(path("site/index.html"), "<h1>mine</h1>").unwrap();
    fs::write(path("site/style.CSS"), "h1 {}").unwrap();
    fs::write(path("site/a b.js"), "1").unwrap();
    fs::write(path("site/stream"), "not this").unwrap();
    fs::write(path("site/deep/index.html"), "deep").unwrap();
    fs::write(path("site/deep/er/中.txt"), "deeper").unwrap();
    fs::write(path("site/large.bin"), large()).unwrap();
    fs::write(path("site/nothing.txt"), "").unwrap();
    symlink("../secret", path("site/out")).unwrap();
    symlink(path("secret"), path("site/absolute")).unwrap();
    symlink("..", path("site/up")).unwrap();
    symlink(".hidden", path("site/shown")).unwrap();
    symlink("loop", path("site/loop")).unwrap();
    symlink("index.html", path("site/inside")).unwrap();
    symlink("/dev/zero", path("site/zero")).unwrap();
    assert!(Command::new("mkfifo").arg(path("site/pipe")).status().unwrap().success());
    folder
}

fn large() -> Vec<u8> {
    (0..3_000_001).map(|index| (index % 251) as u8).collect()
}

fn daemon(folder: &Path) -> Daemon {
    Daemon::with_pattern(&["--static", folder.join("site").to_str().unwrap()])
}

#[test]
fn files_are_served_with_their_types_and_folders_with_their_index() {
    let folder = site();
    let daemon = daemon(folder.path());
    for (target, content_type, text) in [
        ("/", "text/html; charset=utf-8", "<h1>mine</h1>"),
        ("/index.html", "text/html; charset=utf-8", "<h1>mine</h1>"),
        ("/?x=1", "text/html; charset=utf-8", "<h1>mine</h1>"),
        ("/inside", "text/html; charset=utf-8", "<h1>mine</h1>"),
        ("//style.CSS", "text/css; charset=utf-8", "h1 {}"),
        ("/a%20b.js", "text/javascript; charset=utf-8", "1"),
        ("/deep/", "text/html; charset=utf-8", "deep"),
        ("/deep/er/%E4%B8%AD.txt", "text/plain; charset=utf-8", "deeper"),
        ("/nothing.txt", "text/plain; charset=utf-8", ""),
    ] {
        let answer = get(&daemon, target);
        assert_eq!(answer.head.status(), 200, "{target}");
        if target != "/inside" {
            assert_eq!(answer.head.value("Content-Type"), Some(content_type), "{target}");
        }
        assert_eq!(answer.text(), text, "{target}");
    }
    assert_eq!(get(&daemon, "/deep").head.value("Location"), Some("./deep/"));
    assert!(get(&daemon, "/large.bin").body == large());
}

#[test]
fn what_is_built_in_stays() {
    let folder = site();
    let daemon = daemon(folder.path());
    picture::decode(&get(&daemon, "/snapshot").body);
    picture::decode(&get(&daemon, "/?action=snapshot").body);
    for target in ["/state", "/api/v1/state", "/healthz", "/metrics"] {
        assert_eq!(get(&daemon, target).head.status(), 200, "{target}");
    }
    let mut client = Client::connect(&daemon);
    client.ask("GET", "/stream", "");
    assert!(client.head().value("Content-Type").unwrap().starts_with("multipart/"));
    assert_eq!(get(&daemon, "/page.js").head.status(), 404);
    assert_eq!(get(&daemon, "/api/v1/nothing").head.status(), 404);
}

#[test]
fn nothing_outside_of_the_folder_can_be_had() {
    let folder = site();
    let daemon = daemon(folder.path());
    for target in [
        "/../secret",
        "/%2e%2e/secret",
        "/%2E%2e%2fsecret",
        "/..%2fsecret",
        "/..%5csecret",
        "/....//secret",
        "/deep/../../secret",
        "/deep/%2e%2e/%2e%2e/secret",
        "/%252e%252e/secret",
        "/%c0%ae%c0%ae/secret",
        "/./index.html",
        "/.hidden",
        "/%2ehidden",
        "/.git/config",
        "/deep/..",
        "/..",
        "/out",
        "/absolute",
        "/up/secret",
        "/up/site-two/secret",
        "/shown",
        "/loop",
        "/zero",
        "/pipe",
        "/index.html/",
        "/index.html%00",
        "/index.html%00.js",
        "/empty/",
        "/%",
        "/%zz",
        "/\\..\\secret",
        "/proc/self/environ",
        "//etc/passwd",
        "http://camera/../secret",
        "/a/./b",
    ] {
        let answer = get(&daemon, target);
        assert!(!answer.text().contains("secret"), "{target}: {}", answer.text());
        assert!([400, 404].contains(&answer.head.status()), "{target}: {}", answer.head.0);
    }
    let output =
        Command::new("curl").args(["-s", "--path-as-is", &daemon.url("/../secret")]).output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stdout).contains("secret"));
}

#[test]
fn what_a_browser_has_already_is_not_sent_again() {
    let folder = site();
    let daemon = daemon(folder.path());
    let mut client = Client::connect(&daemon);
    let first = client.get("/style.CSS");
    let tag = first.head.value("ETag").unwrap().to_owned();
    for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        client.ask("GET", "/style.CSS", &format!("If-None-Match: {known}\r\n"));
        let head = client.head();
        assert_eq!((head.status(), head.value("ETag")), (304, Some(tag.as_str())), "{known}");
    }
    fs::write(folder.path().join("site/style.CSS"), "h1 { color: red }").unwrap();
    client.ask("GET", "/style.CSS", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!(client.answer().text(), "h1 { color: red }");
    client.ask("HEAD", "/large.bin", "");
    assert_eq!(client.head().value("Content-Length"), Some("3000001"));
    client.ask("POST", "/style.CSS", "Content-Length: 0\r\n");
    assert_eq!(client.answer().head.status(), 405);
}

#[test]
fn a_large_file_goes_over_tls_and_to_slow_readers_a_piece_at_a_time() {
    let folder = site();
    let port = free_port();
    let site = folder.path().join("site");
    let args = ["--static", site.to_str().unwrap(), "--tls-port", &port.to_string()];
    let daemon = Daemon::with_pattern(&args);
    let mut client = Client::secure(([127, 0, 0, 1], port).into(), Some(8192));
    assert!(client.get("/large.bin").body == large());
    // Two questions at once, on one connection.
    client.ask("GET", "/large.bin", "");
    client.ask("GET", "/deep/", "");
    assert!(client.answer().body == large());
    assert_eq!(client.answer().text(), "deep");
    let mut waiting: Vec<_> = (0..50).map(|_| Client::narrow(daemon.address, 4096)).collect();
    waiting.iter_mut().for_each(|client| client.ask("GET", "/large.bin", ""));
    // One that is cut short while it is sent ends its connections, and nothing else.
    fs::write(site.join("large.bin"), "").unwrap();
    waiting.into_iter().for_each(|mut client| drop(client.rest()));
    assert_eq!(get(&daemon, "/deep/").text(), "deep");
}

#[test]
fn a_folder_that_is_not_there_is_refused_with_its_name() {
    let words = words();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["--config", "/dev/null", "--static", "/nowhere"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--static") && said.contains("/nowhere: No such file"), "{said}");
    let daemon = Launch::default().args(&["--source", "pattern", "--static", ""]).start();
    assert!(get(&daemon, "/").text().contains("page.js"));
}
