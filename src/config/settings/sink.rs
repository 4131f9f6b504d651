//! Frames in shared memory, for other programs on this machine.

#[derive(Clone, Debug, PartialEq)]
pub struct Sink {
    /// Of the object in `/dev/shm`; empty: there is none.
    pub name: String,
    /// Who may read it. What it says of writing goes for nobody but us.
    pub mode: u32,
    /// Of one frame.
    pub max_bytes: u32,
}

impl Default for Sink {
    fn default() -> Self {
        Self { name: String::new(), mode: 0o640, max_bytes: 8 << 20 }
    }
}
