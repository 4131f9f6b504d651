//! Clients that are slow, broken or hostile: a good viewer beside them keeps its pictures, and the daemon its memory.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mjpegd::clock::Monotonic;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use socket2::{Domain, SockRef, Socket, Type};

use crate::common::client::Client;
use crate::common::wire::Wire;
use crate::eye::{Eye, Habit};
use crate::parts::counted;
use crate::row::{Group, Row};
use crate::stage::{LIVE_WITHIN, Round, SOON, Stage};
use crate::subject;

const MAX_RSS_KIB: u64 = 32 * 1024;
const FPS: u64 = 30;
/// How long the good viewer is watched beside them.
const WATCHED: Duration = Duration::from_secs(2);
const ASK: &[u8] = b"GET /stream HTTP/1.1\r\nHost: camera\r\n\r\n";
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const TLS_HELLO: &[u8] = &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

pub fn rows() -> Vec<Row> {
    vec![
        row("200 clients that send a head, a byte at a time", slow_heads),
        row("a head without an end", endless_head),
        row("20 viewers that read 400 kB/s", slow_viewers),
        row("100 viewers that never read", never_reading),
        row("300 connections reset in the middle of a picture", resets),
        row("200 connections where 50 are allowed", over_the_limit).with("[http]\nmax-connections = 50\n"),
        // The test camera opens a file for each JPEG, and draws raw pictures without one.
        row("all descriptors used up (EMFILE), a raw camera", no_descriptors).on(|| subject::camera("YUYV")),
        row("1000 requests on one connection, none waiting for its answer", pipelined),
        row("20 clients that ask for 10 snapshots each, at once", snapshots),
        row("TLS hellos and HTTP/2 prefaces on the plain port, 100 each", other_protocols),
    ]
}

fn row(what: &'static str, act: impl Fn(&mut Stage) -> Result<Round> + Send + Sync + 'static) -> Row {
    Row::new(Group::Viewers, what, act).times(5)
}

fn connect(address: SocketAddr, words: &[u8]) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_recv_buffer_size(4096)?;
    socket.connect(&address.into())?;
    let mut socket: TcpStream = socket.into();
    // Who is turned away at once may find that nobody reads.
    let _ = socket.write_all(words);
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn many(stage: &Stage, count: usize, words: &[u8]) -> Result<Vec<TcpStream>> {
    (0..count).map(|_| connect(stage.subject.daemon.address, words)).collect()
}

/// The good viewer has its pictures since the moment, and the daemon no more memory than it may have.
fn unharmed(stage: &Stage, since: Monotonic, lost_before: u64) -> Result<()> {
    let taken = since.age().as_millis() as u64 * FPS / 1000;
    let lost = stage.subject.frames("lost_by_driver") - lost_before;
    let sight = stage.eye.sight();
    let parts = || sight.parts.iter().filter(|seen| seen.at > since);
    let (expected, got) = match counted(parts()) {
        // Raw pictures come without a number, and at the camera's rate.
        (0, _) => (taken, parts().count() as u64),
        counted => counted,
    };
    let missed = expected.saturating_sub(got).saturating_sub(lost);
    let excused = stage.lateness.forgives(since).as_millis() as u64 * FPS / 1000 + 1;
    ensure!(missed <= expected / 30 + excused, "the good viewer missed {missed} of {expected} pictures");
    ensure!(got + excused > taken / 2, "the good viewer got {got} pictures where the camera takes {taken}");
    ensure!(parts().all(|seen| seen.live != Some(false)), "a placard");
    let rss = stage.subject.vitals()?.rss_kib;
    ensure!(rss <= MAX_RSS_KIB, "RSS is {rss} KiB, more than {MAX_RSS_KIB}");
    Ok(())
}

/// Watches the good viewer while `beside` goes on; what it returns is dropped behind.
fn beside<T>(stage: &mut Stage, beside: impl FnOnce(&Stage) -> Result<T>) -> Result<Round> {
    let (begun, lost) = (Monotonic::now(), stage.subject.frames("lost_by_driver"));
    let held = beside(stage)?;
    stage.hold(WATCHED)?;
    drop(held);
    unharmed(stage, begun, lost)?;
    Ok(Round { saw: "live throughout".to_owned(), ..Round::default() })
}

/// How long somebody who comes now waits for a live picture.
fn newcomer(stage: &Stage) -> Result<Duration> {
    let came = Monotonic::now();
    let eye = Eye::open(&stage.subject.tcp(), Habit { headers: true, slow: None })?;
    stage.wait("a newcomer's live picture", came, LIVE_WITHIN, |_| eye.first(true, came).is_some())
}

fn slow_heads(stage: &mut Stage) -> Result<Round> {
    beside(stage, |stage| {
        let mut sockets = many(stage, 200, b"G")?;
        for byte in b"ET /str" {
            for socket in &mut sockets {
                socket.write_all(&[*byte])?;
            }
            stage.hold(Duration::from_millis(100))?;
        }
        Ok(sockets)
    })
}

fn endless_head(stage: &mut Stage) -> Result<Round> {
    beside(stage, |stage| {
        let mut socket = TcpStream::connect(stage.subject.daemon.address)?;
        socket.set_read_timeout(Some(SOON))?;
        socket.write_all(b"GET / HTTP/1.1\r\n")?;
        // 64 kB, of which it reads what it has to.
        let _ = (0..1000)
            .try_for_each(|_| socket.write_all(&[b"X-Long: ", [b'a'; 54].as_slice(), b"\r\n"].concat()));
        let mut answer = [0; 12];
        let read = socket.read(&mut answer);
        ensure!(
            read.is_err() || answer.starts_with(b"HTTP/1.1 431"),
            "it is answered {:?}",
            String::from_utf8_lossy(&answer)
        );
        Ok(())
    })
}

fn slow_viewers(stage: &mut Stage) -> Result<Round> {
    beside(stage, |stage| {
        let habit = Habit { headers: false, slow: Some(400_000) };
        (0..20).map(|_| Eye::open(&stage.subject.tcp(), habit)).collect::<Result<Vec<_>>>()
    })
}

fn never_reading(stage: &mut Stage) -> Result<Round> {
    beside(stage, |stage| many(stage, 100, ASK))
}

fn resets(stage: &mut Stage) -> Result<Round> {
    beside(stage, |stage| {
        for _ in 0..6 {
            let sockets = many(stage, 50, ASK)?;
            stage.hold(Duration::from_millis(100))?;
            for socket in &sockets {
                SockRef::from(socket).set_linger(Some(Duration::ZERO))?;
            }
        }
        Ok(())
    })
}

fn over_the_limit(stage: &mut Stage) -> Result<Round> {
    let round = beside(stage, |stage| many(stage, 200, ASK))?;
    Ok(Round { live: Some(newcomer(stage)?), ..round })
}

fn no_descriptors(stage: &mut Stage) -> Result<Round> {
    let pid = i32::try_from(stage.subject.daemon.pid()).ok().and_then(Pid::from_raw);
    let before = getrlimit(Resource::Nofile);
    let few = Rlimit { current: Some(stage.subject.vitals()?.fds + 5), maximum: before.maximum };
    let (begun, lost) = (Monotonic::now(), stage.subject.frames("lost_by_driver"));
    let cpu = stage.subject.vitals()?.cpu;
    prlimit(pid, Resource::Nofile, few).context("prlimit")?;
    let held = many(stage, 40, ASK);
    stage.hold(WATCHED)?;
    let spent = stage.subject.vitals()?.cpu - cpu;
    prlimit(pid, Resource::Nofile, Rlimit { current: before.maximum, maximum: before.maximum })?;
    drop(held?);
    ensure!(spent < WATCHED / 2, "it spins: {spent:?} of the processor in {WATCHED:?}");
    unharmed(stage, begun, lost)?;
    Ok(Round { live: Some(newcomer(stage)?), saw: "live throughout".to_owned(), placard: None })
}

fn pipelined(stage: &mut Stage) -> Result<Round> {
    beside(stage, |stage| {
        let mut client = Client::over(Wire::Tcp(TcpStream::connect(stage.subject.daemon.address)?));
        for _ in 0..10 {
            (0..100).for_each(|_| client.ask("GET", "/healthz", ""));
            for _ in 0..100 {
                ensure!(client.answer().head.status() == 200, "a request is not answered");
            }
        }
        Ok(())
    })
}

fn snapshots(stage: &mut Stage) -> Result<Round> {
    beside(stage, |stage| {
        std::thread::scope(|scope| {
            let address = stage.subject.daemon.address;
            let ask = move || -> Result<()> {
                let mut client = Client::over(Wire::Tcp(TcpStream::connect(address)?));
                for _ in 0..10 {
                    let answer = client.get("/snapshot");
                    ensure!(
                        answer.head.status() == 200,
                        "a snapshot is answered with {}",
                        answer.head.status()
                    );
                    ensure!(answer.body.ends_with(&[0xff, 0xd9]), "a snapshot is cut off");
                }
                Ok(())
            };
            let clients: Vec<_> = (0..20).map(|_| scope.spawn(ask)).collect();
            clients
                .into_iter()
                .try_for_each(|client| client.join().unwrap_or_else(|_| anyhow::bail!("no snapshot")))
        })
    })
}

fn other_protocols(stage: &mut Stage) -> Result<Round> {
    beside(stage, |stage| Ok((many(stage, 100, TLS_HELLO)?, many(stage, 100, HTTP2_PREFACE)?)))
}
