//! The page and what it needs, compiled in. It asks for nothing from anywhere else.

use crate::viewers::answer::{Answer, Body};

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    content_type: &'static str,
    bytes: &'static [u8],
}

const INDEX: Asset = Asset { content_type: "text/html; charset=utf-8", bytes: include_bytes!("index.html") };

/// Only its own files, its own pictures and its own server; whoever wants may frame it, as dashboards do.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'self'";

pub fn index() -> Answer {
    INDEX.answer()
}

pub fn asset(path: &str) -> Option<Asset> {
    let (content_type, bytes): (_, &[u8]) = match path {
        "/page.css" => ("text/css; charset=utf-8", include_bytes!("page.css")),
        "/words.js" => ("text/javascript; charset=utf-8", include_bytes!("words.js")),
        "/controls.js" => ("text/javascript; charset=utf-8", include_bytes!("controls.js")),
        "/page.js" => ("text/javascript; charset=utf-8", include_bytes!("page.js")),
        "/favicon.svg" => ("image/svg+xml", include_bytes!("favicon.svg")),
        _ => return None,
    };
    Some(Asset { content_type, bytes })
}

impl Asset {
    pub fn answer(self) -> Answer {
        Answer::new(200, self.content_type, Body::Static(self.bytes))
            // A new version of the daemon brings a new page, under the same names.
            .with("Cache-Control", "no-cache")
            .with("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            .with("X-Content-Type-Options", "nosniff")
            .with("Referrer-Policy", "no-referrer")
    }
}
