//! What makes it a good process: how it is called, how it reports, and how it ends.

/// Flags and subcommands.
pub mod cli;

/// Lines for a terminal, a file or the journal.
pub mod logging;

/// SIGTERM and SIGINT.
pub mod signals;

/// Sockets that systemd has opened.
pub mod activation;

/// The network at boot.
pub mod network;

/// What systemd is told.
pub mod notify;

/// `mjpegd check`.
pub mod check;

/// `mjpegd report`.
pub mod report;

/// The mjpegd that runs with these settings.
mod running;

/// What other programs say.
mod outcome;

/// `mjpegd devices`.
pub mod devices;

/// `mjpegd frames`.
pub mod frames;

/// `mjpegd controls`.
pub mod controls;
/// `mjpegd passwd` and `mjpegd token`.
pub mod passwd;
