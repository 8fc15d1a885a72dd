//! `admin confirmations` and `admin confirm`: the operator's word where there is no second account manager.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::{Ended, operator};
use crate::confirmations::{self, Confirmed, Listed};
use crate::ids::ConfirmationId;
use crate::institutions::Institution;

#[derive(Debug, Args)]
pub struct Confirm {
    /// Its id, as «outlay admin confirmations» lists it
    pub id: String,
}

pub(super) async fn list(institution: &Institution) -> Ended {
    let listed = institution.db.read(|conn| {
        let waiting = confirmations::waiting(conn)?;
        waiting
            .into_iter()
            .map(|one| Ok((confirmations::deciders_of(conn, &one.confirmation)?, one)))
            .collect::<crate::db::Result<Vec<_>>>()
    });
    let listed = listed.await?;
    if listed.is_empty() {
        println!("Nothing waits.");
    }
    for (deciders, one) in &listed {
        print_one(one, deciders, institution);
    }
    Ok(ExitCode::SUCCESS)
}

fn print_one(one: &Listed, deciders: &[String], institution: &Institution) {
    let asked = one.confirmation.asked_at.timestamp().to_zoned(institution.settings.zone()).strftime("%Y-%m-%d %H:%M");
    let about = one.person.as_ref().map_or_else(|| "the institution".to_owned(), |(name, user_name)| format!("{name} ({user_name})"));
    let who = if deciders.is_empty() { "the operator".to_owned() } else { deciders.join(" or ") };
    println!("{}  {asked}  {}: {about}", one.confirmation.id, confirmations::words(&one.confirmation.change).english());
    println!("    asked by {}; decided by {who}", one.asker);
}

pub(super) async fn confirm(institution: &Institution, args: Confirm) -> Ended {
    let id = ConfirmationId::from(args.id);
    let confirmed = institution.db.write(move |tx| confirmations::confirm(tx, &operator(), &id)).await?;
    match confirmed {
        Confirmed::Done { code } => {
            println!("Confirmed.");
            if let Some((code, until)) = code {
                let until = until.timestamp().to_zoned(institution.settings.zone()).strftime("%Y-%m-%d %H:%M");
                println!("The one-time code, shown only here, good until {until}: {code}");
            }
        }
        Confirmed::Overtaken(why) => bail!("it could not be done any more, so it is refused: {}", why.english()),
    }
    Ok(ExitCode::SUCCESS)
}
