//! How it is reached.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Addresses or names to listen on.
    pub host: Vec<String>,
    /// 0: any free port, which is logged.
    pub port: u16,
    pub unix: UnixSocket,
    pub tls: Tls,
    /// Files of it take the place of the page; `None`: the page.
    pub static_folder: Option<PathBuf>,
    /// Names that this machine is called by, beside those that it knows itself.
    pub server_name: Vec<String>,
    /// The value of `Access-Control-Allow-Origin`; `None`: no CORS headers.
    pub allow_origin: Option<String>,
    pub tcp_nodelay: bool,
    /// Event loops that serve the viewers.
    pub threads: NonZeroUsize,
    pub max_connections: usize,
    /// From one IPv4 address or IPv6 network (/64) other than this machine; 0: as many as there are in all.
    pub max_connections_per_address: usize,
    /// Streams that are watched at a time; 0: as many as there are connections.
    pub max_viewers: usize,
    /// A viewer that takes nothing for this long is closed.
    pub server_timeout: Duration,
    /// The whole head of a request must arrive within this time.
    pub request_timeout: Duration,
    pub max_head_bytes: usize,
    /// Of a body that is no picture.
    pub max_body_bytes: usize,
    /// Of a picture that is handed in.
    pub max_frame_bytes: usize,
    /// How long `/snapshot` waits for a picture.
    pub snapshot_timeout: Duration,
    /// Without a camera `/snapshot` answers 200 and the placard, as ustreamer does, instead of 503.
    pub snapshot_placeholder: bool,
}

/// The second port, for `https://`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// 0: there is none.
    pub port: u16,
    /// Both or none; without them there is a certificate of our own.
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// A socket in the file system, beside the port.
#[derive(Clone, Debug, PartialEq)]
pub struct UnixSocket {
    /// `None`: there is none.
    pub path: Option<PathBuf>,
    /// Whether one that nobody listens on is removed first.
    pub remove: bool,
    pub mode: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            host: vec!["0.0.0.0".to_owned(), "::".to_owned()],
            port: 8080,
            unix: UnixSocket { path: None, remove: false, mode: 0o660 },
            tls: Tls::default(),
            static_folder: None,
            server_name: Vec::new(),
            allow_origin: None,
            tcp_nodelay: true,
            threads: NonZeroUsize::MIN.saturating_add(1),
            max_connections: 2048,
            // A household behind one address has some dozens.
            max_connections_per_address: 256,
            // With all of them there the page and the API can still be reached.
            max_viewers: 1024,
            server_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            max_head_bytes: 8192,
            max_body_bytes: 64 << 10,
            max_frame_bytes: 8 << 20,
            // OctoPrint gives up after 5 s, and would not see our answer's reason.
            snapshot_timeout: Duration::from_secs(4),
            snapshot_placeholder: false,
        }
    }
}
