//! Controls that are set by something else than a wish for them: while it does, they are shown as held and not to be changed.

use std::sync::Arc;

use super::{Board, Control, Error, Value};

/// A board some of whose controls are held.
pub(super) struct Held {
    pub(super) board: Box<dyn Board>,
    pub(super) ids: Arc<[u32]>,
    /// What holds them, in words.
    pub(super) by: &'static str,
}

impl Board for Held {
    fn describe(&self) -> Result<Vec<Control>, Error> {
        let mut controls = self.board.describe()?;
        for control in controls.iter_mut().filter(|control| self.ids.contains(&control.id)) {
            control.inactive = true;
        }
        Ok(controls)
    }

    fn read(&self, control: &Control) -> Result<Option<Value>, Error> {
        self.board.read(control)
    }

    fn write(&self, control: &Control, value: &Value) -> Result<Value, Error> {
        match self.ids.contains(&control.id) {
            true => Err(Error::Inactive { key: control.key.clone(), held_by: Some(self.by.to_owned()) }),
            false => self.board.write(control, value),
        }
    }
}
