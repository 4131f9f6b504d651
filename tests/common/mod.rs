//! What the black-box tests share: the shipped binary, a camera for it, and clients that read every byte.

// Each test file is a program of its own, which uses its part of this.
#![allow(dead_code, unreachable_pub)]
// Helpers fail the test that called them; clippy's leave for tests covers only functions marked `#[test]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod api;

pub mod browser;

pub mod camera;

pub mod client;

pub mod daemon;

pub mod filter;

pub mod picture;

pub mod redis;

pub mod settings;

pub mod stream;

pub mod victim;

pub mod wire;

use std::time::{Duration, Instant};

/// How long anything may take that takes no time on an idle machine: tests run on shared, slow ones.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `condition` holds; false when it does not within `time`.
pub fn within(time: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
