//! Pictures as programs hand them over: the bytes themselves, or base64 of them, with or without `data:image/jpeg;base64,`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The picture in these bytes. `None`: there is none.
pub fn unwrap(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    if is_picture(bytes) {
        return Some(Cow::Borrowed(bytes));
    }
    let text = match bytes.strip_prefix(b"data:") {
        Some(rest) => rest.splitn(2, |byte| *byte == b',').nth(1)?,
        None => bytes,
    };
    // How a JPEG and a PNG begin. Whatever else it is, it need not be taken apart.
    if !text.starts_with(b"/9j/") && !text.starts_with(b"iVBORw0KGgo") {
        return None;
    }
    let mut text = Cow::Borrowed(text);
    if text.iter().any(u8::is_ascii_whitespace) {
        text.to_mut().retain(|byte| !byte.is_ascii_whitespace());
    }
    STANDARD.decode(&text).ok().filter(|bytes| is_picture(bytes)).map(Cow::Owned)
}

/// A form's field that holds base64, in which a plus sign that was not encoded has become a space.
pub fn field(form: &[u8], name: &str) -> Option<String> {
    let (_, value) = form_urlencoded::parse(form).find(|(field, _)| field == name)?;
    Some(value.replace(' ', "+"))
}

fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xD8, 0xFF]) || bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrapping_is_taken_off_and_what_is_no_picture_is_none() {
        let picture = [&[0xFF, 0xD8, 0xFF, 0xE0][..], &[7; 100]].concat();
        let text = STANDARD.encode(&picture);
        let lines = text.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..]);
        for wrapped in
            [picture.clone(), text.clone().into(), format!("data:image/jpeg;base64,{text}").into(), lines]
        {
            assert_eq!(unwrap(&wrapped).as_deref(), Some(&picture[..]));
        }
        for other in
            [&b""[..], b"camera0", b"rtsp://door/live", b"/9j/!!", b"data:", b"data:image/png;base64,AAAA"]
        {
            assert_eq!(unwrap(other), None);
        }
    }
}
