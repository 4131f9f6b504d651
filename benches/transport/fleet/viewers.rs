//! A viewer of each of several servers, each with a thread of its own.

use std::net::TcpStream;
use std::path::PathBuf;
use std::thread;

use anyhow::{Result, anyhow};

use crate::receive::watch;
use crate::stamp::Record;

#[derive(clap::Args)]
pub struct Viewers {
    /// The file for what has come
    #[arg(long)]
    record: PathBuf,
    ports: Vec<u16>,
}

impl Viewers {
    /// Until the servers are gone, or it is ended.
    pub fn run(&self) -> Result<()> {
        let view =
            |port: u16| watch(TcpStream::connect(("127.0.0.1", port))?, &mut Record::open(&self.record)?);
        thread::scope(|scope| {
            let all: Vec<_> = self.ports.iter().map(|port| scope.spawn(move || view(*port))).collect();
            all.into_iter()
                .try_for_each(|one| one.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked"))))
        })
    }
}
