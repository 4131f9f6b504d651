//! mjpegd: a camera's picture in every browser, player and program that wants it, at once.
//!
//! # Layout
//!
//! ```text
//! device -> source/ -> picture.rs -> jpeg/ -> frame.rs -> filter/ -> latest.rs -> viewers/ -> browsers, players, printers
//!                                                                              -> push/    -> servers, Redis, files, programs
//!                                                                              -> sink/    -> programs on this machine
//!                          capture.rs turns this crank                           daemon.rs wires all of it
//! ```
//!
//! # Invariants
//!
//! - `source`, `viewers` and `push` never import one another: between them stands `latest`.
//! - Publishing never waits and costs the same for one viewer and for a thousand. A viewer can delay only itself.
//! - Every frame in the slot is one complete JPEG that a browser can draw. Viewers do no checking.
//! - There is no queue of frames anywhere. Who is late skips to the newest, and the skip is counted.
//! - `unsafe` stands in one place per need: `source/v4l2/{sys,buffers}.rs` (ioctls, mmap), `viewers/sys.rs` (socket queue),
//!   `memory.rs` (the allocator's limit), `child.rs` (what is done between fork and exec), `sink/header.rs` (mmap).
//! - Everything that a stranger can grow is bounded by a named setting.

/// Where pictures come from: cameras, the test picture, a folder, programs, other servers.
pub mod source;

/// Room for the newest picture between who gets it and who shows it.
pub mod mailbox;

/// Pictures as programs wrap them.
pub mod wrapping;

/// Programs that are started, and ended with us.
pub mod child;

/// What a camera lets itself be set to, whatever the source.
pub mod controls;

/// What a source hands over, still in the camera's memory.
pub mod picture;

/// Which sides of a picture are exchanged.
pub mod flips;

/// What becomes of a picture: a frame in the slot, or a count of why not.
pub mod intake;

/// Whether viewers see a picture already, so that it need not be sent.
pub mod same;

/// The way of a frame into the slot: straight, or through the filter.
pub mod delivery;

/// An outside program between the camera and the viewers.
pub mod filter;

/// From a picture to a JPEG that every browser can draw.
pub mod jpeg;

/// One complete JPEG with its life story, and the memory it comes from.
pub mod frame;

/// Bytes that the kernel sends to many without a copy for each.
pub mod kernel_copy;

/// The newest frame: one slot, swapped atomically.
pub mod latest;

/// Wakes a thread that waits for the newest frame.
pub mod bell;

/// Frames sent out: to other servers, to Redis, into files, to programs.
pub mod push;

/// What others see of that, and how they ask for a frame to be sent.
pub mod outlet;

/// The newest frame in shared memory, for other programs on this machine.
pub mod sink;

/// HTTP on a few event loops: stream, snapshot, state, page.
pub mod viewers;

/// Turns the crank from source to slot; opens again what is lost, stops what nobody watches.
pub mod capture;

/// Whether someone watches.
pub mod audience;

/// What a person asks of the camera: pause, continue, restart.
pub mod orders;

/// What the camera is doing, for `/state`, the log and `systemctl status`.
pub mod status;
pub mod stillness;

/// Counters and rates.
pub mod stats;

/// What the process takes of the machine.
pub mod process;

/// What it gives back of that.
pub mod memory;

/// When something that was lost is tried again.
pub mod retry;

/// A rate that is not to be exceeded.
pub mod pace;

/// Signs of life of a thread, for the watchdog.
pub mod heartbeat;

/// Monotonic time, as the kernel stamps pictures with it.
pub mod clock;

/// From the settings file and the command line to `Settings`.
pub mod config;

/// What makes it a good process: flags, logging, signals, systemd, `check` and `devices`.
pub mod service;

/// Whom we believe over TLS.
pub mod trust;

/// Who we are over TLS: certificate and key.
pub mod identity;

/// Wires the stages together, and keeps the order of starting and stopping.
pub mod daemon;
