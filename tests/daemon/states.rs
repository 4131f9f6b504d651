//! Every state that a camera can be in has a name: in `/state` and the API, on the page, in `systemctl status`, and once in the log.

use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::common::browser::Browser;
use crate::common::camera::Camera;
use crate::common::client::{Client, get, state};
use crate::common::daemon::{Daemon, Launch};
use crate::common::{PATIENCE, within};

/// What systemd is told, from the first word on.
struct Manager {
    path: String,
    told: Arc<Mutex<Vec<String>>>,
    _folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let told = Arc::<Mutex<Vec<String>>>::default();
        let writer = Arc::clone(&told);
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(length) = socket.recv(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                writer.lock().unwrap().extend(text.lines().map(str::to_owned));
            }
        });
        Self { path: path.to_str().unwrap().to_owned(), told, _folder: folder }
    }

    /// The newest `STATUS=`.
    fn status(&self) -> String {
        let told = self.told.lock().unwrap();
        let status = told.iter().rev().find_map(|line| line.strip_prefix("STATUS="));
        status.unwrap_or_default().to_owned()
    }

    fn was_told(&self, line: &str) -> bool {
        self.told.lock().unwrap().iter().any(|one| one == line)
    }
}

fn camera_of(daemon: &Daemon) -> Value {
    state(daemon)["result"]["mjpegd"]["camera"].clone()
}

/// What a person reads on the page.
fn page(browser: &Browser) -> (String, String, String) {
    let seen = browser.run(
        "const text = (id) => { const e = document.getElementById(id); return e.hidden ? '' : e.textContent; };
         return [text('word'), text('camera'), text('trouble')];",
    );
    let text = |index: usize| seen[index].as_str().unwrap_or_default().to_owned();
    (text(0), text(1), text(2))
}

/// One state: what it is called, in words of systemd's status, on the page, and where the camera stands there.
struct Named<'a> {
    word: &'a str,
    status: &'a str,
    page: &'a str,
    camera: &'a str,
}

fn is_named(daemon: &Daemon, manager: &Manager, browser: Option<&Browser>, named: &Named<'_>) {
    let Named { word, status, page: on_page, camera } = named;
    assert!(within(PATIENCE, || camera_of(daemon)["state"] == *word), "{word}: {}", camera_of(daemon));
    let text = camera_of(daemon)["text"].as_str().unwrap().to_owned();
    assert!(text.contains(status), "{word}: {text}");
    let api: Value = serde_json::from_slice(&get(daemon, "/api/v1/state").body).unwrap();
    assert_eq!(
        (api["camera"]["state"].as_str(), api["camera"]["text"].as_str()),
        (Some(*word), Some(text.as_str()))
    );
    assert!(within(PATIENCE, || manager.status().contains(status)), "{word}: {}", manager.status());
    let metrics = get(daemon, "/metrics").text();
    assert!(metrics.contains(&format!("mjpegd_camera_state{{state=\"{word}\"}} 1\n")), "{word}");
    let Some(browser) = browser else { return };
    let mut seen = Default::default();
    let is_there = within(PATIENCE, || {
        seen = page(browser);
        seen.0 == *on_page && seen.1.contains(camera)
    });
    assert!(is_there, "{word}: {seen:?}");
    let is_trouble = word.starts_with("no-");
    assert_eq!(seen.2.contains(status), is_trouble, "{word}: {seen:?}");
}

fn act(daemon: &Daemon, action: &str) {
    let mut client = Client::connect(daemon);
    client.ask("POST", &format!("/api/v1/actions/{action}"), "Content-Length: 0\r\n");
    assert_eq!(client.answer().head.status(), 204);
}

/// How often the log says so.
fn logged(daemon: &Daemon, words: &str) -> usize {
    daemon.log.count(words)
}

#[test]
fn a_camera_that_works_pauses_and_goes_is_named_everywhere_and_once_in_the_log() {
    let manager = Manager::new();
    let camera = Camera::mjpeg();
    let args = ["--device-timeout", "1", "--device-error-delay", "0.2", "--idle-timeout", "0"];
    let daemon = Launch::default().camera(&camera).args(&args).env("NOTIFY_SOCKET", &manager.path).start();
    let browser = Browser::start();
    browser.open(&daemon.url("/"));
    let online = Named { word: "online", status: "MJPEG 640x480 at 30/s", page: "online", camera: "video0" };
    is_named(&daemon, &manager, Some(&browser), &online);
    assert!(manager.was_told("READY=1"));
    assert_eq!(logged(&daemon, "MJPEG 640x480 at 30/s"), 1, "{}", daemon.log.text());
    act(&daemon, "pause");
    let paused = Named { word: "paused", status: "paused on request", page: "paused", camera: "paused" };
    is_named(&daemon, &manager, Some(&browser), &paused);
    assert_eq!(logged(&daemon, "paused on request, camera stopped"), 1, "{}", daemon.log.text());
    act(&daemon, "continue");
    is_named(&daemon, &manager, Some(&browser), &online);
    for (fault, word, words, on_page) in [
        ("unplug", "no-camera", "unplugged", "no camera"),
        ("stall", "no-signal", "no picture for 0.75 s", "no signal"),
        ("dqbuf=EPROTO", "no-signal", "the USB transfer failed while taking a picture", "no signal"),
        ("garbage", "no-signal", "no picture that can be shown", "no signal"),
    ] {
        let before = logged(&daemon, words);
        camera.fault(fault);
        // Once it is lost it is another fault that is seen: that the node is not there, or that no first picture comes.
        assert!(within(PATIENCE, || logged(&daemon, words) > before), "{fault}: {}", daemon.log.text());
        assert!(within(PATIENCE, || page(&browser).0 == on_page), "{fault}: {:?}", page(&browser));
        assert!(within(PATIENCE, || camera_of(&daemon)["state"] == word), "{fault}: {}", camera_of(&daemon));
        assert!(!page(&browser).2.is_empty(), "{fault}");
        // It goes on for a while, and is told of once.
        std::thread::sleep(Duration::from_millis(1500));
        let label = if word == "no-camera" { "no camera: " } else { "no signal: " };
        let lines =
            daemon.log.text().lines().filter(|line| line.contains(label) && line.contains(words)).count();
        assert_eq!(lines, before + 1, "{fault}: {}", daemon.log.text());
        camera.mend();
        is_named(&daemon, &manager, Some(&browser), &online);
    }
    let mut daemon = daemon;
    daemon.signal(Signal::TERM);
    assert!(daemon.wait(PATIENCE).is_some());
    assert!(within(PATIENCE, || manager.status() == "stopping"), "{}", manager.status());
    assert!(manager.was_told("STOPPING=1"));
}

#[test]
fn a_camera_that_will_not_open_is_named_with_the_reason() {
    for (fault, word, words) in [
        ("open=EACCES", "no-camera", "no permission"),
        ("open=ENOENT", "no-camera", "no such camera"),
        ("s_fmt=EBUSY", "no-signal", "in use by"),
        ("streamon=ENOSPC", "no-signal", "the USB bus has no bandwidth left"),
        ("streamon=EPROTO", "no-signal", "the USB transfer failed while starting it"),
    ] {
        let manager = Manager::new();
        let camera = Camera::mjpeg();
        camera.fault(fault);
        let args = ["--device-error-delay", "0.2"];
        let daemon =
            Launch::default().camera(&camera).args(&args).env("NOTIFY_SOCKET", &manager.path).start();
        let named = Named { word, status: words, page: "", camera: "" };
        is_named(&daemon, &manager, None, &named);
        // So often it has tried again, and said nothing more.
        let opened = camera.count("open") + 3;
        within(Duration::from_secs(2), || camera.count("open") >= opened);
        assert_eq!(logged(&daemon, words), 1, "{fault}: {}", daemon.log.text());
    }
}

#[test]
fn a_camera_that_starts_slowly_rests_or_stands_by_is_named() {
    let browser = Browser::start();
    let manager = Manager::new();
    let camera = Camera::mjpeg();
    camera.fault("start-delay:4000");
    let args = ["--idle-timeout", "1"];
    let daemon = Launch::default().camera(&camera).args(&args).env("NOTIFY_SOCKET", &manager.path).start();
    let starting = Named { word: "starting", status: "camera starting", page: "", camera: "" };
    is_named(&daemon, &manager, None, &starting);
    camera.mend();
    let idle = Named { word: "idle", status: "nobody watches, camera stopped", page: "", camera: "" };
    is_named(&daemon, &manager, None, &idle);
    assert_eq!(logged(&daemon, "nobody watches, camera stopped"), 1, "{}", daemon.log.text());
    drop(daemon);

    let manager = Manager::new();
    let camera = Camera::mjpeg();
    let args = ["--idle-timeout", "1", "--idle-fps", "2"];
    let daemon = Launch::default().camera(&camera).args(&args).env("NOTIFY_SOCKET", &manager.path).start();
    let standby = Named {
        word: "standby",
        status: "nobody watches, camera kept running: ",
        page: "standby",
        camera: "video0",
    };
    is_named(&daemon, &manager, None, &standby);
    assert_eq!(logged(&daemon, "camera kept running"), 1, "{}", daemon.log.text());
    drop(daemon);

    // A slow start is waited for, and said to be one.
    let manager = Manager::new();
    let camera = Camera::mjpeg();
    camera.fault("start-delay:6000");
    let args = ["--device-timeout", "1"];
    let daemon = Launch::default().camera(&camera).args(&args).env("NOTIFY_SOCKET", &manager.path).start();
    browser.open(&daemon.url("/"));
    let slow = Named {
        word: "no-signal",
        status: "still no first picture after ",
        page: "no signal",
        camera: "no signal",
    };
    is_named(&daemon, &manager, Some(&browser), &slow);
    assert_eq!(logged(&daemon, "still no first picture"), 1, "{}", daemon.log.text());
}

#[test]
fn a_filter_that_is_down_is_named_beside_the_camera() {
    let manager = Manager::new();
    let args = ["--source", "pattern", "--filter", "sh -c 'sleep 1; exit 7'"];
    let daemon = Launch::default().args(&args).env("NOTIFY_SOCKET", &manager.path).start();
    let words = "sh ended with status 7";
    assert!(within(PATIENCE, || manager.status().contains(words)), "{}", manager.status());
    assert!(manager.status().contains("; filter: "), "{}", manager.status());
    let filter = &state(&daemon)["result"]["mjpegd"]["filter"];
    assert_eq!(filter["state"], "failed", "{filter}");
    assert!(daemon.log.count(words) == 1, "{}", daemon.log.text());
    let browser = Browser::start();
    browser.open(&daemon.url("/"));
    let shown = || {
        let seen = browser.run(
            "return document.getElementById('filter-row').hidden ? '' : document.getElementById('filter').textContent;",
        );
        seen.as_str().unwrap_or_default().to_owned()
    };
    assert!(within(PATIENCE, || shown().starts_with("failed: ") && shown().contains(words)), "{}", shown());
}

#[test]
fn waiting_for_the_network_is_named_before_there_is_a_port() {
    let manager = Manager::new();
    let words = crate::common::daemon::words();
    let mut child = std::process::Command::new(&words[0])
        .args(&words[1..])
        .args(["--config", "/dev/null", "--source", "pattern", "--host", "192.0.2.1", "--port", "18081"])
        .args(["--network-wait", "address"])
        .env("NOTIFY_SOCKET", &manager.path)
        .env_remove("RUST_LOG")
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let told = within(PATIENCE, || manager.status().contains("192.0.2.1 is no address of this machine"));
    let status = manager.status();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told, "{status}");
    assert!(!manager.was_told("READY=1"));
}
