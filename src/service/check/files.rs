//! Files and programs that the settings name.

use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

use super::finding::Finding;
use crate::child;
use crate::config::Settings;
use crate::identity;

/// What could be read was read with the settings.
pub fn look(settings: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(file) = &settings.api.state_file {
        let what = format!("state file {}", file.display());
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        found.push(match why_not_writable(folder) {
            None => Finding::fine(what, "fine"),
            Some(why) => Finding::wrong(what, format!("what is changed on the page cannot be kept: {why}")),
        });
    }
    let tls = &settings.http.tls;
    if let Some((cert, key)) = tls.cert.as_deref().zip(tls.key.as_deref()).filter(|_| tls.port > 0) {
        let what = format!("certificate {}", cert.display());
        found.push(match identity::trouble(cert, key) {
            None => Finding::fine(what, "fine, and its key is the one beside it"),
            Some(trouble) => Finding::wrong(
                what,
                format!("it {trouble}: clients will refuse it; renew it, or mend the clock (`timedatectl`)"),
            ),
        });
    }
    if let Some(program) = settings.filter.command.first() {
        found.push(Finding::fine(
            format!("filter {program}"),
            if child::is_there(program) {
                "there".to_owned()
            } else {
                format!("missing; {}", child::MISSING)
            },
        ));
    }
    found
}

/// Why whoever runs this could not make a file there.
pub fn why_not_writable(folder: &Path) -> Option<String> {
    let folder_is = folder.display();
    let error: io::Error = access(folder, Access::WRITE_OK | Access::EXEC_OK).err()?.into();
    Some(match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no folder {folder_is}; make it: `sudo install -d -o mjpegd {folder_is}`")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "{folder_is} may not be written to; it has to be of the user that mjpegd runs as: `sudo chown mjpegd {folder_is}`"
            )
        }
        io::ErrorKind::ReadOnlyFilesystem => format!(
            "{folder_is} is on a file system that is read-only; under systemd only the folders of the unit can be written to"
        ),
        _ => format!("{folder_is}: {error}"),
    })
}
