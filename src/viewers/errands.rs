//! Work that may take a while, done for event loops that must not wait: a camera's control, a disk, a password's hash.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::answer::Answer;
use super::event_loop::Handle;

/// So many may wait at a time; who comes then is told to come later.
const MOST_WAITING: usize = 32;

/// What is done, and what is answered then.
pub type Work = Box<dyn FnOnce() -> Outcome + Send>;

/// What came of it.
pub enum Outcome {
    Answer(Answer),
    /// Something is known now that was not: the request is to be looked at once more.
    Again,
}

struct Errand {
    work: Work,
    reply: Arc<Mutex<Option<Outcome>>>,
    bell: Bell,
}

/// Where a connection is called when there is something for it.
#[derive(Clone)]
pub(super) struct Bell {
    pub(super) handle: Arc<Handle>,
    pub(super) key: usize,
}

impl Bell {
    fn ring(&self) {
        self.handle.call(self.key);
    }
}

/// An answer that is still being found.
pub(super) struct Reply(Arc<Mutex<Option<Outcome>>>);

impl Reply {
    pub(super) fn take(&self) -> Option<Outcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A thread that runs errands one after the other.
pub struct Errands {
    sender: SyncSender<Errand>,
}

impl Errands {
    pub fn start(name: &str) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(MOST_WAITING);
        thread::Builder::new().name(name.to_owned()).spawn(move || run(&receiver))?;
        Ok(Self { sender })
    }

    /// `None`: there are too many already.
    pub(super) fn send(&self, work: Work, bell: Bell) -> Option<Reply> {
        let reply = Arc::<Mutex<Option<Outcome>>>::default();
        let errand = Errand { work, reply: Arc::clone(&reply), bell };
        match self.sender.try_send(errand) {
            Ok(()) => Some(Reply(reply)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        }
    }
}

/// Ends with the last who could send one.
fn run(errands: &Receiver<Errand>) {
    for Errand { work, reply, bell } in errands {
        let outcome = work();
        *reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        bell.ring();
    }
}
