//! mjpegd: a camera's picture in every browser, player and program that wants it, at once.
//!
//! # Layout
//!
//! ```text
//! device -> source/ -> picture.rs -> jpeg/ -> frame.rs -> latest.rs -> viewers/ -> browsers, players, printers
//!                          capture.rs turns this crank               daemon.rs wires all of it
//! ```
//!
//! # Invariants
//!
//! - `source` and `viewers` never import one another: between them stands `latest`.
//! - Publishing never waits and costs the same for one viewer and for a thousand. A viewer can delay only itself.
//! - Every frame in the slot is one complete JPEG that a browser can draw. Viewers do no checking.
//! - There is no queue of frames anywhere. Who is late skips to the newest, and the skip is counted.
//! - `unsafe` stands in one place per need: `source/v4l2/sys.rs` (device, buffers), `viewers/sys.rs` (socket queue).
//! - Everything that a stranger can grow is bounded by a named setting.

pub mod clock;

pub mod config;

pub mod source;

pub mod picture;

pub mod jpeg;

pub mod frame;

pub mod latest;

pub mod audience;

pub mod capture;

pub mod intake;

pub mod viewers;

pub mod pace;

pub mod status;

pub mod heartbeat;

pub mod stats;

pub mod service;

pub mod daemon;
