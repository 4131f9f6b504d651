//! The viewers: HTTP on a few event loops, whatever their number.

mod acceptor;
mod access_log;
mod answer;
mod api;
mod auth;
mod budget;
mod connection;
mod context;
mod errands;
mod event_loop;
mod events;
mod health;
mod inbox;
pub mod inflow;
mod input;
pub mod listener;
mod metrics;
mod origin;
mod page;
mod peer;
mod peers;
mod phase;
mod pieces;
mod places;
mod problem;
mod refusals;
pub mod request;
mod routes;
mod snapshot;
mod state;
mod static_files;
mod stream;
mod sys;
mod timers;
mod transport;
mod unix_socket;
mod viewer;
mod web_command;

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use self::access_log::TARGET as ACCESS_LOG;

use self::acceptor::Acceptor;
use self::context::Context;
use self::event_loop::{EventLoop, Handle};
use self::listener::Listener;
use crate::capture::Shared;
use crate::config::Settings;

/// What the API can do beyond its own stages.
pub struct Hooks {
    /// Ends mjpegd.
    pub stop: Box<dyn Fn() + Send + Sync>,
    /// The cameras of this machine, as JSON; it may take a while.
    pub cameras: fn() -> Vec<u8>,
    /// The last lines of the log, the oldest first.
    pub log: fn() -> Vec<String>,
}

/// The running event loops.
pub struct Server {
    context: Arc<Context>,
    loops: Vec<Arc<Handle>>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    pub fn start(
        settings: &Settings,
        listeners: Vec<Listener>,
        shared: &Shared,
        hooks: Hooks,
    ) -> io::Result<Self> {
        let context = Context::new(settings, shared, hooks)?;
        let mut event_loops = Vec::new();
        for _ in 0..settings.http.threads.get() {
            event_loops.push(EventLoop::new(&context)?);
        }
        let loops: Vec<_> = event_loops.iter().map(|event_loop| Arc::clone(event_loop.handle())).collect();
        if let Some(first) = event_loops.first_mut() {
            first.accept_with(Acceptor::new(listeners, loops.clone(), &context))?;
        }
        for handle in &loops {
            let handle = Arc::clone(handle);
            shared.latest.on_change(Box::new(move || {
                handle.frame_is_new();
                true
            }));
        }
        context.tell(loops.clone());
        let told = Arc::clone(&context);
        shared.status.on_change(Box::new(move || told.has_changed()));
        if let Some(filter) = &shared.filter {
            let told = Arc::clone(&context);
            filter.status.on_change(Box::new(move || told.has_changed()));
        }
        let told = Arc::clone(&context);
        shared.live.on_change(Box::new(move || told.has_changed()));
        let told = Arc::clone(&context);
        shared.panel.on_change(move || told.has_changed());
        let threads = event_loops.into_iter().enumerate().map(|(index, event_loop)| {
            thread::Builder::new().name(format!("http-{index}")).spawn(move || event_loop.run())
        });
        Ok(Self { context, loops, threads: threads.collect::<io::Result<_>>()? })
    }

    /// Whether every loop has shown signs of life within the time, or has nothing to do.
    pub fn is_alive(&self, within: Duration) -> bool {
        self.loops.iter().all(|handle| handle.heartbeat.is_alive(within))
            && self.threads.iter().all(|thread| !thread.is_finished())
    }

    /// Takes up settings that were changed, beyond those that are looked at anew with each request.
    pub fn reload(&self, before: &Settings, now: &Settings) {
        self.context.reload(before, now);
    }

    /// Closes all connections, and waits until that is done.
    pub fn stop(self) {
        self.loops.iter().for_each(|handle| handle.stop());
        for thread in self.threads {
            if thread.join().is_err() {
                log::error!("an event loop ended by a panic");
            }
        }
    }
}
