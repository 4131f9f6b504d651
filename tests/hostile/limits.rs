//! The limits that have names: who comes on top of them is told to come again, and it is counted and told once.

use std::process::Command;

use super::*;
use crate::common::client::Client;
use crate::common::daemon::{free_port, words};

fn metric(daemon: &Daemon, limit: &str) -> u64 {
    let page = exchange(daemon.address, b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let text = String::from_utf8(page).unwrap();
    let name = format!("mjpegd_refused_total{{limit=\"{limit}\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&name));
    value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[test]
fn one_viewer_more_than_there_may_be_is_told_to_come_again_and_may_do_all_else() {
    let camera = camera();
    let daemon = daemon(&camera, "[http]\nmax-viewers = 3\n", &[]);
    while_watched("too many viewers", &daemon, || {
        let mut viewers: Vec<_> = (0..2).map(|_| Stream::open(&daemon, "/stream")).collect();
        let mut client = Client::connect(&daemon);
        for _ in 0..5 {
            let answer = client.get("/stream");
            assert_eq!(answer.head.status(), 503);
            assert!(answer.head.value("Retry-After").is_some(), "{}", answer.head.0);
        }
        assert_eq!(client.get("/snapshot").head.status(), 200, "who may not watch may ask");
        viewers.pop();
        // The place of who left is free as soon as that has been seen.
        let watches = || {
            client.ask("GET", "/stream", "");
            let head = client.head();
            if head.status() == 503 {
                client.exactly(head.number("Content-Length") as usize);
            }
            head.status() == 200
        };
        assert!(within(PATIENCE, watches));
    });
    assert!(refused(&daemon, "viewers") >= 5 && metric(&daemon, "viewers") >= 5);
    assert_eq!(daemon.log.count("viewers are refused: 3 are watching"), 1, "{}", daemon.log.text());
}

#[test]
fn connections_on_top_are_refused_over_tls_as_well() {
    let camera = camera();
    let port = free_port();
    let daemon = daemon(&camera, "[http]\nmax-connections = 4\n", &["--tls-port", &port.to_string()]);
    while_watched("too many over TLS", &daemon, || {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut inside = Vec::new();
        // Whoever looked at the state before may still be on his way out.
        let is_let_in = || {
            let mut client = Client::secure(address, None);
            if client.get("/healthz").head.status() == 200 {
                inside.push(client);
            }
            inside.len() == 3
        };
        assert!(within(PATIENCE, is_let_in));
        for _ in 0..3 {
            let mut client = Client::secure(address, None);
            client.ask("GET", "/healthz", "");
            let answer = client.answer();
            assert_eq!(answer.head.status(), 503);
            assert!(answer.head.value("Retry-After").is_some());
        }
        assert_eq!(inside[0].get("/healthz").head.status(), 200, "those inside are served");
    });
    assert!(refused(&daemon, "connections") >= 3);
    assert_eq!(daemon.log.count("connections are refused: 4 are open"), 1, "{}", daemon.log.text());
}

#[test]
fn one_address_cannot_take_the_places_of_the_others() {
    // In a network of its own, since this machine's loopback is not counted.
    let script = r#"
        set -u
        mapfile -t daemon <<<"$MJPEGD"
        folder=$(mktemp -d)
        trap 'kill $pid 2>/dev/null; cat "$folder/log" >&2; rm -rf "$folder"' EXIT
        ip link set lo up
        ip address add 192.0.2.7/24 dev lo
        ip address add 192.0.2.8/24 dev lo
        ip address add 2001:db8::7/64 dev lo nodad
        ip address add 2001:db8::8/64 dev lo nodad
        printf '[http]\nmax-connections-per-address = 3\nrequest-timeout = 300\n' >"$folder/toml"
        "${daemon[@]}" --config "$folder/toml" --source pattern --host 0.0.0.0 --host :: --port 18200 2>"$folder/log" & pid=$!
        for i in $(seq 300); do grep -qF 'listening on http' "$folder/log" && break; sleep 0.1; done
        asks() { curl -gso "$folder/answer" -D "$folder/head" -w '%{http_code}' --interface "$2" "http://$1:18200/healthz"; }
        is() { [ "$1" = "$2" ] || { echo "$3: $1 and not $2" >&2; exit 1; }; }
        for i in 1 2 3; do exec {held}<>/dev/tcp/192.0.2.7/18200; done
        is "$(asks 192.0.2.7 192.0.2.7)" 503 'the fourth from there'
        grep -qi '^Retry-After: ' "$folder/head" || { echo 'no Retry-After' >&2; exit 1; }
        is "$(asks 192.0.2.8 192.0.2.8)" 200 'another address'
        for i in 1 2 3; do exec {held}<>/dev/tcp/2001:db8::7/18200; done
        is "$(asks '[2001:db8::8]' 2001:db8::8)" 503 'the same IPv6 network'
        for i in 1 2 3 4; do exec {held}<>/dev/tcp/127.0.0.1/18200; done
        is "$(asks 127.0.0.1 127.0.0.1)" 200 'this machine itself'
        is "$(grep -cF 'connections are refused: 3 are open from' "$folder/log")" 1 'lines in the log'
        is "$(asks 192.0.2.7 192.0.2.7)" 503 'the fourth from there, once more'
        exec {held}>&-
        curl -s http://127.0.0.1:18200/metrics | grep -qx 'mjpegd_refused_total{limit="connections_per_address"} 3' ||
            { echo 'not counted' >&2; exit 1; }
    "#;
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "bash", "-c", script]);
    command.env("MJPEGD", words().join("\n")).env_remove("RUST_LOG");
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_body_is_as_long_as_the_settings_say_at_most() {
    let camera = camera();
    let daemon = daemon(&camera, "[http]\nmax-body-bytes = 2000\n", &[]);
    let patch = |length: usize| {
        let head = "PATCH /api/v1/settings HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n";
        let body = format!("{{}}{}", " ".repeat(length - 2));
        statuses(&exchange(
            daemon.address,
            format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes(),
        ))
    };
    assert_eq!(patch(2000), [200]);
    assert_eq!(patch(2001), [413]);
    assert_eq!(refused(&daemon, "bodies"), 1);
}
