//! What all event loops share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::stream;
use crate::audience::Audience;
use crate::clock::Monotonic;
use crate::config::Settings;
use crate::latest::Latest;
use crate::stats::{Gauge, Stats};
use crate::status::Status;

pub struct Context {
    pub settings: Settings,
    pub latest: Arc<Latest>,
    pub audience: Arc<Audience>,
    pub status: Arc<Status>,
    pub stats: Arc<Stats>,
    pub started: Monotonic,
    /// Connections open now, over all loops.
    pub connections: AtomicUsize,
    viewers: Mutex<BTreeMap<u64, Arc<ViewerInfo>>>,
    viewer_ids: AtomicU64,
}

/// What `/state` tells of a viewer.
#[derive(Debug)]
pub struct ViewerInfo {
    pub options: stream::Options,
    pub fps: Gauge,
}

impl Context {
    pub fn new(settings: &Settings, shared: &crate::capture::Shared) -> Arc<Self> {
        Arc::new(Self {
            settings: settings.clone(),
            latest: Arc::clone(&shared.latest),
            audience: Arc::clone(&shared.audience),
            status: Arc::clone(&shared.status),
            stats: Arc::clone(&shared.stats),
            started: Monotonic::now(),
            connections: AtomicUsize::new(0),
            viewers: Mutex::default(),
            // Not from 1, so that a page does not take a viewer of the daemon's last life for its own.
            viewer_ids: AtomicU64::new((crate::clock::unix_seconds() * 1000.0) as u64),
        })
    }

    /// Enters a viewer into the list, under an id of its own.
    pub fn add_viewer(&self, options: &stream::Options) -> (u64, Arc<ViewerInfo>) {
        let id = self.viewer_ids.fetch_add(1, Ordering::Relaxed);
        let info = Arc::new(ViewerInfo { options: options.clone(), fps: Gauge::default() });
        self.viewers().insert(id, Arc::clone(&info));
        (id, info)
    }

    pub fn remove_viewer(&self, id: u64) {
        self.viewers().remove(&id);
    }

    pub fn viewers(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<ViewerInfo>>> {
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
