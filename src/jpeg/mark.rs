//! A picture that stands still, and says so.

use std::sync::Arc;

use super::change::Change;
use super::encode::Encoder;
use super::label::Label;
use super::lettering::Lettering;
use super::letters::Letters;
use super::sheet::{Order, Sheet};
use crate::clock::Monotonic;
use crate::config::values::Rgba;
use crate::frame::{Frame, FramePool, Times};

const QUALITY: u8 = 85;
const LETTERS: Rgba = Rgba { red: 0xF2, green: 0xF5, blue: 0xF8, alpha: 255 };
const NOTHING: Rgba = Rgba { red: 0, green: 0, blue: 0, alpha: 0 };

/// The same picture, darker and with a word such as "PAUSED" in its middle, for viewers to know it from a live one.
pub fn mark(frame: &Frame, word: &str, pool: &Arc<FramePool>) -> anyhow::Result<Frame> {
    let encode_begin = Monotonic::now();
    let size = (frame.width as usize, frame.height as usize);
    let change = Change { dimmed: true, label: label(word, size).map(Arc::new), ..Change::default() };
    let order = Order { quality: QUALITY, change, ..Order::default() };
    let mut sheet = Sheet::default();
    sheet.begin_jpeg(&[&frame.jpeg], size, order);
    sheet.compress(0, &mut Encoder::default());
    Ok(Frame {
        jpeg: sheet.join(pool)?,
        width: frame.width,
        height: frame.height,
        online: false,
        times: Times { encode_begin, encode_end: Monotonic::now(), ..frame.times },
        number: 0,
    })
}

/// `None`: the picture is too small for words.
fn label(word: &str, (width, height): (usize, usize)) -> Option<Label> {
    let lettering = Lettering::fitting(word.chars().count(), width * 4 / 5, height / 5)?;
    let ink = Letters::new(None).line(word, lettering.height & !1, width);
    let (x, y) = (width.saturating_sub(ink.width) / 2, height.saturating_sub(ink.height) / 2);
    Some(Label::new((x, y), &ink, LETTERS, NOTHING))
}
