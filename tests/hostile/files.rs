//! No more files can be opened: whoever is there goes on, whoever comes is told, and it mends itself.

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::*;
use crate::common::client::Client;

/// From now on the daemon may have so many open.
fn limit_files(daemon: &Daemon, files: usize) {
    let pid = Pid::from_raw(i32::try_from(daemon.pid()).unwrap());
    let limit = Rlimit { current: Some(files as u64), maximum: Some(20_000.max(files as u64)) };
    let before = prlimit(pid, Resource::Nofile, Rlimit { maximum: hard_limit(), ..limit });
    before.unwrap();
}

fn hard_limit() -> Option<u64> {
    rustix::process::getrlimit(Resource::Nofile).maximum
}

/// Processor time that it has had.
fn processor_time(daemon: &Daemon) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

#[test]
fn when_no_more_files_can_be_opened_viewers_go_on_and_who_comes_is_told() {
    let camera = camera();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let kept = folder.path().join("state.toml");
    // One loop, so that there are enough on it to be sent a copy in the kernel, which is a file for each picture.
    let daemon = daemon(&camera, "", &["--http-threads", "1", "--state-file", kept.to_str().unwrap()]);
    while_watched("files used up", &daemon, || {
        let mut crowd: Vec<_> = (0..12).map(|_| Stream::open(&daemon, "/stream")).collect();
        crowd.iter_mut().for_each(|one| drop(one.next()));
        let mut inside = Client::connect(&daemon);
        assert_eq!(inside.get("/healthz").head.status(), 200);
        limit_files(&daemon, 1);
        // Told in their turn, though each of them waits for a file that is not there.
        for _ in 0..50 {
            let answer = exchange(daemon.address, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
            assert!([vec![503], vec![]].contains(&statuses(&answer)), "{:?}", statuses(&answer));
        }
        // Some that hang on while they wait.
        let waiting: Vec<_> = (0..20).map(|_| TcpStream::connect(daemon.address).unwrap()).collect();
        let (begun, before) = (Instant::now(), processor_time(&daemon));
        for one in &mut crowd {
            let first = one.next().marker().unwrap().sequence;
            let last = (0..10).map(|_| one.next().marker().unwrap().sequence).last().unwrap();
            assert!(last > first);
        }
        while begun.elapsed() < Duration::from_secs(2) {
            crowd.iter_mut().for_each(|one| drop(one.next()));
        }
        let busy = (processor_time(&daemon) - before).as_secs_f64() / begun.elapsed().as_secs_f64();
        // A loop that spins would have a processor for itself.
        assert!(busy < 0.6, "{:.0} % of a processor", busy * 100.0);
        // What needs a file says that it has none.
        let save = "Content-Type: application/json\r\nContent-Length: 0\r\n";
        inside.ask("POST", "/api/v1/actions/save", save);
        let answer = inside.answer();
        assert_eq!(answer.head.status(), 500, "{}", answer.text());
        assert!(answer.text().contains("state.toml"), "{}", answer.text());
        assert_eq!(inside.get("/metrics").head.status(), 200);
        drop(waiting);
        limit_files(&daemon, 1024);
        let is_served = || statuses(&exchange(daemon.address, b"GET /healthz HTTP/1.0\r\n\r\n")) == [200];
        assert!(within(PATIENCE, is_served), "{}", daemon.log.text());
        inside.ask("POST", "/api/v1/actions/save", save);
        assert_eq!(inside.answer().head.status(), 200);
    });
    assert!(refused(&daemon, "open_files") >= 50);
    assert_eq!(daemon.log.count("cannot accept connections for now"), 1, "{}", daemon.log.text());
    assert_eq!(daemon.log.count("accepting connections again"), 1, "{}", daemon.log.text());
}
