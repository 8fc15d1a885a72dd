//! `admin accounts`: which funding accounts pay, which are stopped and why, and whose payments wait.

use std::process::ExitCode;

use super::Ended;
use crate::clock::Instant;
use crate::db;
use crate::dispatch::PauseReason;
use crate::dispatch::breakers::{self, Waiting, Whom};
use crate::funding::{self, AccountState, FundingAccount};
use crate::institutions::Institution;

pub(super) async fn list(institution: &Institution) -> Ended {
    let (accounts, waiting) = institution.db.read(|conn| Ok::<_, db::Error>((funding::accounts(conn)?, breakers::waiting(conn)?))).await?;
    let zone = institution.house().zone.clone();
    let shown = |at: Instant| at.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    for account in &accounts {
        println!("{}: {}", account.label(), standing(account, shown));
        for one in waiting.iter().filter(|one| one.account == account.id) {
            println!("    {}", line(one, shown));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn standing(account: &FundingAccount, shown: impl Fn(Instant) -> String) -> String {
    if account.state == AccountState::Open {
        return "open".to_owned();
    }
    let since = account.stopped_at.map(|at| format!(" since {}", shown(at))).unwrap_or_default();
    let code = account.stopped_code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
    let reason: Option<PauseReason> = account.stopped_reason.as_deref().and_then(|reason| reason.parse().ok());
    let reason = reason.map(|reason| format!(". {}", reason.said().english())).unwrap_or_default();
    format!("stopped{since}{code}{reason}")
}

fn line(one: &Waiting, shown: impl Fn(Instant) -> String) -> String {
    let whom = match &one.whom {
        Whom::Connection => "the connection".to_owned(),
        Whom::Fsp(fsp) => fsp.to_string(),
    };
    let (said, since, retry) = (one.shut.ailment.said().english(), shown(one.shut.since), shown(one.shut.retry_at));
    format!("{whom}: {said} Since {since}, tried again at {retry}.")
}
