//! `admin add-user`, `admin grant` and `admin reset-second-factor`.

use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::{Ended, operator, password};
use crate::clock::Instant;
use crate::institutions::Institution;
use crate::people::{BadDetail, Details, NewUser, PasswordHash, TypedDetails, fold_user_name, phones_of, second_factor};
use crate::privileges::{self, Action, Actions, NewGrant, Rights, useless, with_needs};
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
    let hash = PasswordHash::of_new(&secret, &args.user_name)?;
    let branch = branch(institution, &args.branch).await?;
    let typed = TypedDetails {
        full_name: args.full_name,
        user_name: args.user_name,
        phone: args.phone.unwrap_or_default(),
        email: args.email.unwrap_or_default(),
        job_title: args.job_title.unwrap_or_default(),
        ..TypedDetails::default()
    };
    let details = Details::read(&typed, &phones_of(&institution.settings.phone_country)).map_err(|wrong| anyhow!(sentences(&wrong)))?;
    // Whoever typed it knows it, so it is good for one sign-in only.
    let new = NewUser { details, branch: branch.id, is_account_manager: args.account_manager, password: hash, must_set_password: true };
    let user = institution.db.write(move |tx| people::add_user(tx, &operator(), &new)).await?;
    println!("Added {} ({}). They set a password of their own at their first sign-in.", user.full_name, user.user_name);
    Ok(ExitCode::SUCCESS)
}

/// What is wrong with a person's details, for the operator.
fn sentences(wrong: &[BadDetail]) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
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
    let asked = actions(&args.actions)?;
    let branch = branch(institution, &args.branch).await?;
    let user = person(institution, &args.user_name).await?;
    let until = match args.until {
        None => None,
        Some(last) => Some(end_of(last, institution)?),
    };
    let actions = with_needs(&asked);
    let (id, held_in) = (user.id.clone(), branch.id.clone());
    let now = institution.clock().now();
    let rights = institution.db.read(move |conn| Rights::load(conn, &id, now)).await?;
    let after: Actions =
        actions.iter().copied().chain(Action::ALL.iter().copied().filter(|action| rights.has(*action, &held_in))).collect();
    if let Some(why) = useless(&after) {
        bail!("{}", why.said(&branch.code).english());
    }
    let new = NewGrant { user: user.id, branch: branch.id, actions: actions.iter().copied().collect(), until };
    institution.db.write(move |tx| privileges::grant(tx, &operator(), &new)).await?;
    for along in actions.difference(&asked) {
        println!("{} goes with it.", along.label());
    }
    println!("{} may now do that in {}.", user.full_name, branch.code);
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
pub struct EndGrant {
    /// User name
    pub user_name: String,
    /// Code of the branch
    #[arg(long)]
    pub branch: String,
    /// Actions, as in approve_payment,reject_payment
    #[arg(long, value_delimiter = ',', required = true)]
    pub actions: Vec<String>,
}

pub(super) async fn end_grant(institution: &Institution, args: EndGrant) -> Ended {
    let asked = actions(&args.actions)?;
    let branch = branch(institution, &args.branch).await?;
    let user = person(institution, &args.user_name).await?;
    let (id, within) = (user.id, branch.id);
    let gone = institution.db.write(move |tx| privileges::end_grant(tx, &operator(), &id, &within, &asked)).await?;
    let names = gone.iter().map(|action| action.label()).collect::<Vec<_>>().join(", ");
    println!("{} does not hold in {} any more: {names}.", user.full_name, branch.code);
    Ok(ExitCode::SUCCESS)
}

async fn person(institution: &Institution, user_name: &str) -> anyhow::Result<people::User> {
    let name = fold_user_name(user_name);
    let found = institution.db.read(move |conn| people::find_by_name(conn, &name)).await?;
    found.with_context(|| format!("there is no person with the user name «{user_name}»"))
}

fn actions(names: &[String]) -> anyhow::Result<Actions> {
    names.iter().map(|name| action(name)).collect()
}

#[derive(Debug, Args)]
pub struct ResetSecondFactor {
    /// User name
    pub user_name: String,
}

pub(super) async fn reset_second_factor(institution: &Institution, args: ResetSecondFactor) -> Ended {
    let name = args.user_name.clone();
    let (code, until) = institution.db.write(move |tx| second_factor::reset_by_operator(tx, &operator(), &name)).await?;
    let until = until.timestamp().to_zoned(institution.settings.zone()).strftime("%d %b %Y, %H:%M");
    println!("The second factor of {} is reset. Tell them this one-time code: {code}", args.user_name);
    println!("It counts once, until {until}. They sign in with their password, type it and scan a new QR code.");
    Ok(ExitCode::SUCCESS)
}

/// The moment after a day ends in the institution's time zone.
fn end_of(last: jiff::civil::Date, institution: &Institution) -> anyhow::Result<Instant> {
    let end = last.tomorrow()?.to_zoned(institution.settings.zone())?;
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
