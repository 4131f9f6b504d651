//! No more files can be opened: whoever is there goes on, whoever comes is told, and it mends itself.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::*;
use crate::common::client::Client;

/// From now on the daemon's files have numbers below this.
fn limit_files(daemon: &Daemon, files: u64) {
    let pid = Pid::from_raw(i32::try_from(daemon.pid()).unwrap());
    let maximum = getrlimit(Resource::Nofile).maximum;
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(files), maximum }).unwrap();
}

/// Takes away what the daemon could still open.
fn use_up_files(daemon: &Daemon) -> Vec<TcpStream> {
    let files = std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).unwrap();
    let numbers = files.map(|file| file.unwrap().file_name().to_str().unwrap().parse::<u64>().unwrap());
    limit_files(daemon, numbers.max().unwrap() + 1);
    let (mut held, mut refused) = (Vec::new(), 0);
    // Numbers of files that were closed are free, and for a while that of a picture: until nobody gets in for some of them.
    while refused < 20 {
        assert!(held.len() < 1500, "as many files as before");
        let mut socket = TcpStream::connect(daemon.address).unwrap();
        let _ = socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut answer = [0; 200];
        match socket.read(&mut answer) {
            Ok(count) if answer[..count].starts_with(b"HTTP/1.1 200") => {
                held.push(socket);
                refused = 0;
            }
            _ => {
                refused += 1;
                thread::sleep(Duration::from_millis(50));
            }
        }
    }
    held
}

/// Processor time that it has had.
fn processor_time(daemon: &Daemon) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn frames(client: &mut Client) -> (u64, u64) {
    let state: Value = serde_json::from_slice(&client.get("/api/v1/state").body).unwrap();
    let count = |name: &str| state["frames"][name].as_u64().unwrap();
    (count("published"), count("skipped_for_slow_viewers"))
}

#[test]
fn when_no_more_files_can_be_opened_viewers_go_on_and_who_comes_is_told() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let kept = folder.path().join("state.toml");
    // The test camera opens files itself. One loop, so that there are enough on it to be sent a copy in the kernel, which is a
    // file for each picture.
    let args =
        ["--source", "pattern", "--resolution", "320x240", "--desired-fps", "5", "--http-threads", "1"];
    let daemon = Launch::default().args(&args).args(&["--state-file", kept.to_str().unwrap()]).start();
    let mut crowd: Vec<_> = (0..12).map(|_| Stream::open(&daemon, "/stream")).collect();
    crowd.iter_mut().for_each(|one| drop(one.next()));
    let mut inside = Client::connect(&daemon);
    assert_eq!(inside.get("/healthz").head.status(), 200);
    let held = use_up_files(&daemon);
    let (published, skipped) = frames(&mut inside);
    // Told in their turn, though each of them waits for a file that is not there.
    for _ in 0..50 {
        let answer = exchange(daemon.address, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!([vec![503], vec![]].contains(&statuses(&answer)), "{:?}", statuses(&answer));
    }
    let (begun, before) = (Instant::now(), processor_time(&daemon));
    let mut rounds = 0;
    while begun.elapsed() < Duration::from_secs(3) {
        crowd.iter_mut().for_each(|one| drop(one.next()));
        // Somebody always knocks.
        drop(TcpStream::connect(daemon.address));
        rounds += 1;
    }
    let busy = (processor_time(&daemon) - before).as_secs_f64() / begun.elapsed().as_secs_f64();
    // A loop that spins would have a processor for itself.
    assert!(busy < 0.7, "{:.0} % of a processor", busy * 100.0);
    let (published, skipped) = (frames(&mut inside).0 - published, frames(&mut inside).1 - skipped);
    assert!(
        rounds >= 10 && skipped <= published / 30 + 12,
        "{rounds} rounds, {skipped} of {published} skipped"
    );
    // What needs a file says that it has none.
    let save = "Content-Length: 0\r\n";
    inside.ask("POST", "/api/v1/actions/save", save);
    let answer = inside.answer();
    assert_eq!(answer.head.status(), 500, "{}", answer.text());
    assert!(answer.text().contains("state.toml"), "{}", answer.text());
    assert_eq!(inside.get("/metrics").head.status(), 200);
    limit_files(&daemon, 1024);
    let is_served = || statuses(&exchange(daemon.address, b"GET /healthz HTTP/1.0\r\n\r\n")) == [200];
    assert!(within(PATIENCE, is_served), "{}", daemon.log.text());
    inside.ask("POST", "/api/v1/actions/save", save);
    assert_eq!(inside.answer().head.status(), 200);
    drop(held);
    assert!(refused(&daemon, "open_files") >= 50);
    assert_eq!(daemon.log.count("cannot accept connections for now"), 1, "{}", daemon.log.text());
    assert_eq!(daemon.log.count("accepting connections again"), 1, "{}", daemon.log.text());
}
