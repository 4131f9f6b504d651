//! The head of an HTTP request (RFC 9112), from bytes that anybody may have sent.

use std::borrow::Cow;

use tiny_http::HTTPVersion;

/// Browsers send about 15 header lines; more than this is not a browser.
const MAX_HEADERS: usize = 64;

/// What a route needs to know of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// As it came, with what follows the question mark.
    pub target: String,
    pub path: String,
    pub query: Query,
    pub version: HTTPVersion,
    /// Whether the connection stays open after the answer.
    pub keep_alive: bool,
    /// Bytes of body that follow; `None`: chunked, so unknown.
    pub body_len: Option<u64>,
    /// Whether the body comes only when it is asked for (RFC 9110, section 10.1.1).
    pub expects_continue: bool,
    /// What a cross-origin browser wants to be allowed to send, echoed in the answer.
    pub cors_method: Option<String>,
    pub cors_headers: Option<String>,
    pub content_type: Option<String>,
    /// Who asks, as that one says.
    pub authorization: Option<String>,
    /// The versions of it that who asks has already.
    pub if_none_match: Option<String>,
    /// Whether who asks has come by `https://`, to us or to a proxy before us.
    pub https: bool,
    pub from: From,
}

/// What a request says of where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct From {
    /// The name that we were called by, with the port if it is another than usual: `pi:8080`, in small letters.
    pub authority: Option<String>,
    /// The page that a browser sent it from, `http://octopi.local`.
    pub origin: Option<String>,
    /// `Sec-Fetch-Site`: what the browser thinks of that page's relation to us.
    pub fetch_site: Option<String>,
    /// Who asked the proxies in between, as they say.
    pub forwarded_for: Vec<String>,
    pub referer: Option<String>,
    pub user_agent: Option<String>,
}

/// Why a head is no request; the status to answer with, and the reason in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRequest {
    pub status: u16,
    pub reason: &'static str,
}

/// The parameters after the question mark, decoded, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Self {
        Self(
            form_urlencoded::parse(query.as_bytes()).map(|(key, value)| (key.into(), value.into())).collect(),
        )
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A switch as ustreamer reads it: `1`, `true` and `yes` are on.
    pub fn is_on(&self, key: &str) -> bool {
        matches!(self.get(key), Some("1" | "true" | "yes"))
    }
}

/// Reads a head. `Ok(None)`: more bytes are needed. Else the request, and how many bytes its head took.
pub fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, BadRequest> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let len = match head.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(BadRequest::from(error)),
    };
    let version = HTTPVersion(1, head.version.unwrap_or(0));
    let fields = Fields(head.headers);
    match fields.all("host").count() {
        1 if fields.all("host").all(is_host) => {}
        1 => return Err(bad("the Host is no name or address")),
        0 if version == (1, 0) => {}
        _ => return Err(bad("exactly one Host header is needed")),
    }
    let whole = head.path.unwrap_or_default();
    let (path, query) = target(whole);
    // Clients of HTTP/1.0 wait for the end of the connection, unless a line that nobody needs today says otherwise.
    let closes = fields.all("connection").any(|value| has_token(&String::from_utf8_lossy(value), "close"));
    let keep_alive = version == (1, 1) && !closes;
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        target: whole.to_owned(),
        path: path.to_owned(),
        query: Query::parse(query),
        keep_alive,
        body_len: body_len(&fields, &version)?,
        version,
        expects_continue: fields
            .text("expect")
            .is_some_and(|value| value.eq_ignore_ascii_case("100-continue")),
        cors_method: fields.text("access-control-request-method").map(Cow::into_owned),
        cors_headers: fields.text("access-control-request-headers").map(Cow::into_owned),
        authorization: fields.text("authorization").map(Cow::into_owned),
        content_type: fields.text("content-type").map(Cow::into_owned),
        if_none_match: fields.text("if-none-match").map(Cow::into_owned),
        https: fields.text("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
        from: from(&fields),
    };
    Ok(Some((request, len)))
}

struct Fields<'a>(&'a [httparse::Header<'a>]);

impl<'a> Fields<'a> {
    fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.all(name).next().map(String::from_utf8_lossy)
    }
}

fn from(fields: &Fields<'_>) -> From {
    let text = |name| fields.text(name).map(Cow::into_owned);
    let list = |name| fields.all(name).map(String::from_utf8_lossy).collect::<Vec<_>>().join(",");
    // `Forwarded: for=` (RFC 7239) says the same, in a form that few proxies write.
    let forwarded_for = list("x-forwarded-for") + "," + &list("x-real-ip");
    From {
        authority: text("host").map(|host| host.to_ascii_lowercase()),
        origin: text("origin"),
        fetch_site: text("sec-fetch-site"),
        referer: text("referer"),
        user_agent: text("user-agent"),
        forwarded_for: forwarded_for
            .split(',')
            .map(|one| one.trim().to_owned())
            .filter(|one| !one.is_empty())
            .collect(),
    }
}

impl From {
    /// The name alone, of `[::1]:8080` and of `pi:8080`.
    pub fn host(&self) -> Option<&str> {
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        self.authority.as_deref().map(|authority| match authority.rsplit_once(':') {
            Some((name, port)) if is_port(port) && (!name.contains(':') || name.ends_with(']')) => name,
            _ => authority,
        })
    }
}

/// Two lengths, or a length and chunks, are how requests are smuggled past a proxy (RFC 9112, section 6.3).
fn body_len(fields: &Fields<'_>, version: &HTTPVersion) -> Result<Option<u64>, BadRequest> {
    let mut lengths = fields.all("content-length");
    let length = lengths.next();
    if lengths.next().is_some() {
        return Err(bad("more than one Content-Length"));
    }
    let codings: Vec<_> = fields.all("transfer-encoding").collect();
    if !codings.is_empty() {
        return match (length, codings.as_slice()) {
            (Some(_), _) => Err(bad("both Content-Length and Transfer-Encoding")),
            _ if *version == (1, 0) => Err(bad("HTTP/1.0 knows no Transfer-Encoding")),
            (None, [coding]) if coding.eq_ignore_ascii_case(b"chunked") => Ok(None),
            _ => Err(BadRequest { status: 501, reason: "no transfer coding but chunked is known here" }),
        };
    }
    let Some(digits) = length else { return Ok(Some(0)) };
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad("Content-Length is not a number"));
    }
    // A number that does not fit is still a number, and far too large.
    Ok(Some(digits.parse().unwrap_or(u64::MAX)))
}

/// What may stand in a name, an address or a port (RFC 3986, section 3.2.2); it may be empty too.
fn is_host(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(byte))
}

/// Path and query of the request target; proxies send it as an absolute URL.
fn target(target: &str) -> (&str, &str) {
    let local = match target.strip_prefix("http://").or_else(|| target.strip_prefix("https://")) {
        Some(absolute) => absolute.find(['/', '?']).map_or("/", |start| &absolute[start..]),
        None => target,
    };
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    (if path.is_empty() { "/" } else { path }, query)
}

fn has_token(list: &str, token: &str) -> bool {
    list.split(',').any(|item| item.trim().eq_ignore_ascii_case(token))
}

const fn bad(reason: &'static str) -> BadRequest {
    BadRequest { status: 400, reason }
}

impl std::convert::From<httparse::Error> for BadRequest {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::TooManyHeaders => Self { status: 431, reason: "too many header lines" },
            httparse::Error::Version => Self { status: 505, reason: "HTTP/1.0 and HTTP/1.1 are spoken here" },
            _ => bad("this is not an HTTP request"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Request {
        let (request, len) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(len, text.len());
        request
    }

    fn status(text: &str) -> u16 {
        parse(text.as_bytes()).unwrap_err().status
    }

    #[test]
    fn a_browsers_request_is_read() {
        let request = request("GET /stream?fps=5&x=%41+b HTTP/1.1\r\nHost: pi:8080\r\n\r\n");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/stream"));
        assert_eq!(request.query.get("fps"), Some("5"));
        assert_eq!(request.query.get("x"), Some("A b"));
        assert!(request.keep_alive);
        assert_eq!(request.body_len, Some(0));
    }

    #[test]
    fn half_a_head_is_not_yet_a_request() {
        assert_eq!(parse(b"GET / HTTP/1.1\r\nHost: pi\r\n"), Ok(None));
        assert_eq!(parse(b""), Ok(None));
    }

    #[test]
    fn keep_alive_follows_version_and_header() {
        assert!(!request("GET / HTTP/1.0\r\n\r\n").keep_alive);
        assert!(!request("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
        assert!(!request("GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\n").keep_alive);
    }

    #[test]
    fn a_proxys_absolute_target_is_understood() {
        let absolute = request("GET http://pi:8080/?action=stream HTTP/1.1\r\nHost: pi\r\n\r\n");
        assert_eq!((absolute.path.as_str(), absolute.query.get("action")), ("/", Some("stream")));
        assert_eq!(request("GET http://pi HTTP/1.1\r\nHost: pi\r\n\r\n").path, "/");
    }

    #[test]
    fn the_host_is_named_once() {
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    }

    #[test]
    fn smuggled_bodies_are_refused() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\n";
        assert_eq!(status(&format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n")), 400);
        assert_eq!(status(&format!("{head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")), 400);
        assert_eq!(status(&format!("{head}Content-Length: -1\r\n\r\n")), 400);
        assert_eq!(request(&format!("{head}Transfer-Encoding: chunked\r\n\r\n")).body_len, None);
        let huge = request(&format!("{head}Content-Length: 99999999999999999999999\r\n\r\n"));
        assert_eq!(huge.body_len, Some(u64::MAX));
    }

    #[test]
    fn what_is_not_http_gets_a_status_of_its_own() {
        assert_eq!(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
        assert_eq!(status("\x16\x03\x01\x02\x00"), 400);
        let many = "a: b\r\n".repeat(MAX_HEADERS + 1);
        assert_eq!(status(&format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")), 431);
    }
}
