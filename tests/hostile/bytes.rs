//! Bytes that are no request, or one that should not be trusted: RFC 9110, RFC 9112, and what crackers send.

use super::*;

/// What is sent, and what may be answered: statuses in their order; none: it is closed without a word.
type Case = (&'static str, Vec<u8>, &'static [&'static [u16]]);

fn get(lines: &str) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\n{lines}\r\n").into()
}

fn post(lines: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n").into()
}

fn cases() -> Vec<Case> {
    const BAD: &[&[u16]] = &[&[400]];
    const GOOD: &[&[u16]] = &[&[200]];
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n";
    let mut hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    hello.extend((0..506).map(|number| (number * 7 % 256) as u8));
    let mut cases: Vec<Case> = vec![
        ("nothing", vec![], &[&[]]),
        ("a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[&[505]]),
        ("a hello of TLS", hello, BAD),
        ("the first byte of TLS", vec![0x16], BAD),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), BAD),
        ("HTTP/0.9", b"GET /\r\n".to_vec(), BAD),
        ("HTTP/1.2", b"GET / HTTP/1.2\r\nHost: a\r\n\r\n".to_vec(), &[&[505]]),
        ("HTTP/3.0", b"GET / HTTP/3.0\r\nHost: a\r\n\r\n".to_vec(), &[&[505]]),
        ("zeros", vec![0; 5000], BAD),
        ("all bytes", (0..=255).cycle().take(5000).collect(), BAD),
        ("small letters", b"get / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), &[&[501]]),
        ("no path", b"GET healthz HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), &[&[404]]),
        ("a star", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), &[&[404]]),
        (
            "a tunnel",
            b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n".to_vec(),
            &[&[404], &[405]],
        ),
        ("a proxy's request", b"GET http://example.org/healthz HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), GOOD),
        ("TRACE", b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), &[&[405]]),
        (
            "a path of bytes beyond ASCII",
            b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            &[&[400], &[404]],
        ),
        ("a NUL in the method", b"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), BAD),
        ("a NUL in the path", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), BAD),
        ("a NUL in a name", get("Host: a\r\nX\0: b\r\n"), BAD),
        ("a NUL in a value", get("Host: a\r\nX: a\0b\r\n"), BAD),
        ("line feeds alone", b"GET /healthz HTTP/1.1\nHost: a\n\n".to_vec(), GOOD),
        ("carriage returns alone", b"GET /healthz HTTP/1.1\rHost: a\r\r".to_vec(), BAD),
        ("a carriage return in a value", get("Host: a\r\nX: a\rb\r\n"), BAD),
        ("empty lines before", b"\r\n\r\n\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), GOOD),
        ("a folded line", get("Host: a\r\nX: a\r\n b\r\n"), BAD),
        ("a first line that is folded", get(" Host: a\r\n"), BAD),
        ("a space before the colon", get("Host: a\r\nX : b\r\n"), BAD),
        ("no name", get("Host: a\r\n: b\r\n"), BAD),
        ("no colon", get("Host: a\r\nX\r\n"), BAD),
        ("no Host", get(""), BAD),
        ("an empty Host", get("Host:\r\n"), GOOD),
        ("two Hosts", get("Host: a\r\nHost: a\r\n"), BAD),
        ("a Host with a space", get("Host: a b\r\n"), BAD),
        ("a Host with a path", get("Host: a/b\r\n"), BAD),
        ("a Host with a name before it", get("Host: a@b\r\n"), BAD),
        (
            "an expectation that nobody knows",
            [get("Host: a\r\nExpect: a-pony\r\n")].concat(),
            &[&[200], &[417]],
        ),
        ("an expectation without a body", get("Host: a\r\nExpect: 100-continue\r\n"), GOOD),
        ("a coding that is not known", post("Transfer-Encoding: gzip\r\n"), &[&[501]]),
        ("two codings", post("Transfer-Encoding: gzip, chunked\r\n"), &[&[501]]),
        ("a coding twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), &[&[501]]),
        ("a coding and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), BAD),
        ("a coding in HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), BAD),
        ("chunks where a length is needed", post("Transfer-Encoding: chunked\r\n"), &[&[411]]),
        ("two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n"), BAD),
        ("a length twice", post("Content-Length: 5\r\nContent-Length: 5\r\n"), BAD),
        ("more headers than anybody has", get(&format!("Host: a\r\n{}", "X: y\r\n".repeat(100))), &[&[431]]),
        ("a header without end", get(&format!("Host: a\r\nX: {}\r\n", "x".repeat(100_000))), &[&[431]]),
        ("a path without end", format!("GET /{} HTTP/1.1\r\n", "x".repeat(100_000)).into(), &[&[431]]),
        ("a method without end", "X".repeat(100_000).into(), &[&[431]]),
        (
            "many parameters",
            format!("GET /healthz?{} HTTP/1.1\r\nHost: a\r\n\r\n", "a=b&".repeat(1900)).into(),
            GOOD,
        ),
        (
            "a request in a body that nobody wants",
            format!(
                "POST /state HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{smuggled}",
                smuggled.len()
            )
            .into(),
            &[&[405]],
        ),
        (
            "a request in a body of a GET",
            format!(
                "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{smuggled}",
                smuggled.len()
            )
            .into(),
            GOOD,
        ),
    ];
    for length in ["-1", "+5", "5, 5", "0x5", "5 5", "", "five", "1e3", "\u{0665}"] {
        cases.push(("a length that is none", post(&format!("Content-Length: {length}\r\n")), BAD));
    }
    for length in
        ["65537", "4294967296", "18446744073709551615", "18446744073709551616", "99999999999999999999999999"]
    {
        cases.push(("a length beyond the limit", post(&format!("Content-Length: {length}\r\n")), &[&[413]]));
    }
    cases
}

#[test]
fn whatever_bytes_come_are_answered_clearly_or_not_at_all() {
    let camera = camera();
    let daemon = daemon(&camera, "[http]\nrequest-timeout = 1\n", &[]);
    while_watched("odd bytes", &daemon, || {
        let all = cases();
        for some in all.chunks(10) {
            // Some of them wait for a timeout.
            thread::scope(|scope| {
                for (name, bytes, allowed) in some {
                    let address = daemon.address;
                    scope.spawn(move || {
                        let got = statuses(&exchange(address, bytes));
                        assert!(
                            allowed.contains(&got.as_slice()),
                            "{name}: {got:?}, and not one of {allowed:?}"
                        );
                    });
                }
            });
        }
    });
    alone(&daemon, 0);
}

#[test]
fn what_is_sent_byte_by_byte_means_the_same() {
    let camera = camera();
    let daemon = daemon(&camera, "[http]\nrequest-timeout = 20\n", &[]);
    while_watched("bytes one by one", &daemon, || {
        for (bytes, status) in
            [(get("Host: a\r\nConnection: close\r\n"), 200), (get("Host: a\r\nHost: b\r\n"), 400)]
        {
            let mut socket = TcpStream::connect(daemon.address).unwrap();
            socket.set_nodelay(true).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            for byte in bytes {
                socket.write_all(&[byte]).unwrap();
                thread::sleep(Duration::from_millis(2));
            }
            assert_eq!(statuses(&everything(&mut socket)), [status]);
        }
    });
}

#[test]
fn no_path_leads_out_of_the_folder_of_files() {
    let camera = camera();
    let outside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let inside = outside.path().join("pages");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("index.html"), "the page").unwrap();
    std::fs::write(outside.path().join("secret"), "the secret").unwrap();
    std::fs::write(inside.join(".hidden"), "the secret").unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), inside.join("link")).unwrap();
    let daemon = daemon(&camera, "", &["--static", inside.to_str().unwrap()]);
    let mut targets: Vec<String> = Vec::new();
    for up in [
        "..",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "%252e%252e",
        "%%32%65%%32%65",
        "..%00",
        "%c0%ae%c0%ae",
        "..;",
        "...",
        "..\\",
        "..%5c",
    ] {
        for slash in ["/", "%2f", "%252f", "\\", "%5c", "//", "%c0%af"] {
            targets.push(format!("/{up}{slash}secret"));
            targets.push(format!("/index.html{slash}{up}{slash}{up}{slash}secret"));
            targets.push(format!("http://a/{up}{slash}secret"));
        }
    }
    targets.extend(
        ["/link", "/.hidden", "/%2ehidden", "/secret%00.html", "//etc/passwd", "/file:///etc/passwd"]
            .map(Into::into),
    );
    while_watched("paths that lead out", &daemon, || {
        for target in &targets {
            let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            let answer = exchange(daemon.address, request.as_bytes());
            let text = String::from_utf8_lossy(&answer);
            assert!([[400], [404]].iter().any(|one| *one == statuses(&answer)[..]), "{target}: {text}");
            assert!(!text.contains("the secret") && !text.contains("root:"), "{target}: {text}");
        }
        let page = exchange(daemon.address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert!(page.ends_with(b"the page"), "what is inside is served");
    });
}

#[test]
fn what_is_echoed_cannot_begin_a_line_of_its_own() {
    let camera = camera();
    let daemon = daemon(&camera, "", &["--allow-origin", "*", "--access-log"]);
    while_watched("lines in what is echoed", &daemon, || {
        for (target, lines) in [
            ("/healthz?key=a%0d%0aX-Mine:%20yes", ""),
            ("/status%0d%0aX-Mine:%20yes", ""),
            ("/healthz", "Access-Control-Request-Headers: a\u{85}X-Mine: yes\r\n"),
            // In base64: a name with an end of line and a line of the log in it.
            ("/state", "Authorization: Basic YQpYLU1pbmU6IHllczpi\r\n"),
        ] {
            let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{lines}Connection: close\r\n\r\n");
            let answer = exchange(daemon.address, request.as_bytes());
            let text = String::from_utf8_lossy(&answer);
            assert!(!text.lines().any(|line| line.starts_with("X-Mine")), "{target}: {text}");
        }
        let mut stream = TcpStream::connect(daemon.address).unwrap();
        stream.write_all(b"GET /stream?key=a%0d%0aX-Mine:%20yes HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut head = [0; 700];
        stream.read_exact(&mut head).unwrap();
        assert!(!String::from_utf8_lossy(&head).contains("X-Mine"));
    });
    assert!(daemon.log.wait_for("/stream?key", PATIENCE).is_some());
    assert!(!daemon.log.text().lines().any(|line| line.starts_with("X-Mine")), "{}", daemon.log.text());
}

#[test]
fn chunks_that_are_none_end_the_upload_and_keep_nothing() {
    let daemon =
        Launch::default().args(&["--source", "inbox"]).config("[http]\nserver-timeout = 2\n").start();
    let head = "PUT /frame HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let trailer = "a: b\r\n".repeat(5000);
    let line = "1".repeat(5000);
    for (name, body, allowed) in [
        ("a size that is none", "zz\r\n", vec![400]),
        ("a size below zero", "-5\r\nhello\r\n", vec![400]),
        ("a size beyond all numbers", "fffffffffffffffff\r\n", vec![400]),
        ("the largest size, and little of it", "ffffffffffffffff\r\nhello", vec![408]),
        ("more than the size", "2\r\nhello\r\n", vec![400]),
        ("a size line without end", line.as_str(), vec![400]),
        ("a trailer without end", &format!("0\r\n{trailer}"), vec![400]),
        ("no picture", "5\r\nhello\r\n0\r\n\r\n", vec![422]),
        (
            "a request behind it",
            "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            vec![422, 200],
        ),
    ] {
        let got = statuses(&exchange(daemon.address, format!("{head}{body}").as_bytes()));
        assert_eq!(got, allowed, "{name}");
    }
    alone(&daemon, 0);
    assert!(own_memory(&daemon) < MOST_MEMORY);
}
