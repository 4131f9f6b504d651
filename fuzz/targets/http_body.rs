//! A body of many pictures, with a length or in chunks, as it is read off a connection.

use std::time::Duration;

use mjpegd::mailbox::{Letter, Mailbox};
use mjpegd::viewers::inflow::Inflow;

use super::{Choices, pieces};

pub fn run(data: &[u8]) -> bool {
    let mut choices = Choices(data);
    let (seed, chosen) = (choices.byte(), choices.byte());
    let body = choices.0;
    let lengths = [None, Some(0), Some(body.len() as u64 / 2), Some(body.len() as u64 + 1), Some(u64::MAX)];
    let length = lengths[usize::from(chosen) % lengths.len()];
    let whole = take([body].into_iter(), length);
    assert!(whole.taken <= body.len());
    assert!(length.is_none_or(|length| whole.taken as u64 <= length));
    assert!(!whole.done || whole.error.is_none());
    let in_pieces = take(pieces(body, seed), length);
    assert_eq!(in_pieces, whole);
    whole.pictures > 0
}

#[derive(Debug, PartialEq, Eq)]
struct Taken {
    /// Bytes; what is behind an error does not count.
    taken: usize,
    done: bool,
    error: Option<&'static str>,
    /// Shown or lost.
    pictures: u64,
    last: Vec<u8>,
    status: u16,
}

fn take<'a>(pieces: impl Iterator<Item = &'a [u8]>, length: Option<u64>) -> Taken {
    let (mailbox, mut inflow) = (Mailbox::default(), Inflow::new(length, 1 << 16));
    let (mut waiting, mut taken, mut error) = (Vec::new(), 0, None);
    for piece in pieces {
        waiting.extend_from_slice(piece);
        match inflow.take(&waiting, &mailbox) {
            Ok(count) => {
                taken += count;
                waiting.drain(..count);
            }
            Err(why) => {
                (taken, error) = (0, Some(why));
                break;
            }
        }
    }
    let (mut pictures, mut last) = (0, Vec::new());
    if let Letter::Picture { lost, .. } = mailbox.fetch(Duration::ZERO, &mut last) {
        pictures = 1 + lost;
    }
    Taken { taken, done: inflow.is_done(), error, pictures, last, status: inflow.answer().status() }
}
