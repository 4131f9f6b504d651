//! What makes it a good process: how it is called, and how it reports.

/// Flags and subcommands.
pub mod cli;

/// Lines for a terminal, a file or the journal.
pub mod logging;
