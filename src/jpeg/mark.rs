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

#[cfg(test)]
mod tests {
    use super::super::fixtures::baseline;
    use super::super::placard;
    use super::super::testing::{decode, ffmpeg_warnings};
    use super::*;

    fn frame(width: usize, height: usize) -> Frame {
        let pool = FramePool::new();
        let jpeg = pool.join(&[&baseline(width, height)]);
        let times = Times::default();
        Frame { jpeg, width: width as u32, height: height as u32, online: true, times, number: 7 }
    }

    #[test]
    fn a_marked_picture_is_darker_and_has_a_bright_word_in_its_middle() {
        for (width, height) in [(640, 480), (1280, 720), (321, 243)] {
            let frame = frame(width, height);
            let marked = mark(&frame, "PAUSED", &FramePool::new()).unwrap();
            assert_eq!((marked.width, marked.height, marked.online), (width as u32, height as u32, false));
            let (before, after) = (decode(&frame.jpeg), decode(&marked.jpeg));
            assert_eq!((after.width, after.height), (width, height));
            let line = |y: usize| &after.pixels[y * after.pitch..(y + 1) * after.pitch];
            let bright =
                |y: usize| line(y).chunks(3).filter(|pixel| pixel.iter().all(|part| *part > 200)).count();
            assert!(bright(height / 2) > width / 40, "{}", bright(height / 2));
            assert_eq!((bright(height / 4), bright(height * 3 / 4)), (0, 0));
            let mean =
                |pixels: &[u8]| pixels.iter().map(|part| f64::from(*part)).sum::<f64>() / pixels.len() as f64;
            assert!(mean(&after.pixels) < mean(&before.pixels) * 0.7);
            assert_eq!(ffmpeg_warnings(&marked.jpeg), "");
        }
    }

    #[test]
    fn any_picture_and_any_word_will_do() {
        let pool = FramePool::new();
        for (width, height) in [(16, 16), (17, 400), (900, 20)] {
            for word in ["", "PAUSED", "已暂停", "a word that is longer than any picture is wide"] {
                mark(&frame(width, height), word, &pool).unwrap();
            }
        }
        let placard = placard("NO CAMERA", &[], 640, 480, &pool).unwrap();
        mark(&placard, "PAUSED", &pool).unwrap();
    }
}
