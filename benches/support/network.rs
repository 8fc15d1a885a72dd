//! The simulated SDK as a process of its own, on the same processors. Its ledger does not wait for the disk (`--forgetful`): what is
//! measured is Outlay's durability, not the other side's.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

pub struct Network {
    child: Child,
    pub url: String,
    _folder: tempfile::TempDir,
}

impl Network {
    /// `delay`: how long each of its answers takes at least, such as `20ms`.
    pub fn start(delay: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let ledger = folder.path().join("ledger.sqlite3").display().to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_outlay"))
            .args(["--log", "warn", "simulate", "--listen", "127.0.0.1:0", "--ledger", &ledger, "--delay", delay, "--forgetful"])
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()?;
        let said = child.stderr.take().ok_or_else(|| anyhow::anyhow!("the simulator says nothing"))?;
        let mut line = String::new();
        let mut said = BufReader::new(said);
        said.read_line(&mut line)?;
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).map(|url| url.trim_end_matches(',').to_owned());
        let url = url.ok_or_else(|| anyhow::anyhow!("the simulator did not start: {line}"))?;
        // So that it never waits for somebody to read.
        std::thread::spawn(move || said.lines().for_each(drop));
        Ok(Self { child, url, _folder: folder })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
