//! The programs of this story, each with its output in a file, and how they are started.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::process::outlay;

/// What can die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Sdk,
    Redis,
    Outlay,
}

/// A process; killed when it is dropped.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Its output is added to `log`.
    pub fn start(command: &mut Command, folder: &Path, name: &str) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).unwrap();
        command.current_dir(folder).stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        Self { child, log }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// The end of what it said, if it has ended by itself.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().unwrap()?;
        let said = std::fs::read(&self.log).unwrap();
        let said = String::from_utf8_lossy(&said[said.len().saturating_sub(4_000)..]).into_owned();
        Some(format!("{} ended: {status}\n{said}", self.log.display()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Free at this moment; the same again after a restart.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Keeps nothing over a restart, as a cache may.
pub fn redis(port: u16) -> Command {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--set-proc-title", "no"]);
    command
}

/// Addresses of one SDK, its Redis and its hub on this machine.
pub struct Ports {
    pub inbound: u16,
    pub outbound: u16,
    pub metrics: u16,
    pub redis: u16,
    pub hub: u16,
}

/// Node code that is run before the SDK. An exception that nobody caught ends the process, as Node does by itself. And its answers bear
/// the time that all share: the SDK's own clock does not hurry, and Outlay would rightly stop for clocks that differ.
const PRELUDE: &str = "data:text/javascript,import http from 'node:http';\
    process.on('uncaughtException',(e)=>{console.error('uncaught',e.stack);process.exit(70)});\
    const [from,times]=process.env.OUTLAY_REHEARSAL_CLOCK.split(':').map(Number);\
    const date=()=>new Date(from/1000+(Date.now()-from/1000)*times).toUTCString();\
    const write=http.ServerResponse.prototype.writeHead;\
    http.ServerResponse.prototype.writeHead=function(...head){this.setHeader('Date',date());return write.apply(this,head)};";

/// The SDK as npm installed it in `package`, set up as docs/sdk.md says. 18.0.2 survives its own exceptions, and one of them, out of its
/// Redis client, leaves it deaf for good; so it has to die of them and be started again.
pub fn sdk(package: &Path, ports: &Ports, dfsp: &str, seconds: u32, clock: &str) -> Command {
    let mut command = Command::new("node");
    command.args(["--import", PRELUDE]).arg(package.join("src/index.js"));
    let settings = [
        ("INBOUND_LISTEN_PORT", ports.inbound.to_string()),
        ("OUTBOUND_LISTEN_PORT", ports.outbound.to_string()),
        ("METRICS_SERVER_LISTEN_PORT", ports.metrics.to_string()),
        ("CACHE_URL", format!("redis://127.0.0.1:{}", ports.redis)),
        ("PEER_ENDPOINT", format!("127.0.0.1:{}", ports.hub)),
        ("BACKEND_ENDPOINT", "127.0.0.1:9".to_owned()),
        ("DFSP_ID", dfsp.to_owned()),
        ("REQUEST_PROCESSING_TIMEOUT_SECONDS", seconds.to_string()),
        ("JWS_SIGN", "false".to_owned()),
        ("VALIDATE_INBOUND_JWS", "false".to_owned()),
        ("OUTLAY_REHEARSAL_CLOCK", clock.to_owned()),
    ];
    command.envs(settings);
    command
}

/// `outlay simulate --hub`, by the clock that all share. What is late is so for longer than the SDK waits.
pub fn hub(inbound: &str, listen: &str, ledger: &Path, clock: &str) -> Command {
    let mut command =
        outlay(["--log", "error", "simulate", "--hub", inbound, "--listen", listen, "--ledger", &ledger.display().to_string()]);
    command.args(["--delay", "20ms", "--late-after", "60s", "--reserved-for", "80s"]).env("OUTLAY_REHEARSAL_CLOCK", clock);
    command
}
