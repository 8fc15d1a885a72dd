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
use crate::institutions::{Institution, load_registry};

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

/// The machine's clock; in a rehearsal the one that its processes share.
pub fn system_clock() -> Arc<dyn Clock> {
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

/// Every institution of the registry, alone in working on its database. One that cannot be opened is told: where the operator has to
/// mend something it is left out, where only its database is out of reach it is closed until that is back. Neither stops the others;
/// none open at all is an error.
pub(crate) async fn open_all(args: &RegistryArgs) -> anyhow::Result<Vec<Arc<Institution>>> {
    let clock = system_clock();
    let mut all = Vec::new();
    let mut last = None;
    for settings in load_registry(&args.registry)? {
        let opened = match Institution::prepare(settings, Arc::clone(&clock), must_be_durable()) {
            Ok(institution) => {
                let institution = Arc::new(institution);
                all.push(Arc::clone(&institution));
                institution.come_up_alone().await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = opened {
            tracing::error!("{error}");
            last = Some(error);
        }
    }
    match last {
        Some(error) if !all.iter().any(|institution| institution.is_open()) => Err(error.into()),
        _ => Ok(all),
    }
}
