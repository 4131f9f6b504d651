//! Watches the capture thread from outside: while a driver keeps it from coming back, viewers and `/state` are told in its place.
//!
//! Nothing ends such a call: not a signal, and no other thread. Who sends pictures goes on, so that all who look see why there
//! are none, and the capture thread goes on when the driver lets it. systemd's watchdog is for those drivers that never do.

use std::fs::{self, DirEntry};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use log::{info, warn};

use super::Shared;
use super::trouble::notice_after;
use crate::clock::Monotonic;
use crate::config::values::SourceName;
use crate::frame::FramePool;
use crate::jpeg;
use crate::status::State;

/// So long the capture thread is given whatever its last sign of life is: it may have been stopped, and so may we.
const SHORTEST_LOOK: Duration = Duration::from_millis(100);

/// Who sleeps longer than was wanted was stopped, or the machine was busy: then so was the other thread.
const OVERSLEPT: Duration = Duration::from_millis(250);

/// For the daemon's life.
pub fn start(shared: Shared) -> io::Result<()> {
    let guard = Guard { shared, pool: FramePool::new() };
    thread::Builder::new().name("guard".into()).spawn(move || {
        guard.shared.heartbeat.wake_at_begin(thread::current());
        guard.run();
    })?;
    Ok(())
}

/// Whether the capture thread works, or waits for a processor that others keep busy, and not for a driver.
fn is_runnable() -> bool {
    let stat = |task: DirEntry| fs::read_to_string(task.path().join("stat")).ok();
    // Each time: who waits for a driver may look after something now and then.
    (0..3).all(|_| {
        thread::sleep(Duration::from_millis(10));
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        tasks.filter_map(stat).any(|stat| stat.contains("(capture) R "))
    })
}

struct Guard {
    shared: Shared,
    pool: Arc<FramePool>,
}

impl Guard {
    fn run(self) {
        // Before that nobody could show a sign of life.
        let mut awake_since = Monotonic::now();
        while !self.shared.audience.is_closed() {
            let Some(beat) = self.shared.heartbeat.last() else {
                // Woken by the next beat: a camera at rest costs nothing here.
                thread::park();
                continue;
            };
            let source = &self.shared.live.get().source;
            let silent_since = beat.max(awake_since);
            // It may have started by then.
            let soonest = notice_after(source.v4l2.device_timeout, true);
            let wait = soonest.saturating_sub(silent_since.age()).max(SHORTEST_LOOK);
            let begin = Instant::now();
            thread::sleep(wait);
            if begin.elapsed() > wait + OVERSLEPT {
                awake_since = Monotonic::now();
                continue;
            }
            let has_started = self.shared.status.get() != State::Starting;
            let limit = notice_after(source.v4l2.device_timeout, has_started);
            // Other sources wait for programs to end, which they do in their time.
            let hangs = self.is_silent_since(beat) && source.name == SourceName::V4l2;
            if hangs && silent_since.age() >= limit && !is_runnable() {
                self.tell(beat);
            }
        }
    }

    fn is_silent_since(&self, beat: Monotonic) -> bool {
        self.shared.heartbeat.last() == Some(beat) && !self.shared.audience.is_closed()
    }

    /// Until the driver lets the capture thread go.
    fn tell(&self, beat: Monotonic) {
        let Shared { status, heartbeat, latest, live, .. } = &self.shared;
        let device = status.get().running().map(|opened| opened.device.clone());
        let device = device.unwrap_or_else(|| live.get().source.v4l2.device.to_string());
        let silence = (beat.age().as_secs_f64() * 10.0).round() / 10.0;
        let reason = format!(
            "{device}: its driver has not answered for {silence} s and is waited for; if it stays so: another port or cable, \
             `dmesg`, a restart of the machine"
        );
        let state = State::NoSignal(reason.clone());
        warn!("{state}");
        status.set(state);
        let wish = live.get().source.resolution;
        let (width, height) =
            latest.get().map_or((wish.width, wish.height), |frame| (frame.width, frame.height));
        match jpeg::placard("NO SIGNAL", &[&reason], width, height, &self.pool) {
            Ok(frame) => drop(latest.publish(frame)),
            Err(error) => warn!("cannot draw the \"NO SIGNAL\" picture: {error}"),
        }
        // Only now, so that the capture thread takes back all of it.
        heartbeat.miss();
        while self.is_silent_since(beat) {
            thread::sleep(SHORTEST_LOOK);
        }
        info!("{device}: its driver answers again, after {:.1} s", beat.age().as_secs_f64());
    }
}
