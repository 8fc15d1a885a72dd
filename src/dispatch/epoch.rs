//! Which copy of the database this is. A restored backup sends the same ids as before, so it cannot pay twice; but what it says may be
//! out of date. So dispatch counts epochs in the database and in a file outside it: when it begins, when a batch begins, and every minute
//! in which something was recorded. Where the two differ, somebody put a copy back, and dispatch waits for [`super::release`].

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::crash::crash_point;
use super::store;
use crate::db::{self, Db, Turn};
use crate::ids::InstitutionId;
use crate::say;
use crate::words::Said;

/// While something is recorded, the epoch goes up this often.
pub const EPOCH_EVERY: Duration = Duration::from_secs(60);

/// Where the file outside the database is.
#[derive(Debug, Clone)]
pub struct EpochFile {
    pub path: PathBuf,
    pub house: InstitutionId,
    /// Other processes may begin epochs in the same database (PostgreSQL), so the database may be ahead of this machine's file.
    pub is_shared: bool,
}

/// What the file says. `next`: the epoch that was about to begin, so that a crash between file and database is no difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    institution: InstitutionId,
    epoch: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// Why dispatch waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    NoFile { database: i64 },
    OtherInstitution,
    Differs { database: i64, file: i64 },
    Unreadable(String),
}

impl Held {
    /// For the operator, in logs and on pages.
    pub fn said(&self) -> Said {
        match self {
            Self::NoFile { database } => say!(
                "Payments are held: the epoch file is missing, and the database is at epoch {database}. If this is the one and only copy, run «outlay admin release-dispatch».",
                database = database
            ),
            Self::OtherInstitution => say!("Payments are held: the epoch file belongs to another institution."),
            Self::Differs { database, file } => say!(
                "Payments are held: the database is at epoch {database}, the file outside it at {file}, so a copy was put back. Stop every other copy and run «outlay admin release-dispatch».",
                database = database,
                file = file
            ),
            Self::Unreadable(why) => say!("Payments are held: the epoch file cannot be used ({why}).", why = why),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    #[error("{}", .0.said().english())]
    Held(Held),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl db::Failure for EpochError {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

impl EpochFile {
    fn read(&self) -> Result<Option<Written>, Held> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Held::Unreadable(error.to_string())),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| Held::Unreadable(error.to_string()))
    }

    /// Replaces the file in one step that survives a crash.
    fn write(&self, epoch: i64, next: Option<i64>) -> Result<(), Held> {
        let written = Written { institution: self.house.clone(), epoch, next };
        let text = serde_json::to_string(&written).unwrap_or_default();
        replace(&self.path, text.as_bytes()).map_err(|error| Held::Unreadable(error.to_string()))
    }

    /// Whether the file and the database agree.
    fn check(&self, written: Option<&Written>, database: i64) -> Result<(), Held> {
        let Some(written) = written else {
            return if database == 0 { Ok(()) } else { Err(Held::NoFile { database }) };
        };
        if written.institution != self.house {
            return Err(Held::OtherInstitution);
        }
        let same = database == written.epoch || Some(database) == written.next;
        if same || (self.is_shared && database > written.epoch) { Ok(()) } else { Err(Held::Differs { database, file: written.epoch }) }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = folder_of(path);
    std::fs::create_dir_all(folder)?;
    let draft = path.with_extension("new");
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    // The rename itself is durable once its folder is.
    std::fs::File::open(folder)?.sync_all()
}

/// Whether dispatch may go on here; does not change anything.
///
/// # Errors
/// [`EpochError::Held`] where it has to wait.
pub async fn check(db: &Db, file: &EpochFile) -> Result<i64, EpochError> {
    // The file first: what another process begins meanwhile puts the database ahead of what was read, never behind.
    let reader = file.clone();
    let written = away(move || reader.read()).await.map_err(EpochError::Held)?;
    let database = db.read(store::dispatch_epoch).await?;
    file.check(written.as_ref(), database).map(|()| database).map_err(EpochError::Held)
}

/// Begins the next epoch, in both places; returns it.
///
/// # Errors
/// [`EpochError::Held`] where the two places differ already.
pub async fn begin(db: &Db, file: &EpochFile) -> Result<i64, EpochError> {
    let _turn = turn(file).await?;
    let from = check(db, file).await?;
    to_epoch(db, file, from, from.saturating_add(1)).await
}

/// After a release: an epoch above both.
pub(super) async fn begin_above(db: &Db, file: &EpochFile) -> Result<i64, EpochError> {
    let _turn = turn(file).await?;
    let from = db.read(store::dispatch_epoch).await?;
    let reader = file.clone();
    let written = away(move || reader.read()).await.unwrap_or_default();
    let seen = written.map_or(0, |written| written.next.unwrap_or(written.epoch));
    to_epoch(db, file, from, from.max(seen).saturating_add(1)).await
}

/// Waits until no other process of this machine begins an epoch with the same file; given back when it is dropped, or with the process.
async fn turn(file: &EpochFile) -> Result<std::fs::File, EpochError> {
    let lock = file.path.with_extension("lock");
    let taken = away(move || take_turn(&lock).map_err(|error| Held::Unreadable(error.to_string())));
    taken.await.map_err(EpochError::Held)
}

fn take_turn(lock: &Path) -> std::io::Result<std::fs::File> {
    std::fs::create_dir_all(folder_of(lock))?;
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(lock)?;
    file.lock()?;
    Ok(file)
}

async fn to_epoch(db: &Db, file: &EpochFile, from: i64, to: i64) -> Result<i64, EpochError> {
    let writer = file.clone();
    away(move || writer.write(from, Some(to))).await.map_err(EpochError::Held)?;
    crash_point!("after-epoch-file");
    db.write_as(Turn::Worker, db::Isolation::Serializable, move |tx| store::set_dispatch_epoch(tx, from, to)).await?;
    crash_point!("after-epoch");
    let writer = file.clone();
    away(move || writer.write(to, None)).await.map_err(EpochError::Held)?;
    Ok(to)
}

async fn away<T: Send + 'static>(work: impl FnOnce() -> Result<T, Held> + Send + 'static) -> Result<T, Held> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Held::Unreadable("the task that reads it stopped".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: PathBuf, is_shared: bool) -> EpochFile {
        EpochFile { path, house: InstitutionId::from("house"), is_shared }
    }

    #[test]
    fn a_copy_that_was_put_back_is_behind_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path().join("epoch"), false);
        assert_eq!(file.check(file.read().unwrap().as_ref(), 0), Ok(()), "a new institution");
        assert_eq!(file.check(None, 4), Err(Held::NoFile { database: 4 }), "a second server, or a promoted replica");
        file.write(7, None).unwrap();
        let written = file.read().unwrap();
        assert_eq!(file.check(written.as_ref(), 7), Ok(()));
        assert_eq!(file.check(written.as_ref(), 6), Err(Held::Differs { database: 6, file: 7 }), "yesterday's copy");
        assert_eq!(file.check(written.as_ref(), 8), Err(Held::Differs { database: 8, file: 7 }), "the file is the older one");
        let other = EpochFile { house: InstitutionId::from("other"), ..file.clone() };
        assert_eq!(other.check(written.as_ref(), 7), Err(Held::OtherInstitution));
    }

    #[test]
    fn a_crash_between_file_and_database_is_no_difference() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path().join("epoch"), false);
        file.write(7, Some(8)).unwrap();
        let written = file.read().unwrap();
        assert_eq!(file.check(written.as_ref(), 7), Ok(()));
        assert_eq!(file.check(written.as_ref(), 8), Ok(()));
        assert!(file.check(written.as_ref(), 6).is_err());
    }

    #[test]
    fn on_a_shared_server_others_may_be_ahead_of_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path().join("epoch"), true);
        file.write(7, None).unwrap();
        let written = file.read().unwrap();
        assert_eq!(file.check(written.as_ref(), 9), Ok(()));
        assert!(file.check(written.as_ref(), 6).is_err());
    }
    #[test]
    fn two_processes_on_one_machine_take_turns_with_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path().join("epoch"), true);
        let begin = || {
            let _turn = take_turn(&folder.path().join("epoch.lock")).unwrap();
            let epoch = file.read().unwrap().map_or(0, |written| written.epoch);
            file.write(epoch, Some(epoch + 1)).unwrap();
            file.write(epoch + 1, None).unwrap();
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|_| begin()));
            }
        });
        assert_eq!(file.read().unwrap().unwrap().epoch, 40);
    }
}
