//! Parameters behind the question mark and fields of a form, encoded as browsers do it.

use mjpegd::viewers::request;
use mjpegd::wrapping;

pub fn run(data: &[u8]) -> bool {
    any_query(data);
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (name, value) = (String::from_utf8_lossy(&data[..at]), String::from_utf8_lossy(&data[at..]));
    what_is_encoded_comes_back(&name, &value);
    any_form(data)
}

/// Whatever stands there, as far as a target may have it.
fn any_query(data: &[u8]) {
    let allowed = |byte: &&u8| byte.is_ascii_graphic();
    let query: String = data.iter().filter(allowed).map(|byte| char::from(*byte)).collect();
    let head = format!("GET /x?{query} HTTP/1.0\r\n\r\n");
    let Ok(Some((request, _))) = request::parse(head.as_bytes()) else { return };
    assert_eq!(request.path, "/x");
    for piece in query.split('&') {
        let name = piece.split('=').next().unwrap_or_default();
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            // The first of a name is the one that holds.
            let value = request.query.get(name).unwrap();
            assert!(value.len() <= 3 * query.len());
            assert!(!request.query.is_on(name) || matches!(value, "1" | "true" | "yes"));
        }
    }
}

fn what_is_encoded_comes_back(name: &str, value: &str) {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    let encoded = encoded.append_pair(name, value).append_pair("last", "1").finish();
    let head = format!("GET /x?{encoded} HTTP/1.0\r\n\r\n");
    let (request, length) = request::parse(head.as_bytes()).unwrap().unwrap();
    assert_eq!(length, head.len());
    assert_eq!(request.query.get(name), Some(value));
    assert!(name == "last" || request.query.is_on("last"));
    let spaces_are_pluses = value.replace(' ', "+");
    assert_eq!(wrapping::field(encoded.as_bytes(), name).as_deref(), Some(&*spaces_are_pluses));
}

fn any_form(data: &[u8]) -> bool {
    let text = wrapping::field(data, "img");
    if let Some(text) = &text {
        assert!(!text.contains(' ') && text.len() <= 3 * data.len());
        let _ = wrapping::unwrap(text.as_bytes());
    }
    text.is_some()
}
