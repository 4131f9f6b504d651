//! `[http]`: where and how mjpegd serves.

use clap::Args;
use serde::Deserialize;

use super::super::settings;
use super::super::values::{
    AllowOrigin, FileMode, Host, OfPages, OfPem, OfSocket, OptionalPath, Seconds, Switch, Whole, one_or_many,
};
use super::set;

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "HTTP")]
pub struct Http {
    /// Listen on these addresses or names of this machine; may be given more than once [default: 0.0.0.0 ::]
    #[arg(long, short = 's', value_name = "ADDRESS")]
    #[serde(deserialize_with = "one_or_many")]
    pub host: Option<Vec<Host>>,

    /// Port, 0 to 65535; 0: any that is free [default: 8080]
    #[arg(long, short, value_name = "N")]
    pub port: Option<Whole<0, 65_535>>,

    /// Listen on this Unix socket too: a path in a folder that mjpegd may write to, or empty for none, which is the default
    #[arg(long, short = 'U', value_name = "PATH")]
    pub unix: Option<OptionalPath<OfSocket>>,

    /// Remove a Unix socket there that nobody listens on, true or false [default: false]
    #[arg(long, short = 'D', value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub unix_rm: Option<Switch>,

    /// Who may open the Unix socket, three octal digits such as 660 [default: 660]
    #[arg(long, short = 'M', value_name = "MODE")]
    pub unix_mode: Option<FileMode>,

    /// Listen for https:// on this port too, 0 to 65535; 0: not at all [default: 0]
    #[arg(long, value_name = "N")]
    pub tls_port: Option<Whole<0, 65_535>>,

    /// Certificate for it, with its chain: a PEM file, or empty for none and so one of our own, which is the default
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<OptionalPath<OfPem>>,

    /// Key of the certificate: a PEM file, or empty for none
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<OptionalPath<OfPem>>,

    /// Files in place of the page: a folder with an index.html, or empty for none, which is the default
    #[arg(long = "static", value_name = "FOLDER")]
    #[serde(rename = "static")]
    pub static_folder: Option<OptionalPath<OfPages>>,

    /// Take changes also by this name, such as a proxy's: addresses or names of this machine; may be given more than once
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "one_or_many")]
    pub server_name: Option<Vec<Host>>,

    /// Other sites whose pages may read our answers: * or an origin such as http://octopi.local, or empty for none, which is the default
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Option<AllowOrigin>,

    /// Send small answers at once, true or false [default: true]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub tcp_nodelay: Option<Switch>,

    /// Threads that serve all viewers, 1 to 16 [default: 2]
    #[arg(long = "http-threads", value_name = "N")]
    pub threads: Option<Whole<1, 16>>,

    #[arg(skip)]
    pub max_connections: Option<Whole<1, 65_536>>,

    #[arg(skip)]
    pub max_connections_per_address: Option<Whole<0, 65_536>>,

    #[arg(skip)]
    pub max_viewers: Option<Whole<0, 65_536>>,

    /// A viewer that takes nothing for so long is closed, 1 to 3600 seconds [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub server_timeout: Option<Seconds<1000, 3_600_000>>,

    #[arg(skip)]
    pub request_timeout: Option<Seconds<1000, 3_600_000>>,

    #[arg(skip)]
    pub max_head_bytes: Option<Whole<1024, 65_536>>,

    #[arg(skip)]
    pub max_body_bytes: Option<Whole<1024, 1_048_576>>,

    #[arg(skip)]
    pub max_frame_bytes: Option<Whole<65_536, 33_554_432>>,

    #[arg(skip)]
    pub snapshot_timeout: Option<Seconds<100, 60_000>>,

    /// Without a camera answer a snapshot with a picture that says so, and not with 503, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub snapshot_placeholder: Option<Switch>,
}

impl Http {
    pub(super) fn apply(self, to: &mut settings::Http) {
        let host = self.host.map(|hosts| hosts.into_iter().map(String::from).collect::<Vec<_>>());
        set(&mut to.host, host);
        set(&mut to.port, self.port);
        set(&mut to.unix.path, self.unix);
        set(&mut to.unix.remove, self.unix_rm);
        set(&mut to.unix.mode, self.unix_mode);
        set(&mut to.tls.port, self.tls_port);
        set(&mut to.tls.cert, self.tls_cert);
        set(&mut to.tls.key, self.tls_key);
        set(&mut to.static_folder, self.static_folder);
        let names = self.server_name.map(|names| names.into_iter().map(String::from).collect::<Vec<_>>());
        set(&mut to.server_name, names);
        set(&mut to.allow_origin, self.allow_origin);
        set(&mut to.tcp_nodelay, self.tcp_nodelay);
        set(&mut to.threads, self.threads);
        set(&mut to.max_connections, self.max_connections);
        set(&mut to.max_connections_per_address, self.max_connections_per_address);
        set(&mut to.max_viewers, self.max_viewers);
        set(&mut to.server_timeout, self.server_timeout);
        set(&mut to.request_timeout, self.request_timeout);
        set(&mut to.max_head_bytes, self.max_head_bytes);
        set(&mut to.max_body_bytes, self.max_body_bytes);
        set(&mut to.max_frame_bytes, self.max_frame_bytes);
        set(&mut to.snapshot_timeout, self.snapshot_timeout);
        set(&mut to.snapshot_placeholder, self.snapshot_placeholder);
    }
}
