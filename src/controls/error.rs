/// Why a control could not be listed, read or set. Each says which control it is about, but for those about all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The source is no camera with controls.
    #[error("{0}")]
    NoControls(String),
    /// The camera is not there, or may not be opened. The text says why and what to do.
    #[error("{0}")]
    Gone(String),
    #[error("{name}: no such control{}", did_you_mean(alike.as_ref()))]
    Unknown { name: String, alike: Option<String> },
    /// Of another kind, or no item of the menu.
    #[error("{key}: {value:?} will not do; allowed: {allowed}")]
    Invalid { key: String, value: String, allowed: String },
    #[error("{key}: {value} is out of range; allowed: {allowed}")]
    OutOfRange { key: String, value: String, allowed: String },
    #[error("{key}: can be read only")]
    ReadOnly { key: String },
    #[error("{key}: held by {}", held_by.as_deref().unwrap_or("another control, such as one that is automatic"))]
    Inactive { key: String, held_by: Option<String> },
    #[error("{key}: in use; the camera takes no value for it now, most likely because it streams")]
    Busy { key: String },
    #[error("{key}: {ioctl} failed: {reason}")]
    Io { key: String, ioctl: &'static str, reason: String },
    /// The camera said that it had taken the value, and then had another.
    #[error("{key}: does not stay at {wanted}, the camera has {actual}")]
    Lost { key: String, wanted: String, actual: String },
    /// The camera took so long for others that this one was not tried.
    #[error("{key}: not set, since the camera takes too long")]
    TooSlow { key: String },
}

fn did_you_mean(alike: Option<&String>) -> String {
    alike.map_or_else(String::new, |alike| format!("; did you mean {alike}?"))
}

impl Error {
    /// The control that it is about, if it is about one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::NoControls(_) | Self::Gone(_) => None,
            Self::Unknown { name: key, .. }
            | Self::Invalid { key, .. }
            | Self::OutOfRange { key, .. }
            | Self::ReadOnly { key }
            | Self::Inactive { key, .. }
            | Self::Busy { key }
            | Self::Io { key, .. }
            | Self::Lost { key, .. }
            | Self::TooSlow { key } => Some(key),
        }
    }

    /// One word, for an interface whose callers branch on it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoControls(_) => "no-controls",
            Self::Gone(_) => "gone",
            Self::Unknown { .. } => "unknown",
            Self::Invalid { .. } => "invalid",
            Self::OutOfRange { .. } => "out-of-range",
            Self::ReadOnly { .. } => "read-only",
            Self::Inactive { .. } => "inactive",
            Self::Busy { .. } => "busy",
            Self::Io { .. } => "io",
            Self::Lost { .. } => "lost",
            Self::TooSlow { .. } => "too-slow",
        }
    }
}
