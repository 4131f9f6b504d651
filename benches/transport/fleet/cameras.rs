//! The cameras: a thread and a connection for each, which do what mjpegd's push does, SET and PUBLISH in one round trip.

use std::path::PathBuf;
use std::thread;

use anyhow::{Result, anyhow};

use crate::camera::{Schedule, film};
use crate::stamp;

/// What a camera's key and its channel are called.
pub fn name(camera: usize) -> String {
    format!("camera-{camera}")
}

/// Numbers of pictures have those of their cameras above them.
pub const CAMERA_BITS: u32 = 40;

#[derive(clap::Args)]
pub struct Cameras {
    url: String,
    folder: PathBuf,
    #[arg(long)]
    cameras: usize,
    #[arg(long)]
    fps: u64,
}

impl Cameras {
    /// Until it is ended.
    pub fn run(&self) -> Result<()> {
        let film = film(&self.folder)?;
        thread::scope(|scope| {
            let film = &film;
            let one = |camera| scope.spawn(move || self.publish(camera, film));
            let all: Vec<_> = (0..self.cameras).map(one).collect();
            all.into_iter()
                .try_for_each(|one| one.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked"))))
        })
    }

    fn publish(&self, camera: usize, film: &[Vec<u8>]) -> Result<()> {
        let mut connection = redis::Client::open(self.url.as_str())?.get_connection()?;
        let name = name(camera);
        let mut schedule = Schedule::new(self.fps);
        // Not all at the same moment.
        schedule.delay(camera as f64 / self.cameras as f64);
        let mut jpeg = Vec::new();
        for number in 0u64.. {
            // The moment that it was due: who is held up by the server shows an older picture.
            let taken = schedule.wait();
            jpeg.clone_from(&film[(number as usize + camera) % film.len()]);
            stamp::stamp(&mut jpeg, (camera as u64) << CAMERA_BITS | number, taken);
            let mut commands = redis::pipe();
            commands.set(&name, &jpeg).ignore().publish(&name, &name).ignore();
            commands.exec(&mut connection)?;
        }
        Ok(())
    }
}
