//! What systemd is told (`sd_notify(3)`). Without systemd nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// The port answers.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// A sentence for `systemctl status`.
pub fn status(text: &str) {
    // A line break would end the message.
    tell(&[NotifyState::Status(&text.replace(['\n', '\r'], " "))]);
}

/// A sentence for `systemctl status`, and that the start may take so much longer.
pub fn waiting(text: &str, longer: Duration) {
    let microseconds = u32::try_from(longer.as_micros()).unwrap_or(u32::MAX);
    status(text);
    tell(&[NotifyState::ExtendTimeoutUsec(microseconds)]);
}

/// The settings are read again, until [`ready`]. The time tells systemd which of several it was.
pub fn reloading() {
    let now = NotifyState::monotonic_usec_now();
    tell(&[Some(NotifyState::Reloading), now.ok()].into_iter().flatten().collect::<Vec<_>>());
}

pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Still alive.
pub fn watchdog() {
    tell(&[NotifyState::Watchdog]);
}

/// `WatchdogSec=` of the unit; `None`: no watchdog.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::debug!("sd_notify: {error}");
    }
}
