//! Several controls to be set together: found, checked, and set in an order in which they hold.

use std::time::{Duration, Instant};

use super::names::holder;
use super::{Board, Control, Error, Kind, Value, find};

/// A camera whose control transfers fail takes seconds for each. The capture thread must show signs of life meanwhile.
const LONGEST: Duration = Duration::from_secs(8);

/// What one control is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// A key, or what else [`find`] takes.
    pub name: String,
    pub value: Value,
    /// Whether it is nothing to speak of when the camera has no such control.
    pub optional: bool,
}

impl Wish {
    pub fn new(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { name: name.into(), value: value.into(), optional: false }
    }
}

/// Wishes that a board can fulfil, and those that it cannot.
#[derive(Debug)]
pub struct Plan {
    wishes: Vec<Wish>,
    controls: Vec<Control>,
    steps: Vec<Step>,
    refused: Vec<Error>,
    deadline: Instant,
}

#[derive(Debug)]
struct Step {
    /// Which of the controls.
    index: usize,
    value: Value,
    optional: bool,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Untried,
    /// What the driver made of the value.
    Set(Value),
    Failed(Error),
}

impl Plan {
    /// Of several wishes for one control the last one counts.
    pub fn new(board: &dyn Board, wishes: &[Wish]) -> Result<Self, Error> {
        let deadline = Instant::now() + LONGEST;
        let controls = board.describe()?;
        let mut plan =
            Self { wishes: wishes.to_vec(), controls, steps: Vec::new(), refused: Vec::new(), deadline };
        for wish in wishes {
            plan.add(wish);
        }
        // What is automatic goes before the values that it holds; the order is otherwise as it was.
        plan.steps.sort_by_key(|step| !plan.controls[step.index].kind.is_switch());
        Ok(plan)
    }

    fn add(&mut self, wish: &Wish) {
        let control = match find(&self.controls, &wish.name) {
            Ok(control) => control,
            Err(_) if wish.optional => return,
            Err(error) => return self.refused.push(error),
        };
        let value = match control.check(&wish.value) {
            Ok(value) => value,
            Err(_) if wish.optional => return,
            Err(error) => return self.refused.push(error),
        };
        let index = self.controls.iter().position(|other| other.id == control.id).unwrap_or_default();
        self.steps.retain(|step| step.index != index);
        self.steps.push(Step { index, value, optional: wish.optional, outcome: Outcome::Untried });
    }

    /// Sets all, and once more those that were refused: what held them may be off by then.
    pub fn apply(&mut self, board: &dyn Board) {
        for _ in 0..2 {
            for step in &mut self.steps {
                if !matches!(step.outcome, Outcome::Set(_)) {
                    step.set(board, &self.controls, self.deadline);
                }
            }
        }
    }

    /// Looks whether each is still what it was set to, and sets it again where not: many cameras forget when they start.
    pub fn hold(&mut self, board: &dyn Board) {
        self.deadline = Instant::now() + LONGEST;
        for step in &mut self.steps {
            if step.lost(board, &self.controls).is_some() {
                step.set(board, &self.controls, self.deadline);
            }
        }
        for step in &mut self.steps {
            if matches!(step.outcome, Outcome::Failed(_)) {
                step.set(board, &self.controls, self.deadline);
            } else if let Some(lost) = step.lost(board, &self.controls) {
                step.outcome = Outcome::Failed(lost);
            }
        }
    }

    /// Whether it was made for these and no others.
    pub fn is_for(&self, wishes: &[Wish]) -> bool {
        self.wishes == wishes
    }

    /// What cannot be: found when the plan was made.
    pub fn refused(&self) -> &[Error] {
        &self.refused
    }

    /// What the camera did not do.
    pub fn failed(&self) -> impl Iterator<Item = &Error> {
        self.steps.iter().filter_map(|step| match &step.outcome {
            Outcome::Failed(error) if !step.optional || matches!(error, Error::Gone(_)) => Some(error),
            _ => None,
        })
    }

    /// Those that it sets, in the order in which it does.
    pub fn controls(&self) -> impl Iterator<Item = &Control> {
        self.steps.iter().map(|step| &self.controls[step.index])
    }

    /// Everything that the board has.
    pub fn all(&self) -> &[Control] {
        &self.controls
    }

    /// Puts values before switches: what is automatic by default is only then turned on.
    pub(super) fn switches_last(mut self) -> Self {
        self.steps.sort_by_key(|step| self.controls[step.index].kind.is_switch());
        self
    }
}

impl Step {
    fn set(&mut self, board: &dyn Board, controls: &[Control], deadline: Instant) {
        let control = &controls[self.index];
        if Instant::now() > deadline {
            self.outcome = Outcome::Failed(Error::TooSlow { key: control.key.clone() });
            return;
        }
        self.outcome = match board.write(control, &self.value) {
            Ok(value) => Outcome::Set(value),
            Err(Error::Inactive { key, held_by }) => {
                let held_by = held_by.or_else(|| holder(controls, control));
                Outcome::Failed(Error::Inactive { key, held_by })
            }
            Err(error) => Outcome::Failed(error),
        };
    }

    /// How it is not what it was set to. Nothing is said of what cannot be read, and of what the camera changes itself.
    fn lost(&self, board: &dyn Board, controls: &[Control]) -> Option<Error> {
        let control = &controls[self.index];
        let Outcome::Set(wanted) = &self.outcome else { return None };
        if control.volatile || control.write_only || control.kind == Kind::Button {
            return None;
        }
        let actual = board.read(control).ok().flatten()?;
        let words = |value: &Value| control.in_words(value);
        (actual != *wanted).then(|| Error::Lost {
            key: control.key.clone(),
            wanted: words(wanted),
            actual: words(&actual),
        })
    }
}
