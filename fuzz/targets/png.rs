//! A PNG, from a folder of slides or from whoever may hand in pictures.

use mjpegd::clock::Monotonic;
use mjpegd::source::slide::Slide;

pub fn run(data: &[u8]) -> bool {
    let Ok(slide) = Slide::from_png(data) else { return false };
    let (width, height) = slide.size();
    assert!(width >= 2 && height >= 2);
    let picture = slide.picture(Monotonic::default());
    // All of it is there, whatever kind of PNG it was.
    assert_eq!(picture.bytes.len(), 3 * width as usize * height as usize);
    assert_eq!((picture.width, picture.height, picture.stride), (width, height, 3 * width as usize));
    true
}
