//! What a camera's driver flips for us: in the sensor, where it costs nothing.

use std::sync::Arc;

use v4l::v4l_sys as c;

use super::sys::Node;
use crate::controls::{Board, Control, Error, Value, Wish, find};
use crate::flips::Flips;

const CONTROLS: [(Flips, u32); 2] =
    [(Flips::HORIZONTAL, c::V4L2_CID_HFLIP), (Flips::VERTICAL, c::V4L2_CID_VFLIP)];

/// Controls of the driver that are ours until this is dropped: each is the reverse of its default, and then the default again.
/// What they were before does not count, since a daemon that was killed has left them as they had to be for its pictures.
#[derive(Debug)]
pub(super) struct Flipping {
    node: Arc<Node>,
    taken: Vec<(Flips, Control)>,
}

impl Flipping {
    /// Sets what the driver has of the flips that are asked for, and nobody has a wish of his own for, and says what was refused.
    /// Not before the camera is ours, as another program's pictures would be flipped; and not when it streams, as some
    /// drivers refuse it then.
    pub(super) fn begin(node: Arc<Node>, asked: Flips, wishes: &[Wish]) -> (Self, Vec<Error>) {
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for (flip, switch) in offered(&node, asked, wishes) {
            match set(&node, &switch, true) {
                Ok(()) => taken.push((flip, switch)),
                Err(error) => refused.push(error),
            }
        }
        (Self { node, taken }, refused)
    }

    /// Lets go of what the camera has not kept, as some forget all when they start.
    pub(super) fn check(&mut self) -> Vec<Error> {
        let mut lost = Vec::new();
        self.taken.retain(|(_, switch)| {
            stays(&self.node, switch).inspect_err(|error| lost.push(error.clone())).is_ok()
        });
        lost
    }

    pub(super) fn done(&self) -> Flips {
        self.taken.iter().fold(Flips::NONE, |done, (flip, _)| done | *flip)
    }

    pub(super) fn ids(&self) -> Vec<u32> {
        self.taken.iter().map(|(_, switch)| switch.id).collect()
    }
}

impl Drop for Flipping {
    fn drop(&mut self) {
        for (_, switch) in &self.taken {
            if let Err(error) = set(&self.node, switch, false) {
                log::debug!("control {error}");
            }
        }
    }
}

/// Whether the driver has one of these flips, and it is ours to use.
pub(super) fn is_offered(node: &Node, flips: Flips, wishes: &[Wish]) -> bool {
    offered(node, flips, wishes).next().is_some()
}

/// Of these flips those that the driver has; but not what has been set by its name, which whoever did it wants as it is.
fn offered<'a>(
    node: &'a Node,
    flips: Flips,
    wishes: &'a [Wish],
) -> impl Iterator<Item = (Flips, Control)> + 'a {
    let asked = CONTROLS.into_iter().filter(move |(flip, _)| flips & *flip != Flips::NONE);
    let there = asked.filter_map(|(flip, id)| Some((flip, node.switch(id)?)));
    there.filter(|(_, switch)| {
        !wishes.iter().any(|wish| find(std::slice::from_ref(switch), &wish.name).is_ok())
    })
}

fn set(node: &Node, switch: &Control, flipped: bool) -> Result<(), Error> {
    let wanted = value(switch, flipped);
    let actual = node.write(switch, &wanted)?;
    is_as_wanted(switch, &wanted, Some(actual))
}

fn stays(node: &Node, switch: &Control) -> Result<(), Error> {
    is_as_wanted(switch, &value(switch, true), node.read(switch)?)
}

/// A sensor that is built in upside down is upright by a default of 1.
fn value(switch: &Control, flipped: bool) -> Value {
    let default = switch.default.as_ref().and_then(Value::number).unwrap_or_default() != 0;
    Value::Switch(default ^ flipped)
}

fn is_as_wanted(switch: &Control, wanted: &Value, actual: Option<Value>) -> Result<(), Error> {
    match actual.filter(|actual| actual != wanted) {
        None => Ok(()),
        Some(actual) => Err(Error::Lost {
            key: switch.key.clone(),
            wanted: wanted.to_string(),
            actual: actual.to_string(),
        }),
    }
}
