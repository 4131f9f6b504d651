//! What all event loops share.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::{ArcSwap, Guard as Loaded};

use super::auth::Guard;
use super::budget::{Budget, Share};
use super::errands::Errands;
use super::event_loop::Handle;
use super::inbox::FORM_GROWS;
use super::places::Places;
use super::refusals::Refusals;
use super::{Hooks, stream};
use crate::audience::Audience;
use crate::capture::Shared;
use crate::clock::Monotonic;
use crate::config::{Http, Live, Settings};
use crate::controls::Panel;
use crate::filter::Filter;
use crate::identity::Identity;
use crate::latest::Latest;
use crate::mailbox::Mailbox;
use crate::orders::Orders;
use crate::outlet::Outlets;
use crate::stats::{Gauge, Stats};
use crate::status::Status;

pub struct Context {
    pub live: Arc<Live>,
    pub latest: Arc<Latest>,
    pub audience: Arc<Audience>,
    pub orders: Arc<Orders>,
    pub panel: Arc<Panel>,
    /// Where pictures are put that are handed in.
    pub inbox: Arc<Mailbox>,
    /// The pushes.
    pub outlets: Arc<Outlets>,
    pub status: Arc<Status>,
    pub filter: Option<Arc<Filter>>,
    pub stats: Arc<Stats>,
    pub started: Monotonic,
    /// Connections open now, over all loops.
    pub(super) places: Arc<Places>,
    /// What bodies may take that are not here as a whole.
    bodies: Arc<Budget>,
    pub refusals: Refusals,
    pub hooks: Hooks,
    identity: Option<ArcSwap<Identity>>,
    pub errands: Errands,
    pub guard: Guard,
    /// Passwords are checked here.
    pub logins: Errands,
    /// Counts what listeners want to know of.
    changes: AtomicU64,
    loops: OnceLock<Vec<Arc<Handle>>>,
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
    pub fn new(settings: &Settings, shared: &Shared, hooks: Hooks) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            live: Arc::clone(&shared.live),
            latest: Arc::clone(&shared.latest),
            audience: Arc::clone(&shared.audience),
            orders: Arc::clone(&shared.orders),
            panel: Arc::clone(&shared.panel),
            inbox: Arc::clone(&shared.inbox),
            outlets: Arc::clone(&shared.outlets),
            status: Arc::clone(&shared.status),
            filter: shared.filter.clone(),
            stats: Arc::clone(&shared.stats),
            started: Monotonic::now(),
            places: Arc::default(),
            bodies: Arc::default(),
            refusals: Refusals::default(),
            hooks,
            identity: identity(settings)?.map(ArcSwap::from_pointee),
            errands: Errands::start("errands")?,
            guard: Guard::new(&settings.auth),
            logins: Errands::start("logins")?,
            changes: AtomicU64::new(1),
            loops: OnceLock::new(),
            viewers: Mutex::default(),
            // Not from 1, so that a page does not take a viewer of the daemon's last life for its own; nor by a clock, which may
            // have been set back since.
            viewer_ids: AtomicU64::new(getrandom::u32().map_or(1, |random| u64::from(random) << 16)),
        }))
    }

    /// Those that hold now. Not to be kept: what has changed is seen by asking again.
    pub fn settings(&self) -> Loaded<Arc<Settings>> {
        self.live.load()
    }

    /// Memory for a body of this length. `None`: the others have all that there is for them.
    pub(super) fn body_share(&self, len: usize) -> Option<Share> {
        self.bodies.take(len, most_of_bodies(&self.settings().http))
    }

    /// For a new connection; `None`: TLS is not spoken.
    pub(super) fn identity(&self) -> Option<Arc<Identity>> {
        self.identity.as_ref().map(ArcSwap::load_full)
    }

    /// Takes up what is held in another form than `live` has it: who may log in, and with what certificate we answer.
    pub(super) fn reload(&self, before: &Settings, now: &Settings) {
        if before.auth != now.auth {
            self.guard.replace(&now.auth);
            // Who watches a picture that stands still is to go now, too.
            for handle in self.loops.get().into_iter().flatten() {
                handle.wake();
            }
        }
        let Some(identity) = &self.identity else { return };
        if before.http.tls == now.http.tls {
            identity.load().look_again();
            return;
        }
        match new_identity(now) {
            Ok(new) => identity.store(Arc::new(new)),
            Err(error) => log::error!("TLS goes on with the certificate from before: {error:#}"),
        }
    }

    /// From now on these loops are told of changes.
    pub(super) fn tell(&self, loops: Vec<Arc<Handle>>) {
        // Once only, at the start.
        let _ = self.loops.set(loops);
    }

    /// Something is otherwise than listeners know.
    pub fn has_changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        for handle in self.loops.get().into_iter().flatten() {
            handle.state_is_new();
        }
    }

    /// Another number after each change.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Values of the camera's controls that are to hold over restarts.
    pub fn wanted_controls(&self) -> toml::Table {
        // Numbers, switches and strings always have a TOML form.
        toml::Table::try_from(self.panel.wanted()).unwrap_or_default()
    }

    /// Enters a viewer into the list, under an id of its own. `None`: there are enough.
    pub fn add_viewer(&self, options: &stream::Options) -> Option<(u64, Arc<ViewerInfo>)> {
        let most = self.settings().http.max_viewers;
        let mut viewers = self.viewers();
        if most > 0 && viewers.len() >= most {
            return None;
        }
        let id = self.viewer_ids.fetch_add(1, Ordering::Relaxed);
        let info = Arc::new(ViewerInfo { options: options.clone(), fps: Gauge::default() });
        viewers.insert(id, Arc::clone(&info));
        drop(viewers);
        self.has_changed();
        Some((id, info))
    }

    pub fn remove_viewer(&self, id: u64) {
        self.viewers().remove(&id);
        self.has_changed();
    }

    pub fn viewers(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<ViewerInfo>>> {
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some of the longest at once, of whichever kind there is.
const fn most_of_bodies(http: &Http) -> usize {
    const AT_ONCE: usize = 4;
    const SHORT_AT_ONCE: usize = 64;
    let pictures = AT_ONCE * FORM_GROWS as usize * http.max_frame_bytes;
    let others = SHORT_AT_ONCE * http.max_body_bytes;
    if pictures > others { pictures } else { others }
}

fn identity(settings: &Settings) -> io::Result<Option<Identity>> {
    match settings.http.tls.port {
        0 => Ok(None),
        _ => new_identity(settings).map(Some).map_err(io::Error::other),
    }
}

fn new_identity(settings: &Settings) -> anyhow::Result<Identity> {
    let tls = &settings.http.tls;
    let given = tls.cert.as_deref().zip(tls.key.as_deref());
    Identity::new(given, settings.api.state_file.as_deref().and_then(Path::parent))
}
