//! More clients than there is room for, and one that asks all day.

use rustix::process::{Resource, getrlimit, setrlimit};

use super::*;
use crate::common::client::Client;

/// As many files as this process may open.
fn raise_file_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.maximum.map_or(1 << 20, |files| files as usize)
}

#[test]
fn ten_thousand_connections_leave_a_viewer_its_pictures_and_who_is_inside_its_place() {
    let files = raise_file_limit();
    let many = 10_000.min(files.saturating_sub(500));
    // The daemon has the same limit, and needs two for each.
    let room = 2048.min(many / 3);
    let camera = camera();
    let config = format!("[http]\nmax-connections = {room}\nrequest-timeout = 120\n");
    let daemon = daemon(&camera, &config, &[]);
    state(&daemon);
    let threads = daemon.threads();
    while_watched(&format!("{many} connections"), &daemon, || {
        let mut inside = Client::connect(&daemon);
        assert_eq!(inside.get("/healthz").head.status(), 200);
        let mut crowd = Vec::new();
        for number in 0..many {
            // From many addresses: a port number is enough for a third of them.
            let from = SocketAddr::from(([127, 0, (number / 2000) as u8, 9], 0));
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            socket.bind(&from.into()).unwrap();
            socket.connect(&daemon.address.into()).unwrap();
            crowd.push(TcpStream::from(socket));
        }
        assert_eq!(inside.get("/healthz").head.status(), 200, "who is inside is served");
        let answer = exchange(daemon.address, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        // Told, or closed without a word.
        assert!([vec![503], vec![]].contains(&statuses(&answer)), "{:?}", statuses(&answer));
        assert!(daemon.open_files() < room + 300, "{} files are open", daemon.open_files());
    });
    assert!(refused(&daemon, "connections") >= (many - room) as u64);
    assert_eq!(daemon.log.count("connections are refused"), 1, "{}", daemon.log.text());
    alone(&daemon, 0);
    assert_eq!(daemon.threads(), threads);
}

#[test]
fn a_day_of_requests_one_a_second_leaves_nothing_behind() {
    const A_DAY: usize = 86_400;
    const ASKERS: usize = 4;
    let camera = camera();
    let daemon = daemon(&camera, "", &[]);
    let ask = |requests: usize| {
        thread::scope(|scope| {
            for _ in 0..ASKERS {
                scope.spawn(|| {
                    let mut client = Client::connect(&daemon);
                    for number in 0..requests / ASKERS {
                        // Of ten one comes on a connection of its own.
                        if number % 10 == 0 {
                            client = Client::connect(&daemon);
                        }
                        let target =
                            ["/healthz", "/snapshot?max_age=60000", "/state", "/nothing"][number % 4];
                        let status = client.get(target).head.status();
                        assert_eq!(status, if number % 4 == 3 { 404 } else { 200 });
                    }
                });
            }
        });
    };
    while_watched("a day of requests", &daemon, || {
        ask(A_DAY / 10);
        alone(&daemon, 1);
        let (memory, files, threads) = (own_memory(&daemon), daemon.open_files(), daemon.threads());
        ask(A_DAY - A_DAY / 10);
        alone(&daemon, 1);
        let grown = own_memory(&daemon).saturating_sub(memory);
        assert!(grown < 4 << 20, "{grown} bytes more");
        assert!(
            within(PATIENCE, || daemon.open_files() <= files),
            "{files} files, now {}",
            daemon.open_files()
        );
        assert_eq!(daemon.threads(), threads);
    });
}
