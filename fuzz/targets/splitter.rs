//! Whole JPEGs out of a stream: what other servers, programs and cameras behind them send, and what a filter answers.

use mjpegd::jpeg::markers;
use mjpegd::jpeg::splitter::Splitter;

use super::{Choices, pieces};

pub fn run(data: &[u8]) -> bool {
    let mut choices = Choices(data);
    let (seed, longest) = (choices.byte(), [1 << 20, 64, 700][choices.below(3)]);
    let stream = choices.0;
    let (pictures, dropped) = split([stream].into_iter(), longest);
    let in_pieces = split(pieces(stream, seed), longest);
    assert!(in_pieces == (pictures.clone(), dropped), "{pictures:?} {dropped}\n{in_pieces:?}");

    let mut rest = stream;
    for picture in &pictures {
        assert!(picture.len() <= longest);
        assert!(picture.starts_with(&[0xFF, 0xD8, 0xFF]) && picture.ends_with(&[0xFF, 0xD9]));
        // They are in it, one behind the other.
        let at = memchr::memmem::find(rest, picture).expect("it is a part of the stream");
        rest = &rest[at + picture.len()..];
    }
    // Each of them is dropped for something that was there.
    assert!(dropped as usize <= stream.len() / 3 + 1);
    // What a browser can draw is not lost, whatever follows.
    if let Ok(whole) = markers::walk(stream) {
        if whole.end <= longest {
            assert_eq!(pictures.first().map(Vec::as_slice), stream.get(..whole.end));
        }
    }
    !pictures.is_empty()
}

fn split<'a>(pieces: impl Iterator<Item = &'a [u8]>, longest: usize) -> (Vec<Vec<u8>>, u64) {
    let mut splitter = Splitter::new(longest);
    let mut pictures = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        while let Some(picture) = splitter.next_picture() {
            pictures.push(picture.to_vec());
        }
    }
    (pictures, splitter.take_dropped())
}
