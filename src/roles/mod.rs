//! The roles of the one binary: each reads its arguments, opens what it needs and says in a sentence what is wrong.

pub mod admin;
pub mod demo;
pub mod migrate;
#[cfg(feature = "crash-points")]
mod rehearsal;
pub mod serve;
pub mod work;

use std::process::ExitCode;
use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::config::RegistryArgs;
use crate::institutions::{Institution, ProcessLock, load_registry};

/// What a role ends with: an exit code, or a sentence for standard error.
pub type Ended = anyhow::Result<ExitCode>;

/// Runs a role on the async threads.
///
/// # Errors
/// The role's.
pub fn run(role: impl Future<Output = Ended>) -> Ended {
    // The TLS library asks for its cryptography once; a second call changes nothing.
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(role)
}

pub(crate) fn system_clock() -> Arc<dyn Clock> {
    #[cfg(feature = "crash-points")]
    if let Some(clock) = rehearsal::clock() {
        return clock;
    }
    Arc::new(SystemClock::new())
}

/// Whether a database that could forget a commit is refused: always, but in a rehearsal on a server that is thrown away.
pub(crate) fn must_be_durable() -> bool {
    #[cfg(feature = "crash-points")]
    if rehearsal::may_forget() {
        return false;
    }
    true
}

/// An institution that this process works on, with the lock that keeps others away.
pub struct Opened {
    pub institution: Arc<Institution>,
    _lock: ProcessLock,
}

/// Opens every institution of the registry. One that cannot be opened is told and left out, so that it does not stop the others;
/// none at all is an error.
pub(crate) async fn open_all(args: &RegistryArgs) -> anyhow::Result<Vec<Opened>> {
    let clock = system_clock();
    let mut opened = Vec::new();
    let mut last = None;
    for settings in load_registry(&args.registry)? {
        let one = async {
            let lock = ProcessLock::take(&settings.database)?;
            let institution = Institution::open(settings, Arc::clone(&clock), must_be_durable()).await?;
            anyhow::Ok(Opened { institution: Arc::new(institution), _lock: lock })
        };
        match one.await {
            Ok(one) => opened.push(one),
            Err(error) => {
                tracing::error!("{error:#}");
                last = Some(error);
            }
        }
    }
    match (opened.is_empty(), last) {
        (true, Some(error)) => Err(error),
        _ => Ok(opened),
    }
}
