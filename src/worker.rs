//! The background work of each institution: dispatch, the audit sealer, the ends of days, and housekeeping.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit;
use crate::batches;
use crate::db::{self, Isolation, Turn};
use crate::dispatch::{Engine, Setup};
use crate::institutions::Institution;
use crate::mail::{self, NoMailServer, Postman};
use crate::people;
use crate::reports::Clerk;
use crate::sdk::{Client, NotAnSdk};
use crate::web;

/// Events that this process writes are sealed within a second.
const SEAL_EVERY: Duration = Duration::from_millis(500);
/// Events that another process writes, as the command line does, are looked for so often.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The audit chain is verified a little further so often, while there is more of it.
const VERIFY_EVERY: Duration = Duration::from_secs(10);
/// And so often where this process has written nothing.
const VERIFY_IDLE: Duration = Duration::from_secs(600);
/// A database that cannot be opened is tried again so often.
const OPEN_EVERY: Duration = Duration::from_secs(60);
/// Ended sessions, old once-keys and broken uploads are cleared away, and the audit head is logged, so often.
const TIDY_EVERY: Duration = Duration::from_secs(3600);
/// Sessions and once-keys are kept for so long after they were last of use.
const FORGET_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// Why the work of an institution cannot begin; a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    #[error(transparent)]
    Sdk(#[from] NotAnSdk),
    #[error(transparent)]
    Mail(#[from] NoMailServer),
}

/// The work of all institutions of this process.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts the work. Has to be called on a runtime.
    ///
    /// # Errors
    /// An SDK's or a mail server's settings that cannot be used.
    pub fn start(institutions: &[Arc<Institution>]) -> Result<Self, CannotStart> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        for institution in institutions {
            for sdk in &institution.settings.sdk {
                // A setting that cannot be used is told at start, also where the database has to wait.
                Client::new(sdk)?;
            }
            let postman = Postman::open(institution)?;
            tasks.push(tokio::spawn(work(Arc::clone(institution), postman, stopped.clone())));
        }
        Ok(Self { stop, tasks })
    }

    /// Lets calls in flight end, and then returns.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "background work ended badly");
            }
        }
    }
}

/// All work of one institution, from when its database can be opened.
async fn work(institution: Arc<Institution>, postman: Postman, mut stop: watch::Receiver<bool>) {
    while !institution.is_open() {
        if !pause(OPEN_EVERY, &mut stop).await {
            return;
        }
        match institution.come_up_alone().await {
            Ok(()) => tracing::info!(institution = institution.settings.name, "open again"),
            Err(error) => tracing::error!("{error}"),
        }
    }
    let engine = match setup(&institution).map(|setup| Engine::new(institution.db.clone(), setup)) {
        Ok(Ok(engine)) => engine,
        Ok(Err(error)) => return tracing::error!(%error, institution = institution.settings.name, "nothing is paid"),
        Err(error) => return tracing::error!(%error, institution = institution.settings.name, "nothing is paid"),
    };
    let tasks = [
        tokio::spawn(engine.run(stop.clone(), institution.work())),
        tokio::spawn(postman.run(stop.clone())),
        tokio::spawn(seal(Arc::clone(&institution), stop.clone())),
        tokio::spawn(verify(Arc::clone(&institution), stop.clone())),
        tokio::spawn(Clerk::new(&institution).run(stop.clone())),
        tokio::spawn(tidy(institution, stop)),
    ];
    for task in tasks {
        if let Err(error) = task.await {
            tracing::error!(%error, "background work ended badly");
        }
    }
}

fn setup(institution: &Institution) -> db::Result<Setup> {
    Ok(Setup {
        house: institution.id()?,
        name: institution.settings.name.clone(),
        sdks: institution.settings.sdk.clone(),
        epoch_file: institution.epoch_file()?,
        concurrency: institution.settings.concurrency,
    })
}

/// Waits, or returns `false` at once when told to stop.
async fn pause(wait: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(wait) => true,
        _ = stop.wait_for(|stop| *stop) => false,
    }
}

/// Appends waiting events to the audit chain; once more after the last verb when told to stop.
async fn seal(institution: Arc<Institution>, mut stop: watch::Receiver<bool>) {
    let db = &institution.db;
    let mut seen = None;
    loop {
        let goes_on = pause(SEAL_EVERY, &mut stop).await;
        if goes_on && let Some(seen) = seen {
            // Nothing written: wait without a connection.
            tokio::select! { () = db.changes(seen, LOOK_EVERY) => {}, _ = stop.wait_for(|stop| *stop) => {} }
        }
        let before = db.commits();
        match seal_waiting(&institution).await {
            Ok(own) => seen = Some(before.saturating_add(own)),
            Err(error) => tracing::warn!(%error, "audit events wait for their seal"),
        }
        if !goes_on {
            return;
        }
    }
}

/// Returns in how many writes.
async fn seal_waiting(institution: &Institution) -> db::Result<u64> {
    let mut writes = 0;
    while institution.db.glance(audit::is_any_unsealed).await? {
        let key = institution.keys.audit();
        let sealed = institution.db.write_as(Turn::Worker, Isolation::Serializable, move |tx| audit::seal(tx, &key)).await?;
        writes += 1;
        if sealed == 0 {
            break;
        }
    }
    Ok(writes)
}

/// Verifies the audit chain beside everything else, so that its page can tell how far.
async fn verify(institution: Arc<Institution>, mut stop: watch::Receiver<bool>) {
    let (db, key) = (&institution.db, institution.keys.audit());
    while pause(VERIFY_EVERY, &mut stop).await {
        let seen = db.commits();
        if let Err(error) = audit::look_on(db, &key, &institution.chain).await {
            tracing::warn!(%error, "the audit chain could not be verified further");
        }
        if institution.chain.is_at_end() {
            // Nothing written: wait without a connection.
            tokio::select! { () = db.changes(seen, VERIFY_IDLE) => {}, _ = stop.wait_for(|stop| *stop) => {} }
        }
    }
}

async fn tidy(institution: Arc<Institution>, mut stop: watch::Receiver<bool>) {
    loop {
        let before = institution.clock().now().before(FORGET_AFTER);
        if let Err(error) = institution.db.write_as(Turn::Worker, Isolation::Serializable, move |tx| web::forget(tx, before)).await {
            tracing::warn!(%error, "old sessions stay");
        }
        if let Err(error) = institution.db.write_as(Turn::Worker, Isolation::Serializable, mail::forget).await {
            tracing::warn!(%error, "old mail stays");
        }
        if let Err(error) = institution.db.write_as(Turn::Worker, Isolation::Serializable, people::forget_old).await {
            tracing::warn!(%error, "old links and counted tries stay");
        }
        if let Err(error) = batches::sweep(&institution.db).await {
            tracing::warn!(%error, "broken uploads stay");
        }
        match institution.db.read(audit::head).await {
            Ok(Some((sequence, head))) => tracing::info!(institution = institution.settings.name, sequence, head, "audit head"),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the audit head could not be read"),
        }
        if !pause(TIDY_EVERY, &mut stop).await {
            return;
        }
    }
}
