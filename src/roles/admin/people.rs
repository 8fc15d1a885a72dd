//! `admin add-user` and `admin grant`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::{Ended, operator, password};
use crate::clock::Instant;
use crate::institutions::Institution;
use crate::people::{NewUser, PasswordHash, fold_user_name};
use crate::privileges::{self, Action, NewGrant};
use crate::{branches, people};

#[derive(Debug, Args)]
pub struct AddUser {
    /// What they sign in with
    pub user_name: String,
    /// As it stands in history: one name is enough
    #[arg(long)]
    pub full_name: String,
    /// Code of their branch
    #[arg(long)]
    pub branch: String,
    #[arg(long)]
    pub phone: Option<String>,
    #[arg(long)]
    pub email: Option<String>,
    #[arg(long)]
    pub job_title: Option<String>,
    /// An account manager (at most two); holds no payment action
    #[arg(long)]
    pub account_manager: bool,
}

pub(super) async fn add_user(institution: &Institution, args: AddUser) -> Ended {
    let secret = password::read(&args.user_name)?;
    let hash = PasswordHash::of_new(&secret)?;
    let branch = branch(institution, &args.branch).await?;
    let new = NewUser {
        user_name: args.user_name,
        full_name: args.full_name,
        phone: args.phone,
        email: args.email,
        job_title: args.job_title,
        branch: branch.id,
        is_account_manager: args.account_manager,
        password: hash,
    };
    let user = institution.db.write(move |tx| people::add_user(tx, &operator(), &new)).await?;
    println!("Added {} ({}).", user.full_name, user.user_name);
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
pub struct Grant {
    /// User name
    pub user_name: String,
    /// Code of the branch
    #[arg(long)]
    pub branch: String,
    /// Actions, as in make_payment,make_payroll
    #[arg(long, value_delimiter = ',', required = true)]
    pub actions: Vec<String>,
    /// Last day, as in 2026-12-31; until somebody ends it when left out
    #[arg(long)]
    pub until: Option<jiff::civil::Date>,
}

pub(super) async fn grant(institution: &Institution, args: Grant) -> Ended {
    let actions = args.actions.iter().map(|name| action(name)).collect::<anyhow::Result<Vec<_>>>()?;
    let branch = branch(institution, &args.branch).await?;
    let name = fold_user_name(&args.user_name);
    let found = institution.db.read(move |conn| people::find_by_name(conn, &name)).await?;
    let user = found.with_context(|| format!("there is no person with the user name «{}»", args.user_name))?;
    let until = match args.until {
        None => None,
        Some(last) => Some(end_of(last, institution)?),
    };
    let new = NewGrant { user: user.id, branch: branch.id, actions, until };
    institution.db.write(move |tx| privileges::grant(tx, &operator(), &new)).await?;
    println!("{} may now do that in {}.", user.full_name, branch.code);
    Ok(ExitCode::SUCCESS)
}

/// The moment after a day ends in the institution's time zone.
fn end_of(last: jiff::civil::Date, institution: &Institution) -> anyhow::Result<Instant> {
    let end = last.tomorrow()?.to_zoned(institution.house().zone.clone())?;
    Ok(Instant::from_micros(end.timestamp().as_microsecond()))
}

fn action(name: &str) -> anyhow::Result<Action> {
    match name.trim().parse() {
        Ok(action) => Ok(action),
        Err(_) => {
            bail!("there is no action «{name}»; there are: {}", Action::ALL.iter().map(|a| a.as_str()).collect::<Vec<_>>().join(", "))
        }
    }
}

async fn branch(institution: &Institution, code: &str) -> anyhow::Result<branches::Branch> {
    let wanted = code.to_owned();
    let found = institution.db.read(move |conn| branches::find_by_code(conn, &wanted)).await?;
    found.with_context(|| format!("there is no branch with the code «{code}»; «outlay admin add-branch» adds one"))
}
