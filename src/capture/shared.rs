use std::sync::Arc;

use crate::audience::Audience;
use crate::config::Live;
use crate::controls::Panel;
use crate::filter::Filter;
use crate::heartbeat::Heartbeat;
use crate::latest::Latest;
use crate::mailbox::Mailbox;
use crate::orders::Orders;
use crate::outlet::{Outlet, Outlets};
use crate::stats::Stats;
use crate::status::Status;

/// What the capture thread shares with the others.
#[derive(Clone)]
pub struct Shared {
    pub live: Arc<Live>,
    pub latest: Arc<Latest>,
    pub audience: Arc<Audience>,
    pub orders: Arc<Orders>,
    pub status: Arc<Status>,
    pub stats: Arc<Stats>,
    pub heartbeat: Arc<Heartbeat>,
    pub panel: Arc<Panel>,
    pub inbox: Arc<Mailbox>,
    /// One for each push.
    pub outlets: Arc<Outlets>,
    /// `None`: frames go straight into the slot.
    pub filter: Option<Arc<Filter>>,
}

impl Shared {
    pub fn new(live: Arc<Live>) -> Self {
        let audience = Audience::new();
        let nudged = Arc::clone(&audience);
        live.on_change(Box::new(move || nudged.nudge()));
        let latest = Latest::new();
        let settings = live.get();
        let outlets = settings.pushes.iter().map(|push| Outlet::new(push, &latest));
        let outlets = Outlets::new(outlets.collect());
        Self {
            live,
            latest,
            orders: Orders::new(&audience),
            audience,
            status: Arc::default(),
            stats: Stats::new(),
            heartbeat: Arc::default(),
            panel: Panel::new(),
            inbox: Arc::default(),
            outlets,
            filter: None,
        }
    }
}
