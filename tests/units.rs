//! The units that systemd is given.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

/// Without its head, up to the first key that both have, and the lines that name the instance.
fn shared_part(unit: &str) -> Vec<&str> {
    let (_, body) = unit.split_once("\nDescription=").unwrap();
    let names_it = |line: &&str| line.starts_with("ExecStart=") || line.starts_with("StateDirectory=");
    body.lines().skip(1).filter(|line| !names_it(line)).collect()
}

#[test]
fn the_unit_for_one_camera_and_the_one_for_several_say_the_same() {
    let one = include_str!("../systemd/mjpegd.service");
    let several = include_str!("../systemd/mjpegd@.service");
    assert_eq!(shared_part(one), shared_part(several));
    assert!(one.contains("\nExecStart=/usr/bin/mjpegd --config /etc/mjpegd.toml\n"));
    assert!(several.contains("\nExecStart=/usr/bin/mjpegd --config /etc/mjpegd/%i.toml\n"));
    assert!(one.contains("\nType=notify\n") && one.contains("\nExecReload=/bin/kill -HUP $MAINPID\n"));
    assert!(one.contains("\nStateDirectory=mjpegd\n") && several.contains("\nStateDirectory=mjpegd/%i\n"));
}
