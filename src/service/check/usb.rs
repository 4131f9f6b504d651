//! Cameras that share a USB 2 bus, which has room for one of them and half of another.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Of USB 2, in Mbit/s, as the kernel writes it; what is faster has more room.
const HIGH_SPEED: u32 = 480;

/// A line for each bus that several cameras of this speed or a lower one are on. `class` is `/sys/class/video4linux`.
pub fn shared(class: &Path) -> Vec<String> {
    let mut buses: BTreeMap<String, BTreeMap<PathBuf, String>> = BTreeMap::new();
    let nodes = fs::read_dir(class).into_iter().flatten().flatten();
    for node in nodes.filter(|node| node.file_name().to_string_lossy().starts_with("video")) {
        // From the interface to the device that it is of.
        let Ok(interface) = node.path().join("device").canonicalize() else { continue };
        let Some(device) = interface.parent() else { continue };
        let (Some(bus), Some(speed)) = (read(device, "busnum"), read(device, "speed")) else { continue };
        if speed.parse::<u32>().is_ok_and(|speed| speed <= HIGH_SPEED) {
            let name = fs::read_to_string(node.path().join("name")).unwrap_or_default().trim().to_owned();
            buses.entry(bus).or_default().entry(device.to_owned()).or_insert(name);
        }
    }
    let several = buses.into_iter().filter(|(_, cameras)| cameras.len() > 1);
    several
        .map(|(bus, cameras)| {
            let names = cameras.into_values().collect::<Vec<_>>().join(", ");
            format!(
                "{names} share USB bus {bus}, which has 480 Mbit/s for all: choose MJPEG and small sizes, or plug one into \
                 a port of another bus (`lsusb -t`)"
            )
        })
        .collect()
}

fn read(device: &Path, name: &str) -> Option<String> {
    fs::read_to_string(device.join(name)).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Nodes of devices: number of the node, of the bus, port, speed.
    fn sysfs(nodes: &[(u32, u32, &str, u32)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (node, bus, port, speed) in nodes {
            let device = root.path().join(format!("devices/usb{bus}/{bus}-{port}"));
            let interface = device.join(format!("{bus}-{port}:1.0"));
            fs::create_dir_all(&interface).unwrap();
            fs::write(device.join("busnum"), format!("{bus}\n")).unwrap();
            fs::write(device.join("speed"), format!("{speed}\n")).unwrap();
            let class = root.path().join(format!("class/video{node}"));
            fs::create_dir_all(&class).unwrap();
            fs::write(class.join("name"), format!("Camera {port}\n")).unwrap();
            symlink(&interface, class.join("device")).unwrap();
        }
        root
    }

    fn told(nodes: &[(u32, u32, &str, u32)]) -> Vec<String> {
        shared(&sysfs(nodes).path().join("class"))
    }

    #[test]
    fn two_cameras_on_a_usb_2_bus_are_told_of_and_two_nodes_of_one_are_not() {
        let lines = told(&[(0, 1, "1", 480), (1, 1, "1", 480), (2, 1, "2", 480)]);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("Camera 1, Camera 2 share USB bus 1, "), "{lines:?}");
        assert!(told(&[(0, 1, "1", 480), (1, 1, "1", 480), (2, 2, "1", 480)]).is_empty());
        assert!(told(&[(0, 1, "1", 5000), (1, 1, "2", 5000)]).is_empty());
        assert!(shared(Path::new("/no/such/folder")).is_empty());
    }
}
