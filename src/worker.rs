//! The background work of each institution: dispatch, the audit sealer, and housekeeping.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit;
use crate::batches;
use crate::db::{Isolation, Turn};
use crate::dispatch::{Engine, Setup};
use crate::institutions::Institution;
use crate::mail::{self, NoMailServer, Postman};
use crate::sdk::NotAnSdk;
use crate::web;

/// Events are sealed within a second of being written.
const SEAL_EVERY: Duration = Duration::from_millis(500);
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
            let engine = Engine::new(institution.db.clone(), setup(institution))?;
            tasks.push(tokio::spawn(engine.run(stopped.clone(), institution.work())));
            tasks.push(tokio::spawn(Postman::open(institution)?.run(stopped.clone())));
            tasks.push(tokio::spawn(seal(Arc::clone(institution), stopped.clone())));
            tasks.push(tokio::spawn(tidy(Arc::clone(institution), stopped.clone())));
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

fn setup(institution: &Institution) -> Setup {
    Setup {
        house: institution.id.clone(),
        name: institution.settings.name.clone(),
        sdks: institution.settings.sdk.clone(),
        epoch_file: institution.epoch_file(),
        concurrency: institution.settings.concurrency,
    }
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
    loop {
        let goes_on = pause(SEAL_EVERY, &mut stop).await;
        loop {
            let key = institution.keys.audit();
            match institution.db.write_as(Turn::Worker, Isolation::Serializable, move |tx| audit::seal(tx, &key)).await {
                Ok(sealed) if i64::try_from(sealed).unwrap_or(0) >= audit::SEALED_AT_ONCE => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "audit events wait for their seal");
                    break;
                }
            }
        }
        if !goes_on {
            return;
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
