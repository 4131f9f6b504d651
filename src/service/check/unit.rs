//! The unit, where there is systemd.

use super::finding::Finding;
use crate::service::outcome;

/// What keeps it from being started at boot; `None`: nothing does, or there is no such unit.
pub fn look() -> Option<Finding> {
    // It says so on its standard output, and by its status too.
    let said = outcome::of("systemctl", &["is-enabled", "mjpegd.service"]).ok()?;
    let text = match said.trim() {
        "masked" | "masked-runtime" => {
            "masked: nothing starts it; `sudo systemctl unmask mjpegd` takes that back"
        }
        "disabled" => "disabled: it is not started at boot; `sudo systemctl enable --now mjpegd`",
        _ => return None,
    };
    Some(Finding::fine("unit", text))
}
