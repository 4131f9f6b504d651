//! What befalls a running daemon, from outside and from its camera, and what it says of it. One program, since these tests mostly wait.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod camera_away;
mod check;
mod hang;
mod hangup;
mod logging;
mod process;
mod reload;
mod report;
mod saving;
mod states;
