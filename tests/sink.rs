//! Frames in shared memory, as the examples in Python, C and Rust read them, and `mjpegd frames`.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

#[path = "../examples/shared-memory/latest.rs"]
#[allow(dead_code)]
mod example;

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use common::camera::Camera;
use common::client::{get, state};
use common::daemon::{Daemon, words};
use common::stream::Stream;
use common::{PATIENCE, picture, within};
use mjpegd::jpeg::splitter::Splitter;
use rustix::process::{Pid, Signal, kill_process};

/// A name that no other test has.
fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("mjpegd-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn object(name: &str) -> PathBuf {
    Path::new("/dev/shm").join(name)
}

/// Many small pictures a second, and nobody watches for long.
fn daemon(name: &str) -> Daemon {
    let args = ["--sink", name, "--desired-fps", "120", "--resolution", "320x240", "--idle-timeout", "1"];
    Daemon::with_pattern(&args)
}

fn word(daemon: &Daemon) -> String {
    state(daemon)["result"]["mjpegd"]["camera"]["state"].as_str().unwrap().to_owned()
}

fn comes_to(daemon: &Daemon, wanted: &str) -> bool {
    within(PATIENCE, || word(daemon) == wanted)
}

fn count(daemon: &Daemon, counter: &str) -> u64 {
    state(daemon)["result"]["mjpegd"]["frames"][counter].as_u64().unwrap()
}

fn examples() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("examples/shared-memory")
}

fn mjpegd_frames(args: &[&str]) -> Command {
    let words = words();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["frames", "--config", "/dev/null"]).args(args).env_remove("RUST_LOG");
    command
}

/// The example in C, built into this folder.
fn in_c(folder: &Path, name: &str) -> Command {
    let program = folder.join("latest");
    if !program.exists() {
        let mut compiler = Command::new("cc");
        compiler.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program);
        let built = compiler.arg(examples().join("latest.c")).status();
        assert!(built.expect("a C compiler is installed").success());
    }
    let mut command = Command::new(program);
    command.arg(name);
    command
}

/// The example in Python, as a program of two lines uses it.
fn in_python(name: &str) -> Command {
    let program = "import sys\n\
                   from mjpegd_latest import latest\n\
                   with latest(sys.argv[1]) as frames:\n    \
                   for frame in frames:\n        \
                   print(f'{frame.number}:', file=sys.stderr)\n        \
                   sys.stdout.buffer.write(frame.jpeg)\n        \
                   sys.stdout.flush()\n";
    let mut command = Command::new("python3");
    command.args(["-c", program, name]).env("PYTHONPATH", examples());
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A program that writes frames, and on its standard error, where it says so, a number at each line's begin.
struct Reader {
    child: Child,
    pictures: Receiver<Vec<u8>>,
    numbers: Receiver<u64>,
}

impl Reader {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let (picture, pictures) = mpsc::channel();
        let (number, numbers) = mpsc::channel();
        thread::spawn(move || {
            let mut splitter = Splitter::new(1 << 20);
            while splitter.read_from(&mut out).is_ok_and(|count| count > 0) {
                while let Some(jpeg) = splitter.next_picture() {
                    let _ = picture.send(jpeg.to_vec());
                }
            }
            // What is torn is no picture, and would not be seen otherwise.
            assert_eq!(splitter.take_dropped(), 0, "a frame is broken");
        });
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                match line.split(':').next().unwrap().parse() {
                    Ok(read) => drop(number.send(read)),
                    Err(_) => eprintln!("{line}"),
                }
            }
        });
        Self { child, pictures, numbers }
    }

    /// So many that come from now on are pictures.
    fn sees(&self, count: usize) {
        while self.pictures.try_recv().is_ok() {}
        for _ in 0..count {
            let jpeg = self.pictures.recv_timeout(PATIENCE).expect("the next frame");
            assert_eq!(picture::decode(&jpeg).width, 320);
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id().try_into().unwrap()).unwrap(), signal).unwrap();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn readers_in_every_language_see_whole_pictures_in_their_order() {
    let (name, folder) = (name(), tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
    let _daemon = daemon(&name);
    let readers = [in_c(folder.path(), &name), in_python(&name), mjpegd_frames(&["--sink", &name])];
    let readers = readers.map(Reader::start);
    let mut example = example::Memory::open(&object(&name)).unwrap();
    let mut last = 0;
    let mut seen = 0;
    assert!(within(PATIENCE, || {
        while let Some(frame) = example.wait_for_frame().unwrap() {
            assert_eq!(picture::decode(&frame.jpeg).width, frame.width as usize);
            assert!(frame.number > last, "{} behind {last}", frame.number);
            (last, seen) = (frame.number, seen + 1);
            if seen > 200 {
                break;
            }
        }
        seen > 200
    }));
    for reader in &readers {
        reader.sees(100);
        let numbers: Vec<_> = reader.numbers.try_iter().collect();
        assert!(numbers.windows(2).all(|two| two[0] < two[1]), "{numbers:?}");
    }
}

#[test]
fn readers_go_on_when_the_daemon_is_started_again_or_killed() {
    let (name, folder) = (name(), tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
    // Before there is anything to read.
    let readers = [in_c(folder.path(), &name), in_python(&name), mjpegd_frames(&["--sink", &name])];
    let readers = readers.map(Reader::start);
    for (signal, is_left) in [(Signal::TERM, false), (Signal::KILL, true), (Signal::TERM, false)] {
        let mut daemon = daemon(&name);
        readers.iter().for_each(|reader| reader.sees(5));
        daemon.signal(signal);
        daemon.wait(PATIENCE).unwrap();
        assert_eq!(object(&name).exists(), is_left, "{signal:?}");
    }
}

#[test]
fn a_reader_that_is_stopped_holds_up_nobody() {
    let (name, folder) = (name(), tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
    let daemon = daemon(&name);
    let readers: Vec<_> = (0..2).map(|_| Reader::start(in_c(folder.path(), &name))).collect();
    readers.iter().for_each(|reader| reader.sees(5));
    for _ in 0..5 {
        readers[0].signal(Signal::STOP);
        let written = count(&daemon, "sink_written");
        readers[1].sees(20);
        assert!(within(PATIENCE, || count(&daemon, "sink_written") > written + 20));
        readers[0].signal(Signal::CONT);
        readers[0].sees(5);
    }
}

#[test]
fn the_camera_rests_while_nobody_reads_and_runs_for_a_reader() {
    let (name, folder) = (name(), tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
    let daemon = daemon(&name);
    assert!(comes_to(&daemon, "idle"));
    for _ in 0..2 {
        let reader = Reader::start(in_c(folder.path(), &name));
        reader.sees(5);
        assert_eq!(word(&daemon), "online");
        // It has no time to say that it goes.
        reader.signal(Signal::KILL);
        assert!(comes_to(&daemon, "idle"));
    }
}

#[test]
fn a_second_daemon_with_the_same_sink_is_refused_and_changes_nothing() {
    let name = name();
    let mut first = daemon(&name);
    let words = words();
    let mut second = Command::new(&words[0]);
    second.args(&words[1..]).args(["--config", "/dev/null", "--source", "pattern", "--port", "0", "--sink"]);
    let output = second.arg(&name).env_remove("RUST_LOG").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("another process writes it"), "{told}");
    Reader::start(in_python(&name)).sees(5);
    first.signal(Signal::TERM);
    assert_eq!(first.wait(PATIENCE).unwrap().code(), Some(0));
    assert!(!object(&name).exists());
}

#[test]
fn frames_that_are_too_large_are_left_out_and_counted() {
    let name = name();
    let camera = Camera::mjpeg().film(640, 480, 255);
    let daemon = Daemon::with_camera(&camera, &["--sink", &name, "--sink-max-bytes", "65536"]);
    let length = get(&daemon, "/snapshot").body.len();
    assert!(length > 65_536, "too short to be too large: {length} bytes");
    assert!(daemon.log.wait_for("the sink leaves out frames", PATIENCE).is_some());
    Stream::open(&daemon, "/stream").next();
    assert!(within(PATIENCE, || count(&daemon, "sink_dropped") > 3));
    assert_eq!(daemon.log.count("the sink leaves out frames"), 1);
    let metrics = get(&daemon, "/metrics").text();
    assert!(metrics.contains("\nmjpegd_sink_dropped_total "), "{metrics}");
}

#[test]
fn what_stands_for_a_camera_that_is_gone_says_so() {
    let name = name();
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &["--sink", &name, "--sink-mode", "664"]);
    let mode = std::fs::metadata(object(&name)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "nobody else ever writes");
    let mut reader = example::Memory::open(&object(&name)).unwrap();
    let mut sees =
        |live| within(PATIENCE, || reader.wait_for_frame().unwrap().is_some_and(|frame| frame.live == live));
    assert!(sees(true));
    camera.fault("unplug");
    assert!(sees(false), "{}", daemon.log.text());
    camera.mend();
    assert!(sees(true));
}

fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn one_frame_or_some_come_to_the_command_line() {
    let name = name();
    let daemon = daemon(&name);
    assert!(comes_to(&daemon, "idle"), "so that it has to be woken");
    let port = daemon.address.port().to_string();
    let url = daemon.url("/stream");
    for (from, args) in [("sink", ["--sink", &name]), ("port", ["--port", &port]), ("url", ["--url", &url])] {
        let output = run(mjpegd_frames(&[&args[..], &["--latest"]].concat()));
        assert_eq!(output.status.code(), Some(0), "{from}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(picture::decode(&output.stdout).width, 320, "{from}");
        let output = run(mjpegd_frames(&[&args[..], &["--count", "3"]].concat()));
        let mut splitter = Splitter::new(1 << 20);
        splitter.push(&output.stdout);
        let pictures = std::iter::from_fn(|| splitter.next_picture().map(drop));
        assert_eq!(pictures.count(), 3, "{from}");
    }
}

#[test]
fn a_reader_that_leaves_the_pipe_ends_the_frames_in_silence() {
    let name = name();
    let _daemon = daemon(&name);
    let mut command = mjpegd_frames(&["--sink", &name]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 1000]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn without_a_daemon_or_a_camera_the_command_says_so_and_fails() {
    let port = common::daemon::free_port().to_string();
    let missing = run(mjpegd_frames(&["--port", &port, "--latest"]));
    assert_eq!((missing.status.code(), missing.stdout.len()), (Some(1), 0));
    let told = String::from_utf8(missing.stderr).unwrap();
    assert!(told.contains(&format!("http://127.0.0.1:{port}/snapshot")), "{told}");
    let name = name();
    let _daemon = Daemon::with_pattern(&["--sink", &name, "--source", "v4l2", "--device", "/dev/nowhere"]);
    let silent = run(mjpegd_frames(&["--sink", &name, "--latest"]));
    assert_eq!((silent.status.code(), silent.stdout.len()), (Some(1), 0));
    let told = String::from_utf8(silent.stderr).unwrap();
    assert!(told.contains("no live picture for"), "{told}");
}
