//! Heads that anybody may send: mutated from good ones with a fixed seed, so that a failure comes again.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::client::{Client, get};
use common::daemon::Daemon;
use mjpegd::viewers::request;

const SEEDS: [&str; 8] = [
    "GET /stream HTTP/1.1\r\nHost: pi:8080\r\n\r\n",
    "GET /?action=snapshot&max_age=100 HTTP/1.0\r\n\r\n",
    "GET http://pi:8080/stream?fps=5&key=%41+b&extra_headers=1 HTTP/1.1\r\nHost: pi\r\nConnection: close\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
    "HEAD /state HTTP/1.1\r\nHost: [::1]:8080\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: image/*;q=0.8\r\n\r\n",
    "\r\nGET /page.css HTTP/1.1\nHost: a\n\n",
];

/// Bytes and words that parsers stumble over.
const PIECES: [&[u8]; 16] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b":",
    b" ",
    b"\t",
    b"%",
    b"%zz",
    b"?",
    b"\xff\xfe",
    b"HTTP/9.9",
    b"Host: b\r\n",
    b"Content-Length: 18446744073709551616\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"&&==",
];

/// xorshift64*: enough to wander, and the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn head(&mut self) -> Vec<u8> {
        let mut head = SEEDS[self.below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..self.below(6) {
            let at = self.below(head.len() + 1);
            let end = at + self.below(head.len() - at + 1);
            match self.below(6) {
                0 if at < head.len() => head[at] = self.below(256) as u8,
                1 => drop(head.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied())),
                2 => head.truncate(at),
                3 => drop(head.drain(at..end)),
                4 => {
                    let again = head[at..end].repeat(self.below(4));
                    head.splice(at..at, again);
                }
                _ => drop(head.splice(at..at, SEEDS[self.below(SEEDS.len())].bytes())),
            }
        }
        head
    }
}

#[test]
fn no_head_makes_the_parser_panic_or_read_beyond_its_end() {
    let mut random = Random(0x6d6a_7065_6764);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..200_000 {
        let head = random.head();
        match request::parse(&head) {
            Ok(Some((request, length))) => {
                read += 1;
                assert!(length <= head.len());
                let printable = String::from_utf8_lossy(&head).into_owned();
                assert!(
                    !request.method.is_empty() && request.path.starts_with(['/', '*'])
                        || !request.path.is_empty()
                );
                assert!(!request.method.contains(['\r', '\n', ' ']), "{printable:?}");
                assert!(!request.path.contains(['\r', '\n', ' ']), "{printable:?}");
                // What is whole stays whole: the bytes behind it change nothing.
                assert_eq!(request::parse(&head[..length]), Ok(Some((request, length))), "{printable:?}");
            }
            Ok(None) => {}
            Err(bad) => {
                refused += 1;
                assert!((400..600).contains(&bad.status) && !bad.reason.is_empty());
            }
        }
    }
    assert!(
        read > 20_000 && refused > 20_000,
        "the mutations are neither too wild nor too tame: {read}, {refused}"
    );
}

#[test]
fn half_a_head_is_never_refused_where_the_whole_is_read() {
    for seed in SEEDS {
        for end in 0..seed.len() {
            assert!(matches!(request::parse(&seed.as_bytes()[..end]), Ok(None)), "{:?}", &seed[..end]);
        }
        assert!(matches!(request::parse(seed.as_bytes()), Ok(Some((_, length))) if length == seed.len()));
    }
}

#[test]
fn the_daemon_serves_on_after_two_thousand_odd_heads() {
    let daemon = Daemon::with_pattern(&[]);
    let mut random = Random(0x6865_6164);
    let mut open = Vec::new();
    for _ in 0..2000 {
        let mut client = Client::connect(&daemon);
        client.try_send(random.head());
        // Some stay open, so that answers and streams run beside each other.
        open.push(client);
        if open.len() > 50 {
            open.swap_remove(random.below(50));
        }
    }
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
}
