//! The network at boot: late addresses and routes, in network namespaces of their own; and sockets opened by systemd.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::process::{Command, Output};

/// Runs a script in a new network namespace, with the daemon's words in `daemon` and functions to wait with; prints the daemon's log.
fn in_a_namespace(script: &str) -> Output {
    let helpers = r#"
        set -u
        mapfile -t daemon <<<"$MJPEGD"
        log=$(mktemp)
        trap 'kill $pid 2>/dev/null; cat "$log" >&2; rm -f "$log"' EXIT
        mjpegd() { env -u NOTIFY_SOCKET "${daemon[@]}" --config /dev/null --source pattern "$@" 2>"$log" & pid=$!; }
        logged() { for i in $(seq 300); do grep -qF "$1" "$log" && return; sleep 0.1; done; echo "not logged: $1" >&2; exit 1; }
        silent() { if grep -qF "$1" "$log"; then echo "logged: $1" >&2; exit 1; fi; }
        answers() { for i in $(seq 300); do curl -gsfo /dev/null "http://$1/state" && return; sleep 0.1; done; echo "$1 does not answer" >&2; exit 1; }
        ends() { for i in $(seq 300); do kill -0 $pid 2>/dev/null || break; sleep 0.1; done; wait $pid; [ $? = "$1" ] || { echo "another status than $1" >&2; exit 1; }; }
        ip link set lo up
        ip link add cable type veth peer name switch
        ip link set switch up
        ip link set cable up
    "#;
    // A user namespace, so that nobody need be root.
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "bash", "-c", &format!("{helpers}{script}")]);
    command.env("MJPEGD", common::daemon::words().join("\n")).env_remove("RUST_LOG");
    command.output().unwrap()
}

#[track_caller]
fn passes(script: &str) {
    let done = in_a_namespace(script);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn an_address_that_is_not_there_ends_it_with_the_setting_that_waits() {
    passes(
        r#"
        mjpegd --host 192.168.7.7 --port 18200
        ends 1
        logged '[network] wait = "address"'
        "#,
    );
}

#[test]
fn a_port_that_is_taken_ends_it_with_the_command_that_names_who_has_it() {
    passes(
        r#"
        mjpegd --port 18200
        answers 127.0.0.1:18200
        first=$pid
        mjpegd --port 18200
        ends 1
        kill $first
        logged '0.0.0.0:18200'
        logged 'sudo ss -ltnp'
        "#,
    );
}

#[test]
fn an_address_that_comes_late_is_waited_for_and_may_go_and_come_back() {
    passes(
        r#"
        mjpegd --host 127.0.0.1 --host 192.168.7.7 --port 18200 --network-wait address
        logged 'Network Error... 192.168.7.7 is no address of this machine'
        ! curl -sfo /dev/null http://127.0.0.1:18200/state || exit 1
        ip address add 192.168.7.7/24 dev cable
        logged 'Network Enable'
        answers 192.168.7.7:18200
        answers 127.0.0.1:18200
        ip address delete 192.168.7.7/24 dev cable
        ip address add 192.168.7.7/24 dev cable
        answers 192.168.7.7:18200
        "#,
    );
}

#[test]
fn an_address_that_never_comes_ends_it_after_the_timeout() {
    passes(
        r#"
        mjpegd --host 192.168.7.7 --port 18200 --network-wait address --network-timeout 1
        ends 1
        logged 'until the timeout'
        "#,
    );
}

#[test]
fn a_route_that_comes_late_is_waited_for() {
    passes(
        r#"
        mjpegd --port 18200 --network-wait route
        logged 'Network Error... there is no default route'
        silent 'listening on'
        ip address add 192.168.7.7/24 dev cable
        ip route add default via 192.168.7.1
        logged 'Network Enable'
        answers 192.168.7.7:18200
        "#,
    );
}

#[test]
fn without_a_route_it_serves_after_the_timeout() {
    passes(
        r#"
        mjpegd --port 18200 --network-wait route --network-timeout 1
        answers 127.0.0.1:18200
        logged 'serving all the same'
        "#,
    );
}

#[test]
fn a_signal_ends_the_waiting_with_status_0() {
    passes(
        r#"
        mjpegd --port 18200 --network-wait route
        logged 'Network Error'
        kill $pid
        ends 0
        "#,
    );
}

#[test]
fn an_address_that_comes_later_is_served_by_the_wildcard_and_told_once() {
    passes(
        r#"
        mjpegd --port 18200
        logged 'listening on'
        silent 'watch at'
        ip address add 192.168.7.7/24 dev cable
        logged 'watch at http://192.168.7.7:18200/'
        answers 192.168.7.7:18200
        ip address delete 192.168.7.7/24 dev cable
        ip address add 192.168.8.8/24 dev cable
        logged 'watch at http://192.168.8.8:18200/'
        answers 192.168.8.8:18200
        ip address add 192.168.7.7/24 dev cable
        ip address add 192.168.9.9/24 dev cable
        logged 'watch at http://192.168.9.9:18200/'
        [ "$(grep -c 'watch at http://192.168.7.7' "$log")" = 1 ]
        "#,
    );
}

/// Opens a socket as descriptor 3 and becomes the daemon, as systemd does.
const LAUNCHER: &str = r#"
import os, socket, sys
kind, port = sys.argv[1], 18200
family = {"both": socket.AF_INET6, "unix": socket.AF_UNIX}.get(kind, socket.AF_INET)
one = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
one.bind("\0mjpegd-test" if kind == "unix" else ("::" if kind == "both" else "127.0.0.1", port))
if kind != "udp": one.listen(16)
os.dup2(one.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2], sys.argv[2:])
"#;

#[test]
fn sockets_that_systemd_has_opened_take_the_place_of_host_and_port() {
    for kind in ["v4", "both"] {
        passes(&format!(
            r#"
            python3 -c '{LAUNCHER}' {kind} "${{daemon[@]}}" --config /dev/null --source pattern --port 18201 2>"$log" & pid=$!
            logged 'systemd has opened the port'
            answers 127.0.0.1:18200
            ! curl -sfo /dev/null http://127.0.0.1:18201/state
            "#
        ));
    }
}

#[test]
fn a_unix_socket_that_systemd_has_opened_is_served() {
    passes(&format!(
        r#"
        python3 -c '{LAUNCHER}' unix "${{daemon[@]}}" --config /dev/null --source pattern 2>"$log" & pid=$!
        logged 'systemd has opened the port'
        curl -sfo /dev/null --abstract-unix-socket mjpegd-test http://localhost/state
        "#
    ));
}

#[test]
fn a_socket_of_another_kind_is_refused_in_words() {
    passes(&format!(
        r#"
        python3 -c '{LAUNCHER}' udp "${{daemon[@]}}" --config /dev/null --source pattern 2>"$log" & pid=$!
        ends 1
        logged 'it is neither a TCP socket nor a Unix stream'
        "#
    ));
}
