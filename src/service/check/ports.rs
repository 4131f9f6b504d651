//! Whether there is something to listen on, and who has it if not.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::finding::Finding;
use crate::config::values::NetworkWait;
use crate::config::{Http, Settings};
use crate::service::running::{Running, holder_of_port};
use crate::viewers::listener::{self, Refused};

pub fn look(settings: &Settings, running: Option<&Running>) -> Vec<Finding> {
    let http = &settings.http;
    let mut found: Vec<_> = listener::check(http)
        .into_iter()
        .map(|(port, outcome)| match outcome {
            Ok(()) => Finding::fine(name(port), "free"),
            Err(refused) => explain(port, &refused, settings, running),
        })
        .collect();
    found.extend(http.unix.path.as_deref().map(|path| unix(path, http, running)));
    found
}

fn name(port: u16) -> String {
    format!("port {port}")
}

fn explain(port: u16, refused: &Refused, settings: &Settings, running: Option<&Running>) -> Finding {
    match refused {
        Refused::Taken { why, .. } if why.kind() == ErrorKind::AddrInUse => taken(port, running),
        Refused::Taken { why, .. } if why.kind() == ErrorKind::PermissionDenied => Finding::wrong(
            name(port),
            format!(
                "no permission: ports below 1024 are for root; choose another port, or give the service the right: \
                 AmbientCapabilities=CAP_NET_BIND_SERVICE in `systemctl edit mjpegd` ({why})"
            ),
        ),
        Refused::NotHere { .. } if settings.network.wait == NetworkWait::Address => {
            Finding::fine(name(port), format!("{refused}; mjpegd waits until it is, as [network] wait says"))
        }
        Refused::NotHere { .. } => Finding::wrong(
            name(port),
            format!(
                "{refused}; `ip addr` lists those that it has; leave host at its default, or set [network] wait = \"address\""
            ),
        ),
        refused => Finding::wrong(name(port), refused.to_string()),
    }
}

fn taken(port: u16, running: Option<&Running>) -> Finding {
    if let Some(running) = running {
        return Finding::fine(name(port), format!("{} has it", running.words()));
    }
    let text = match holder_of_port(port) {
        Some(holder) if holder.pid == 1 => {
            return Finding::fine(name(port), "systemd has it, for a socket unit (`systemctl list-sockets`)");
        }
        Some(holder) if holder.name == "mjpegd" => {
            return Finding::fine(name(port), format!("a running mjpegd (pid {}) has it", holder.pid));
        }
        Some(holder) => format!("in use by {holder}; stop it, or choose another port"),
        None => {
            "in use by another program (`sudo ss -ltnp` names it); stop it, or choose another port".to_owned()
        }
    };
    Finding::wrong(name(port), text)
}

fn unix(path: &Path, http: &Http, running: Option<&Running>) -> Finding {
    let what = format!("socket {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match UnixStream::connect(path) {
        Ok(_) => match running {
            Some(running) => Finding::fine(what, format!("{} has it", running.words())),
            None => Finding::wrong(what, "another process listens there (`sudo ss -lxp` names it)"),
        },
        Err(error) if error.kind() == ErrorKind::ConnectionRefused && !http.unix.remove => Finding::wrong(
            what,
            "a socket that nobody listens on is there already; --unix-rm removes it first",
        ),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            Finding::fine(what, "left by a daemon that is gone, and removed at the start")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => match super::files::why_not_writable(folder) {
            None => Finding::fine(what, "free"),
            Some(why) => Finding::wrong(what, why),
        },
        Err(error) => Finding::wrong(what, error.to_string()),
    }
}
