//! Test cameras: `tests/camera/` preloaded into the daemon.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use turbojpeg::{Transform, TransformOp};

use super::picture;
use super::within;

/// Cameras for one daemon, their faults and their log.
pub struct Camera {
    folder: tempfile::TempDir,
    nodes: Vec<PathBuf>,
    kinds: Vec<&'static str>,
    settings: Vec<(&'static str, String)>,
}

impl Camera {
    /// One camera of 640x480 at 30 a second that offers these formats, by their V4L2 names with commas between.
    pub fn new(formats: &str) -> Self {
        let camera = Self {
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            nodes: Vec::new(),
            kinds: Vec::new(),
            settings: Vec::new(),
        };
        camera
            .node("capture")
            .set("FAKECAM_FORMATS", formats)
            .set("FAKECAM_SIZES", "640x480")
            .set("FAKECAM_FPS", "30")
    }

    /// A camera that gives JPEGs with the known picture.
    pub fn mjpeg() -> Self {
        Self::new("MJPG").film(640, 480, 0)
    }

    /// One more node, behind the others: "capture", "codec" or "meta".
    pub fn node(mut self, kind: &'static str) -> Self {
        let node = self.folder.path().join(format!("video{}", self.nodes.len()));
        std::fs::write(&node, "").unwrap();
        self.nodes.push(node);
        self.kinds.push(kind);
        self
    }

    pub fn set(mut self, name: &'static str, value: &str) -> Self {
        self.settings.retain(|(old, _)| *old != name);
        self.settings.push((name, value.to_owned()));
        self
    }

    /// JPEGs for this size; `noise` from 0 to 255 makes them long.
    pub fn film(self, width: usize, height: usize, noise: u8) -> Self {
        let folder = self.folder.path().join("film").join(format!("{width}x{height}"));
        std::fs::create_dir_all(&folder).unwrap();
        for number in 0..picture::FILM {
            let jpeg = picture::draw(width, height, number, noise);
            std::fs::write(folder.join(format!("{number:03}.jpg")), jpeg).unwrap();
        }
        let film = self.folder.path().join("film");
        self.set("FAKECAM_FRAMES", film.to_str().unwrap())
    }

    /// It flips its pictures itself; `flips` are letters, see `fakecam.h`.
    pub fn flipping(self, flips: &str) -> Self {
        let films = self.folder.path().join("film");
        let sizes: Vec<_> =
            std::fs::read_dir(&films).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        for sized in sizes {
            for (ending, op) in
                [("-h", TransformOp::Hflip), ("-v", TransformOp::Vflip), ("-hv", TransformOp::Rot180)]
            {
                let folder = films.join(format!("{}{ending}", sized.file_name().unwrap().to_str().unwrap()));
                std::fs::create_dir_all(&folder).unwrap();
                for file in std::fs::read_dir(&sized).unwrap().map(|entry| entry.unwrap()) {
                    let flipped =
                        turbojpeg::transform(&Transform::op(op), &std::fs::read(file.path()).unwrap());
                    std::fs::write(folder.join(file.file_name()), flipped.unwrap()).unwrap();
                }
            }
        }
        self.set("FAKECAM_FLIPS", flips)
    }

    /// The path of the index-th node, for `--device`.
    pub fn path(&self, index: usize) -> &str {
        self.nodes[index].to_str().unwrap()
    }

    /// Links, as udev makes in `/dev/v4l/by-id/`, of which each leads to a node, in order.
    pub fn link(&self, name: &str, index: usize) -> String {
        let folder = self.folder.path().join("by-id");
        std::fs::create_dir_all(&folder).unwrap();
        let (new, link) = (folder.join("new"), folder.join(name));
        std::os::unix::fs::symlink(&self.nodes[index], &new).unwrap();
        std::fs::rename(new, &link).unwrap();
        link.to_str().unwrap().to_owned()
    }

    /// Has the camera fail in this way from now on; the words stand in `fakecam.h`.
    pub fn fault(&self, words: &str) {
        let new = self.folder.path().join("fault.new");
        std::fs::write(&new, words).unwrap();
        std::fs::rename(new, self.fault_file()).unwrap();
    }

    pub fn mend(&self) {
        std::fs::remove_file(self.fault_file()).unwrap();
    }

    /// How often "open", "close", "streamon", "streamoff" or "set:brightness=5" happened.
    pub fn count(&self, event: &str) -> usize {
        self.events().iter().filter(|other| *other == event).count()
    }

    /// What controls were set to, in order.
    pub fn settings(&self) -> Vec<String> {
        let events = self.events();
        events.iter().filter_map(|event| event.strip_prefix("set:").map(str::to_owned)).collect()
    }

    /// Everything that happened, in order.
    pub fn events(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        let event = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        log.lines().map(event).collect()
    }

    pub fn wait_for(&self, event: &str, count: usize, time: Duration) -> bool {
        within(time, || self.count(event) >= count)
    }

    fn fault_file(&self) -> PathBuf {
        self.folder.path().join("fault")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Lets a program see these cameras.
    pub fn preload_into(&self, command: &mut Command) {
        let nodes = self.nodes.iter().zip(&self.kinds);
        let nodes = nodes.map(|(node, kind)| format!("{}={kind}", node.display()));
        command
            .env("LD_PRELOAD", library())
            .env("FAKECAM_DEV", nodes.collect::<Vec<_>>().join(":"))
            .env("FAKECAM_FAULT", self.fault_file())
            .env("FAKECAM_LOG", self.log_file())
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
    }
}

/// Builds the preloaded library, once for its sources and its processor's compiler: tests run in many processes, so it
/// comes into being under its name only when it is whole.
fn library() -> PathBuf {
    let sources = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/camera");
    let mut files: Vec<_> = std::fs::read_dir(sources).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let compiler = std::env::var("FAKECAM_CC").unwrap_or_else(|_| "cc".to_owned());
    let mut hasher = DefaultHasher::new();
    compiler.hash(&mut hasher);
    for file in &files {
        std::fs::read(file).unwrap().hash(&mut hasher);
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = folder.join(format!("fakecam-{:x}.so", hasher.finish()));
    if !library.exists() {
        let building = tempfile::NamedTempFile::new_in(folder).unwrap();
        let status = Command::new(compiler)
            .args(["-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread", "-o"])
            .arg(building.path())
            .args(files.iter().filter(|file| file.extension().is_some_and(|name| name == "c")))
            .arg("-ldl")
            .status()
            .expect("a C compiler (cc, or FAKECAM_CC) builds the test camera: run `make deps`");
        assert!(status.success(), "the test camera does not build");
        building.persist(&library).unwrap();
    }
    library
}
