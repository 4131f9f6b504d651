//! Pictures as programs wrap them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mjpegd::wrapping::unwrap;

pub fn run(data: &[u8]) -> bool {
    if let Some(picture) = unwrap(data) {
        assert!(picture.len() <= data.len());
        assert!(picture.starts_with(&[0xFF, 0xD8, 0xFF]) || picture.starts_with(b"\x89PNG\r\n\x1a\n"));
        assert_eq!(unwrap(&picture), Some(picture.clone()), "what is unwrapped stays so");
    }
    // Whatever the picture is, it comes out of each wrapping as it went in.
    for start in [&[0xFF, 0xD8, 0xFF][..], b"\x89PNG\r\n\x1a\n\0"] {
        let picture = [start, data].concat();
        let text = STANDARD.encode(&picture);
        let lines = text.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..]);
        let uri = format!("data:image/jpeg;base64,{text}").into_bytes();
        for wrapped in [picture.clone(), text.into_bytes(), lines, uri] {
            assert_eq!(unwrap(&wrapped).as_deref(), Some(&picture[..]));
        }
    }
    unwrap(data).is_some()
}
