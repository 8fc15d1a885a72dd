//! A PostgreSQL server for one run, with its default durability: `OUTLAY_BENCH_DATABASE` names one that may be filled with databases, or
//! else one is made in a temporary folder and thrown away.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use outlay::db::{self, Access, Conn, DatabaseUrl};

const VARIABLE: &str = "OUTLAY_BENCH_DATABASE";

pub struct Postgres {
    /// Its URL without a database's name.
    base: String,
    own: Option<Own>,
    made: std::cell::Cell<u32>,
}

struct Own {
    folder: tempfile::TempDir,
    bin: PathBuf,
}

impl Postgres {
    /// `None`, with a word why: there is no server, and none can be made.
    pub fn start() -> anyhow::Result<Result<Self, String>> {
        if let Ok(url) = std::env::var(VARIABLE) {
            let (base, _) = url.rsplit_once('/').context("OUTLAY_BENCH_DATABASE must be postgres://USER:PASSWORD@HOST:PORT/postgres")?;
            return Ok(Ok(Self { base: format!("{base}/"), own: None, made: 0.into() }));
        }
        let Some(bin) = binaries() else {
            return Ok(Err(format!("no PostgreSQL server is installed (Debian: postgresql), and {VARIABLE} names none")));
        };
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        std::fs::create_dir(&data)?;
        hand_over(folder.path())?;
        hand_over(&data)?;
        let data = data.display().to_string();
        run(&bin, "initdb", &["-D", &data, "-A", "trust", "-U", "bench", "-E", "UTF8", "--locale", "C"])?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}");
        let log = format!("{data}/log");
        run(&bin, "pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"])?;
        Ok(Ok(Self { base: format!("postgres://bench@127.0.0.1:{port}/"), own: Some(Own { folder, bin }), made: 0.into() }))
    }

    /// A new database in the order of text that Outlay wants.
    pub fn database(&self) -> anyhow::Result<DatabaseUrl> {
        let nth = self.made.get() + 1;
        self.made.set(nth);
        let name = format!("outlay_bench_{}_{nth}", std::process::id());
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
        self.run_sql(&sql)?;
        Ok(DatabaseUrl::Postgres(format!("{}{name}", self.base)))
    }

    pub fn drop_database(&self, url: &DatabaseUrl) -> anyhow::Result<()> {
        let DatabaseUrl::Postgres(url) = url else { return Ok(()) };
        let name = url.rsplit_once('/').map(|(_, name)| name).unwrap_or_default();
        self.run_sql(&format!("DROP DATABASE {name} WITH (FORCE)"))
    }

    fn run_sql(&self, sql: &str) -> anyhow::Result<()> {
        let mut conn = Conn::open(&DatabaseUrl::Postgres(format!("{}postgres", self.base)), Access::Write)?;
        Ok(db::batch_execute(&mut conn, sql)?)
    }

    /// Processor seconds of all its processes.
    pub fn cpu_seconds(&self) -> f64 {
        let Some(own) = &self.own else { return 0.0 };
        let parent = std::fs::read_to_string(own.folder.path().join("data/postmaster.pid")).unwrap_or_default();
        let Some(parent) = parent.lines().next().and_then(|pid| pid.trim().parse::<u32>().ok()) else { return 0.0 };
        let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        children.chain([parent]).map(super::machine::cpu_seconds).sum()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            let data = own.folder.path().join("data").display().to_string();
            drop(run(&own.bin, "pg_ctl", &["-D", &data, "-m", "immediate", "stop"]));
        }
    }
}

/// Where the server's programs are.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    std::env::split_paths(&path).chain(versions).find(|folder| folder.join("initdb").is_file())
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").unwrap_or_default().lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// PostgreSQL refuses to run as root: its own user gets the folder.
fn hand_over(folder: &Path) -> anyhow::Result<()> {
    if is_root() && !Command::new("chown").arg("postgres").arg(folder).status()?.success() {
        bail!("there is no user «postgres» to run the server as");
    }
    Ok(())
}

fn run(bin: &Path, program: &str, args: &[&str]) -> anyhow::Result<()> {
    let program = bin.join(program);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(&program);
        command
    } else {
        Command::new(&program)
    };
    // What pg_ctl leaves running would keep our output open.
    let status = command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").status()?;
    if status.success() { Ok(()) } else { bail!("{} failed", program.display()) }
}
