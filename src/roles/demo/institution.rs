//! The demo's institution: made at the first start, found again at the next.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;

use super::DemoArgs;
use super::people::{OFFICES, PASSWORD, PEOPLE};
use crate::audit::By;
use crate::branches::{self, NewBranch};
use crate::db::{self, DatabaseUrl, Db};
use crate::dispatch;
use crate::funding::{self, NewFundingAccount};
use crate::ids::{BranchId, FspId};
use crate::institutions::{Institution, Keys, Limits, Mode, ProcessLock, SessionLimits, Settings, create};
use crate::money::{Currency, Minor};
use crate::people::{Details, NewUser, PasswordHash};
use crate::privileges::{self, NewGrant};
use crate::roles::{must_be_durable, system_clock};
use crate::sdk::SdkSettings;
use crate::simulator::{self, Running};
use crate::{clock::Clock, people};

/// The name of the demo's one SDK.
const SDK: &str = "main";
/// The institution's own FSP on the network.
const OWN_FSP: &str = "mfi";
/// The simulator forgets nothing and is never late by more: see `SdkSettings::settle_margin`.
const SIMULATOR_SETTLE_MARGIN: Duration = Duration::from_millis(200);
/// The prepare's life towards the simulator, short so that a lost one is settled while somebody watches.
const SIMULATOR_EXPIRY: Duration = Duration::from_secs(5);

pub(super) struct Demo {
    pub institution: Arc<Institution>,
    simulator: Option<Running>,
    _lock: ProcessLock,
}

impl Demo {
    pub(super) async fn close(self) {
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
    }
}

/// Opens the demo's institution, making what is missing.
pub(super) async fn open(args: &DemoArgs) -> anyhow::Result<Demo> {
    let mode = if args.sdk.is_some() { Mode::Pilot } else { Mode::Training };
    let folder = args.data.join(mode.as_str());
    std::fs::create_dir_all(&folder)
        .and_then(|()| writable(&folder))
        .with_context(|| format!("cannot write to {}; choose another folder with --data", folder.display()))?;
    let settings = settings(args, mode, &folder);
    let lock = ProcessLock::take(&settings.database)?;
    Keys::create_if_missing(&settings.key_file)?;
    let simulator = match args.sdk {
        Some(_) => None,
        None => Some(simulator::start_in(&folder.join("simulator.sqlite3")).await?),
    };
    let settings = with_sdk(settings, args, simulator.as_ref());
    let url = settings.database.clone();
    tokio::task::spawn_blocking(move || db::bring_up(&url)).await??;
    make_if_new(&settings).await?;
    let institution = Arc::new(Institution::open(settings, system_clock(), must_be_durable()).await?);
    Ok(Demo { institution, simulator, _lock: lock })
}

fn writable(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(".outlay-can-write");
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(probe)
}

fn settings(args: &DemoArgs, mode: Mode, folder: &Path) -> Settings {
    Settings {
        name: "Upendo Microfinance".to_owned(),
        mode,
        hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
        public_url: format!("http://127.0.0.1:{}", args.port),
        database: args.database.clone().unwrap_or_else(|| DatabaseUrl::Sqlite(folder.join("outlay.sqlite3"))),
        key_file: folder.join("key"),
        old_key_files: Vec::new(),
        epoch_file: epoch_file(args, folder),
        time_zone: "Asia/Yangon".to_owned(),
        currency: Currency::MMK,
        phone_country: "MM".to_owned(),
        language: "en".to_owned(),
        limits: Limits::default(),
        sessions: SessionLimits::default(),
        concurrency: dispatch::CONCURRENCY,
        sdk: Vec::new(),
        mail: None,
    }
}

/// One for each database, since each has an epoch of its own.
fn epoch_file(args: &DemoArgs, folder: &Path) -> PathBuf {
    folder.join(if args.database.is_some() { "epoch-postgres" } else { "epoch" })
}

fn with_sdk(mut settings: Settings, args: &DemoArgs, simulator: Option<&Running>) -> Settings {
    let own = FspId::from(OWN_FSP);
    settings.sdk = vec![match (simulator, &args.sdk) {
        (Some(simulator), _) => SdkSettings {
            expiry: SIMULATOR_EXPIRY,
            settle_margin: SIMULATOR_SETTLE_MARGIN,
            ..SdkSettings::new(SDK, &format!("http://{}", simulator.address()), own)
        },
        (None, url) => SdkSettings::new(SDK, url.as_deref().unwrap_or_default(), own),
    }];
    settings
}

async fn make_if_new(settings: &Settings) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = system_clock();
    let database = Db::new(settings.database.clone(), clock)?;
    let mode = settings.mode;
    let password = PasswordHash::of_new(&SecretString::from(PASSWORD), "")?;
    let made = database
        .write(move |tx| {
            let by = By::operator("demo");
            match create(tx, &by, mode) {
                Ok(_) => {}
                Err(crate::institutions::AlreadyThere::AlreadyThere) => return Ok(()),
                Err(crate::institutions::AlreadyThere::Db(error)) => return Err(Trouble::from(error)),
            }
            let branches = add_offices(tx, &by)?;
            add_people(tx, &by, &branches, &password)?;
            add_money(tx, &by)
        })
        .await;
    Ok(made?)
}

/// Why the demo could not be set up: the refusal of one of the verbs, as a sentence.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the demo could not be set up: {0}")]
    Refused(String),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl db::Failure for Trouble {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

fn refused(error: impl db::Failure + std::fmt::Display) -> Trouble {
    Trouble::Refused(error.to_string())
}

fn add_offices(tx: &mut db::WriteTx<'_>, by: &By) -> Result<Vec<(&'static str, BranchId)>, Trouble> {
    OFFICES
        .iter()
        .map(|office| {
            let new = NewBranch {
                code: office.code.to_owned(),
                region: office.region.to_owned(),
                township: office.township.to_owned(),
                name: office.name.to_owned(),
            };
            Ok((office.code, branches::add_branch(tx, by, &new).map_err(refused)?.id))
        })
        .collect()
}

fn add_people(tx: &mut db::WriteTx<'_>, by: &By, branches: &[(&'static str, BranchId)], password: &PasswordHash) -> Result<(), Trouble> {
    let branch = |code: &str| {
        let found = branches.iter().find(|(known, _)| *known == code);
        found.map(|(_, id)| id.clone()).ok_or_else(|| Trouble::Refused(format!("no branch {code}")))
    };
    for person in &PEOPLE {
        let details = Details::named(person.user_name, person.full_name).map_err(|wrong| Trouble::Refused(format!("{wrong:?}")))?;
        let new = NewUser {
            details: details.working_as(person.job_title),
            branch: branch(person.branch)?,
            is_account_manager: person.is_account_manager,
            password: password.clone(),
            must_set_password: false,
        };
        let user = people::add_user(tx, by, &new).map_err(refused)?;
        for code in person.branches {
            let grant = NewGrant { user: user.id.clone(), branch: branch(code)?, actions: person.actions.to_vec(), until: None };
            privileges::grant(tx, by, &grant).map_err(refused)?;
        }
    }
    Ok(())
}

/// The FSPs the simulator plays, and an account in kyat and one in dollars.
fn add_money(tx: &mut db::WriteTx<'_>, by: &By) -> Result<(), Trouble> {
    funding::add_fsp(tx, by, OWN_FSP, "Upendo").map_err(refused)?;
    for (id, name) in simulator::FSPS {
        funding::add_fsp(tx, by, id, name).map_err(refused)?;
    }
    let dollar = Currency::find("USD").ok_or_else(|| Trouble::Refused("no dollar".to_owned()))?;
    for (name, currency, fee_limit) in [("Kyat account", Currency::MMK, 100_000), ("Dollar account", dollar, 200)] {
        let new = NewFundingAccount {
            name: name.to_owned(),
            sdk: SDK.to_owned(),
            fsp: FspId::from(OWN_FSP),
            currency,
            payer_id_type: "BUSINESS".to_owned(),
            payer_id_value: "upendo".to_owned(),
            fee_limit: Minor::new(fee_limit),
        };
        funding::add_funding_account(tx, by, &new).map_err(refused)?;
    }
    Ok(())
}
