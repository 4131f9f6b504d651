//! The head of a request: a stranger's first bytes.

use mjpegd::viewers::request;

pub fn run(data: &[u8]) -> bool {
    let whole = request::parse(data);
    // Bytes come as the network likes. What is refused early would have been refused whole, and nothing is read of half a head.
    for end in [data.len() / 4, data.len() / 2, data.len().saturating_sub(1)] {
        match (request::parse(&data[..end]), &whole) {
            (Ok(None), _) | (Err(_), Err(_)) => {}
            (early, _) => assert_eq!(early, whole),
        }
    }
    let (request, length) = match whole {
        Ok(Some(read)) => read,
        Ok(None) => return false,
        Err(bad) => {
            assert!((400..600).contains(&bad.status) && !bad.reason.is_empty());
            return false;
        }
    };
    assert!((1..=data.len()).contains(&length));
    // What is behind it changes nothing.
    assert_eq!(request::parse(&data[..length]), Ok(Some((request.clone(), length))));

    // None of it can break a line of the log or of an answer.
    let from = &request.from;
    let said = [&request.cors_method, &request.cors_headers, &request.authorization, &request.content_type];
    let said = said.into_iter().chain([&request.if_none_match, &from.origin, &from.fetch_site]);
    let said = said.chain([&from.referer, &from.user_agent, &from.authority]).flatten();
    for text in said.chain([&request.method, &request.target]).chain(&from.forwarded_for) {
        assert!(!text.contains(['\r', '\n', '\0']), "{text:?}");
        // A byte that is not UTF-8 becomes a character of three.
        assert!(text.len() <= 3 * length);
    }
    assert!(!request.method.is_empty() && !request.method.contains(' '));
    assert!(!request.path.is_empty() && !request.path.contains([' ', '?']));
    assert!(request.target.contains(&request.path) || request.path == "/");
    assert!(!request.keep_alive || request.version == (1, 1));
    // What it takes to smuggle a second request past a proxy.
    let head = data[..length].to_ascii_lowercase();
    let has = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    assert!(request.body_len.is_some() || has(b"transfer-encoding"));
    assert!(request.body_len == Some(0) || request.body_len.is_none() || has(b"content-length"));
    if let Some(host) = from.host() {
        assert!(from.authority.as_ref().is_some_and(|authority| authority.starts_with(host)));
    }
    assert!(from.forwarded_for.iter().all(|one| !one.is_empty() && one.trim() == one));
    true
}
