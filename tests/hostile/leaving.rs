//! Clients that break the connection, wherever they are.

use super::*;
use crate::common::daemon::free_port;
use crate::common::wire::Wire;

/// Closes it so that the other side is told of an error and not of an end.
fn reset(socket: &TcpStream) {
    socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn connections_that_are_reset_at_any_point_leave_nothing_behind() {
    let camera = camera();
    let port = free_port();
    let daemon = daemon(&camera, "", &["--tls-port", &port.to_string()]);
    let secure = SocketAddr::from(([127, 0, 0, 1], port));
    let upload = "PATCH /api/v1/settings HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    // What is sent, and how many bytes are read, before it is reset.
    let points = [
        (String::new(), 0),
        ("G".to_owned(), 0),
        ("GET /stream HTTP/1.1\r\nHo".to_owned(), 0),
        (get("/healthz"), 0),
        (get("/healthz").repeat(100), 50),
        (upload.to_owned(), 0),
        (get("/stream"), 0),
        (get("/stream"), 1500),
        (get("/stream"), 20_000),
        (get("/snapshot"), 0),
        (get("/snapshot"), 300),
        (get("/page.js"), 1000),
        (get("/api/v1/events?every=0.2"), 0),
        (get("/api/v1/events?every=0.2"), 1000),
        (get("/api/v1/cameras"), 0),
    ];
    let round = || {
        for (request, read) in &points {
            let mut socket = TcpStream::connect(daemon.address).unwrap();
            socket.write_all(request.as_bytes()).unwrap();
            socket.read_exact(&mut vec![0; *read]).unwrap();
            reset(&socket);
        }
        // The same where there is TLS in between, and in the middle of its handshake.
        for hello in [&[][..], &[0x16], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
            let mut socket = TcpStream::connect(secure).unwrap();
            socket.write_all(hello).unwrap();
            reset(&socket);
        }
        for read in [0, 20_000] {
            let mut wire = Wire::tls(TcpStream::connect(secure).unwrap());
            wire.write_all(get("/stream").as_bytes()).unwrap();
            wire.flush().unwrap();
            wire.read_exact(&mut vec![0; read]).unwrap();
            let Wire::Tls(stream) = &wire else { unreachable!() };
            reset(&stream.sock);
        }
    };
    while_watched("resets", &daemon, || {
        round();
        alone(&daemon, 1);
        let (memory, files, threads) = (own_memory(&daemon), daemon.open_files(), daemon.threads());
        (0..30).for_each(|_| round());
        alone(&daemon, 1);
        assert!(
            within(PATIENCE, || daemon.open_files() <= files),
            "{files} files, now {}",
            daemon.open_files()
        );
        assert_eq!(daemon.threads(), threads);
        let grown = own_memory(&daemon).saturating_sub(memory);
        assert!(grown < 4 << 20, "{grown} bytes more");
    });
}

#[test]
fn handshakes_of_tls_that_are_begun_and_not_ended_have_their_time_and_no_more() {
    let camera = camera();
    let port = free_port();
    let daemon = daemon(&camera, "[http]\nrequest-timeout = 2\n", &["--tls-port", &port.to_string()]);
    let secure = SocketAddr::from(([127, 0, 0, 1], port));
    while_watched("half a handshake", &daemon, || {
        let mut sockets: Vec<_> = (0..200).map(|_| TcpStream::connect(secure).unwrap()).collect();
        for (number, socket) in sockets.iter_mut().enumerate() {
            let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
            socket.write_all(&hello[..number % hello.len()]).unwrap();
        }
        for socket in &mut sockets {
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            assert!(statuses(&everything(socket)).is_empty());
        }
    });
    alone(&daemon, 0);
}
