//! The log: never a flood, never in the way of a picture, and with the last words in it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;

use crate::common::camera::Camera;
use crate::common::client::{Client, get, state};
use crate::common::daemon::{Daemon, Launch, free_port, words};
use crate::common::stream::Stream;
use crate::common::{PATIENCE, within};

/// Lines of one cause that come through within a minute, in the first minute.
const AT_ONCE: usize = 20;

/// So many lines were told of, but not shown.
fn told(log: &str, about: &str) -> usize {
    let count = |line: &str| {
        let (before, _) = line.split_once(" like this within ")?;
        before.split(' ').rev().nth(2)?.parse::<usize>().ok()
    };
    log.lines().filter(|line| line.contains(about)).filter_map(count).sum()
}

/// Those that were shown.
fn shown(log: &str, about: &str) -> usize {
    log.lines().filter(|line| line.contains(about) && !line.contains(" like this within ")).count()
}

fn end(daemon: &mut Daemon) -> String {
    daemon.signal(Signal::TERM);
    assert!(daemon.wait(PATIENCE).is_some_and(|status| status.success()));
    assert!(within(PATIENCE, || daemon.log.text().contains("stopped\n")), "{}", daemon.log.text());
    // What is told of a flood comes last.
    within(Duration::from_secs(5), || daemon.log.text().contains(" like this within "));
    daemon.log.text()
}

#[test]
fn a_program_that_says_ten_thousand_lines_a_second_is_cut_short_and_counted() {
    const LINES: usize = 30_000;
    // The last line is written when all others have been read, so that it is known when that is.
    let script = format!(
        "i=0; while [ $i -lt {LINES} ]; do echo \"complaint $i\"; i=$((i+1)); done >&2; touch \"$0\"; exec sleep 1000"
    );
    let folder = tempfile::tempdir().unwrap();
    let done = folder.path().join("done");
    let command = shlex::try_join(["sh", "-c", &script, done.to_str().unwrap()]).unwrap();
    let args = ["--source", "command", "--command", &command, "--device-timeout", "300"];
    let mut daemon = Launch::default().args(&args).start();
    assert!(within(PATIENCE, || done.exists()));
    let log = end(&mut daemon);
    assert_eq!(shown(&log, ": complaint "), AT_ONCE, "{log}");
    // The pipe may hold the last of them when the program is ended.
    let told = told(&log, ": complaint ");
    assert!((LINES - AT_ONCE - 10_000..=LINES - AT_ONCE).contains(&told), "{told} told of:\n{log}");
    assert!(log.lines().count() < 60, "{log}");
}

#[test]
fn a_camera_that_comes_and_goes_makes_few_lines() {
    const TIMES: usize = 100;
    let camera = Camera::mjpeg();
    let mut daemon = Daemon::with_camera(&camera, &["--device-error-delay", "0.1", "--idle-timeout", "0"]);
    let comes_to =
        |word: &str| within(PATIENCE, || state(&daemon)["result"]["mjpegd"]["camera"]["state"] == word);
    for round in 0..TIMES {
        assert!(comes_to("online"), "round {round}");
        camera.fault("unplug");
        assert!(comes_to("no-camera"), "round {round}");
        camera.mend();
    }
    assert!(comes_to("online"));
    let log = end(&mut daemon);
    for (about, times) in [("no camera: ", TIMES), (": MJPEG 640x480", TIMES + 1)] {
        let (shown, told) = (shown(&log, about), told(&log, about));
        assert!(shown < AT_ONCE + 10, "{shown} lines:\n{log}");
        assert_eq!(shown + told, times, "{about}:\n{log}");
    }
    assert!(log.lines().count() < 80, "{log}");
}

#[test]
fn whatever_strangers_ask_for_ten_thousand_times_makes_few_lines() {
    let daemon =
        Launch::default().args(&["--source", "pattern", "--user", "me", "--passwd", "secret"]).start();
    let before = daemon.log.text().lines().count();
    let basic = STANDARD.encode("me:wrong");
    let requests: [String; 5] = [
        format!("GET /state HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {basic}\r\n\r\n"),
        "GET /state HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer nonsense\r\n\r\n".to_owned(),
        "BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "\u{1}\u{2}\u{3} not HTTP at all\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000)),
    ];
    for number in 0..10_000 {
        let mut socket = TcpStream::connect(daemon.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        // It may be refused before it is read.
        let _ = socket.write_all(requests[number % requests.len()].as_bytes());
        if number % 3 > 0 {
            let _ = socket.read(&mut [0; 16]);
        }
    }
    let mut daemon = daemon;
    let log = end(&mut daemon);
    let lines = log.lines().count() - before;
    assert!(lines < 80, "{lines} lines:\n{log}");
}

#[test]
fn what_is_asked_for_is_not_limited() {
    let mut daemon = Daemon::with_pattern(&["--access-log"]);
    for _ in 0..200 {
        assert_eq!(get(&daemon, "/healthz").head.status(), 200);
    }
    let log = end(&mut daemon);
    assert_eq!(log.lines().filter(|line| line.contains("GET /healthz")).count(), 200);
}

/// A daemon with a log that nobody reads until somebody takes it.
struct Stuck {
    child: Child,
    port: u16,
}

impl Stuck {
    fn start(stderr: Stdio, args: &[&str]) -> Self {
        let (words, port) = (words(), free_port());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["--config", "/dev/null", "--source", "pattern"]);
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]).args(args);
        command.env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET").env_remove("JOURNAL_STREAM");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let stuck = Self { child, port };
        assert!(within(PATIENCE, || TcpStream::connect(stuck.address()).is_ok()), "it does not listen");
        stuck
    }

    fn address(&self) -> (&'static str, u16) {
        ("127.0.0.1", self.port)
    }

    /// A line in the access log, and its answer.
    fn ask(&self) -> String {
        let mut socket = TcpStream::connect(self.address()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = "GET /state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    fn ended(&mut self, within_time: Duration) -> bool {
        within(within_time, || self.child.try_wait().unwrap().is_some())
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_no_picture_and_says_later_what_is_missing() {
    const REQUESTS: usize = 3000;
    let mut stuck = Stuck::start(Stdio::piped(), &["--access-log"]);
    // More than a pipe holds, and than may wait.
    for _ in 0..REQUESTS {
        assert!(stuck.ask().starts_with("HTTP/1.1 200"));
    }
    let mut socket = TcpStream::connect(stuck.address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut bytes = vec![0; 100_000];
    for _ in 0..10 {
        socket.read_exact(&mut bytes).expect("pictures go on");
    }
    drop(socket);
    // From now on somebody reads.
    let mut reader = stuck.child.stderr.take().unwrap();
    let follow = std::thread::spawn(move || {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    });
    assert!(stuck.ask().starts_with("HTTP/1.1 200"));
    stuck.signal(Signal::TERM);
    assert!(stuck.ended(PATIENCE));
    let log = follow.join().unwrap();
    assert!(log.ends_with("stopped\n"), "{log}");
    let missing = |line: &str| {
        let (before, _) = line.split_once(" missing here: nobody took what was logged")?;
        before.split(' ').rev().nth(2)?.trim_end().parse::<usize>().ok()
    };
    let missing: usize = log.lines().filter_map(missing).sum();
    let asked = log.lines().filter(|line| line.contains("GET /state")).count();
    assert!(missing > 0 && asked < REQUESTS, "{missing} missing, {asked} there");
    // And the line of the stream.
    let streams = log.lines().filter(|line| line.contains("GET /stream")).count();
    // Among those that are missing may be some of another kind.
    let told = missing + asked + streams;
    assert!((REQUESTS + 2..REQUESTS + 6).contains(&told), "{missing} missing, {asked} there");
}

#[test]
fn a_log_that_nobody_ever_reads_does_not_keep_the_daemon_from_ending() {
    let mut stuck = Stuck::start(Stdio::piped(), &["--access-log"]);
    for _ in 0..2000 {
        stuck.ask();
    }
    stuck.signal(Signal::TERM);
    assert!(stuck.ended(PATIENCE), "it waits for whoever reads its log");
    assert!(stuck.child.wait().unwrap().success());
}

#[test]
fn a_log_that_is_closed_is_no_trouble() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    for stderr in [Stdio::piped(), full.into()] {
        let mut stuck = Stuck::start(stderr, &["--access-log"]);
        // Whoever has read it does so no longer.
        drop(stuck.child.stderr.take());
        for _ in 0..100 {
            assert!(stuck.ask().starts_with("HTTP/1.1 200"));
        }
        let ticks = |stuck: &Stuck| {
            let tasks = std::fs::read_dir(format!("/proc/{}/task", stuck.child.id())).unwrap();
            let log = tasks.map(|task| task.unwrap().path()).find(|task| {
                std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "log")
            });
            let stat = std::fs::read_to_string(log.expect("a thread for the log").join("stat")).unwrap();
            let fields = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
            fields.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>()
        };
        let before = ticks(&stuck);
        std::thread::sleep(Duration::from_secs(1));
        assert!(ticks(&stuck) <= before + 1, "it spins");
        stuck.signal(Signal::TERM);
        assert!(stuck.ended(PATIENCE));
    }
}

#[test]
fn nothing_is_lost_at_the_end_whether_in_order_or_by_an_error() {
    for _ in 0..10 {
        let mut daemon = Daemon::with_pattern(&[]);
        daemon.signal(Signal::TERM);
        assert!(daemon.wait(PATIENCE).is_some());
        assert!(daemon.log.wait_for("stopped", PATIENCE).is_some(), "{}", daemon.log.text());
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let words = words();
    for _ in 0..10 {
        let output = Command::new(&words[0])
            .args(&words[1..])
            .args(["--config", "/dev/null", "--source", "pattern", "--host", "127.0.0.1", "--port", &port])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("cannot listen on 127.0.0.1:"), "{said}");
    }
}

#[test]
fn the_last_lines_are_had_by_those_who_may_change_things_and_by_nobody_else() {
    let daemon = Daemon::with_pattern(&["--access-log"]);
    // A line in the log of a request that is of no use to anybody later.
    get(&daemon, "/healthz");
    let log = get(&daemon, "/api/v1/log");
    assert_eq!(log.head.status(), 200, "{}", log.text());
    let log: serde_json::Value = serde_json::from_slice(&log.body).unwrap();
    let lines: Vec<_> = log["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(lines.iter().any(|line| line.contains(" INFO  listening on http://")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("GET /healthz")), "{lines:?}");
    let foreign = "GET /api/v1/log HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n";
    let mut client = Client::connect(&daemon);
    client.send(foreign.as_bytes());
    assert_eq!(client.answer().head.status(), 403);
    let daemon = Daemon::with_pattern(&["--anonymous", "view"]);
    assert_eq!(get(&daemon, "/api/v1/log").head.status(), 403);
    assert_eq!(get(&daemon, "/api/v1/state").head.status(), 200);
    let daemon = Daemon::with_pattern(&["--user", "me", "--passwd", "secret"]);
    assert_eq!(get(&daemon, "/api/v1/log").head.status(), 401);
}

#[test]
fn pictures_go_on_while_the_journal_stands_still() {
    // What the journal is to a service: a socket's other end, that of a program which has been stopped.
    let (theirs, ours) = std::os::unix::net::UnixStream::pair().unwrap();
    let stuck = Stuck::start(std::os::fd::OwnedFd::from(ours).into(), &["--access-log"]);
    for _ in 0..3000 {
        assert!(stuck.ask().starts_with("HTTP/1.1 200"));
    }
    drop(theirs);
    assert!(stuck.ask().starts_with("HTTP/1.1 200"));
}

#[test]
fn a_viewer_has_his_pictures_while_the_log_is_flooded() {
    let script = "while :; do echo noise; done >&2";
    let command = shlex::try_join(["sh", "-c", script]).unwrap();
    let config = format!("[[push]]\nto = \"command\"\ncommand = {command:?}\n");
    let daemon = Launch::default().args(&["--source", "pattern"]).config(&config).start();
    assert!(daemon.log.wait_for("noise", PATIENCE).is_some());
    let mut stream = Stream::open(&daemon, "/stream");
    (0..30).for_each(|_| drop(stream.next()));
    assert_eq!(shown(&daemon.log.text(), "sh: noise"), AT_ONCE);
}
