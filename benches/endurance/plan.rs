//! What a soak does, step by step: all of it comes from the seed, and nothing from what happens meanwhile.

use std::time::Duration;

use fastrand::Rng;

use crate::crowd::{GUESTS, Guest};
use crate::trouble::{FAULTS, Fault};

#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    Nothing,
    Camera(&'static Fault),
    /// The first picture comes this many milliseconds late.
    SlowStart(u32),
    Quality(u8),
    Resolution(&'static str, u32),
    Overlay,
    Control(u8),
    Restart,
    Save,
    Pause,
    /// The process is stopped by SIGSTOP, as by a debugger or a machine that sleeps.
    Stopped,
    /// Everybody leaves, so that the camera is stopped.
    Idle,
}

impl Trouble {
    /// For the summary.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing but viewers that come and go",
            Self::Camera(fault) => fault.name,
            Self::SlowStart(_) => "started anew with a slow first picture",
            Self::Quality(_) => "the quality changed",
            Self::Resolution(..) => "the size changed",
            Self::Overlay => "a text over the picture, and none again",
            Self::Control(_) => "a control set",
            Self::Restart => "the camera restarted on request",
            Self::Save => "the settings saved",
            Self::Pause => "paused and continued",
            Self::Stopped => "the process stopped for two seconds (SIGSTOP, SIGCONT)",
            Self::Idle => "everybody gone until the camera rested, and back",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Step {
    pub guests: Vec<Guest>,
    /// How many of those who stay leave first.
    pub leave: usize,
    /// So many fast viewers and slow ones are there beside the constant ones.
    pub fast: usize,
    pub slow: usize,
    pub trouble: Trouble,
    /// How long a fault lasts after viewers have seen it.
    pub hold: Duration,
}

/// Deals steps without an end. Each kind of trouble comes once before any comes again, in an order that is new each time.
pub struct Plan {
    /// Of the camera.
    format: String,
    random: Rng,
    deck: Vec<usize>,
}

/// Kinds of trouble that are not the camera's faults.
const OTHERS: usize = 13;

/// So many steps have had each kind once.
pub const DECK: usize = FAULTS.len() + OTHERS;

impl Plan {
    pub fn new(seed: u64, format: &str) -> Self {
        Self { format: format.to_owned(), random: Rng::with_seed(seed), deck: Vec::new() }
    }

    pub fn next(&mut self) -> Step {
        let random = &mut self.random;
        if self.deck.is_empty() {
            self.deck = (0..DECK).collect();
            random.shuffle(&mut self.deck);
        }
        let card = self.deck.pop().unwrap_or_default();
        let trouble = match card.checked_sub(FAULTS.len()) {
            None if is_one(&FAULTS[card], &self.format) => Trouble::Camera(&FAULTS[card]),
            None => Trouble::Nothing,
            Some(0) => Trouble::SlowStart(random.u32(500..3000)),
            Some(1) => Trouble::Quality(random.u8(30..95)),
            Some(2) => Trouble::Resolution("640x480", 640),
            Some(3) => Trouble::Resolution("1280x720", 1280),
            Some(4) => Trouble::Overlay,
            Some(5) => Trouble::Control(random.u8(..)),
            Some(6) => Trouble::Restart,
            Some(7) => Trouble::Save,
            Some(8) => Trouble::Pause,
            Some(9) => Trouble::Stopped,
            Some(10) => Trouble::Idle,
            Some(_) => Trouble::Nothing,
        };
        let guests = (0..random.usize(0..6)).filter_map(|_| random.choice(GUESTS)).collect();
        // Now and then so many that they share one copy of a frame in the kernel.
        let fast = if random.u8(..10) == 0 { 24 } else { random.usize(0..5) };
        Step {
            guests,
            leave: random.usize(0..6),
            fast,
            slow: random.usize(0..3),
            trouble,
            hold: Duration::from_millis(random.u64(100..2500)),
        }
    }
}

/// Whether it is a fault of a camera of this format: any bytes are a picture where pictures are raw.
fn is_one(fault: &Fault, format: &str) -> bool {
    format == "MJPG" || !fault.words.starts_with("garbage")
}
