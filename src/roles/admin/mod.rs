//! `outlay admin …`: setting an institution up and looking after it. Every verb is audited; passwords come from the terminal or
//! standard input, never from an argument.

mod accounts;
mod check;
mod check_sdk;
mod confirmations;
mod day;
mod directory;
mod institution;
mod mail;
mod password;
mod people;
mod sign_in;

use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::{Ended, must_be_durable, system_clock};
use crate::audit::By;
use crate::config::RegistryArgs;
use crate::institutions::{Institution, load_registry};

#[derive(Debug, Args)]
pub struct AdminArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Name of the institution; may be left out where the registry has one
    #[arg(long, env = "OUTLAY_INSTITUTION")]
    pub institution: Option<String>,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make the database of a new registry file into an institution's
    AddInstitution,
    /// List, suspend and resume institutions, and rename their hosts
    #[command(subcommand)]
    Institutions(institution::Institutions),
    /// Add a branch
    AddBranch(directory::AddBranch),
    /// Add a person; the password is read from the terminal or standard input
    AddUser(people::AddUser),
    /// Make an account manager when none can act; everybody who guards money is told
    Recover(people::Recover),
    /// Forget the wrong passwords for a person's name, so that they can sign in at once
    Unlock(sign_in::Unlock),
    /// Print a code with which a person sets a password; it is shown once
    PrintCode(sign_in::PrintCode),
    /// Give a person actions in a branch
    Grant(people::Grant),
    /// Take actions away from a person in a branch
    EndGrant(people::EndGrant),
    /// End a person's second factor; prints the one-time code with which they set up a new one
    ResetSecondFactor(people::ResetSecondFactor),
    /// Add a wallet or bank to the directory of FSPs
    AddFsp(directory::AddFsp),
    /// Add a funding account
    AddFundingAccount(directory::AddFundingAccount),
    /// Look a payee up through an SDK and ask for a quote, and say what is wrong; moves no money
    CheckSdk(check_sdk::CheckSdk),
    /// Send one mail now, and say what went wrong
    TestMail(mail::TestMail),
    /// List what waits for a second account manager
    Confirmations,
    /// Confirm what an account manager asked for, where there is no other account manager
    Confirm(confirmations::Confirm),
    /// Walk the audit chain
    VerifyAudit(check::VerifyAudit),
    /// Compare every batch's counts with its rows
    VerifyCounts,
    /// Make the reports of days that are due, or show the one of a day
    EndOfDay(day::EndOfDay),
    /// Let payments go on after a restore or a take-over, once the network has been asked about every approved row
    ReleaseDispatch(check::ReleaseDispatch),
    /// List the funding accounts: open or stopped, and whose payments wait because nobody answers
    Accounts,
    /// Open a funding account that was stopped
    ReopenAccount(directory::ReopenAccount),
}

/// # Errors
/// A sentence for the operator.
pub async fn admin(args: AdminArgs) -> Ended {
    if matches!(args.verb, Verb::AddInstitution) {
        return institution::add(&args).await;
    }
    if let Verb::Institutions(verb) = args.verb {
        return institution::institutions(&args.registry.registry, verb).await;
    }
    let institution = open(&args).await?;
    match args.verb {
        Verb::AddInstitution | Verb::Institutions(_) => bail!("handled above"),
        Verb::AddBranch(args) => directory::add_branch(&institution, args).await,
        Verb::AddUser(args) => people::add_user(&institution, args).await,
        Verb::Recover(args) => people::recover(&institution, args).await,
        Verb::Unlock(args) => sign_in::unlock(&institution, args).await,
        Verb::PrintCode(args) => sign_in::print_code(&institution, args).await,
        Verb::Grant(args) => people::grant(&institution, args).await,
        Verb::EndGrant(args) => people::end_grant(&institution, args).await,
        Verb::ResetSecondFactor(args) => people::reset_second_factor(&institution, args).await,
        Verb::AddFsp(args) => directory::add_fsp(&institution, args).await,
        Verb::AddFundingAccount(args) => directory::add_funding_account(&institution, args).await,
        Verb::CheckSdk(args) => check_sdk::check_sdk(&institution, args).await,
        Verb::TestMail(args) => mail::test_mail(&institution, args).await,
        Verb::Confirmations => confirmations::list(&institution).await,
        Verb::Confirm(args) => confirmations::confirm(&institution, args).await,
        Verb::VerifyAudit(args) => check::verify_audit(&institution, args).await,
        Verb::VerifyCounts => check::verify_counts(&institution).await,
        Verb::EndOfDay(args) => day::end_of_day(&institution, args).await,
        Verb::ReleaseDispatch(args) => check::release_dispatch(&institution, args).await,
        Verb::Accounts => accounts::list(&institution).await,
        Verb::ReopenAccount(args) => directory::reopen_account(&institution, args).await,
    }
}

/// The settings the arguments name.
fn settings(args: &AdminArgs) -> anyhow::Result<crate::institutions::Settings> {
    let all = load_registry(&args.registry.registry)?;
    let names = all.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(", ");
    let chosen = match &args.institution {
        Some(name) => all.into_iter().find(|one| one.name == *name),
        None if all.len() == 1 => all.into_iter().next(),
        None => bail!("choose an institution with --institution: {names}"),
    };
    chosen.with_context(|| format!("the registry has no such institution; it has: {names}"))
}

/// Opens it beside a running server: these commands write in short transactions.
async fn open(args: &AdminArgs) -> anyhow::Result<Arc<Institution>> {
    Ok(Arc::new(Institution::open(settings(args)?, system_clock(), must_be_durable()).await?))
}

/// Who runs the command, as the audit log names them.
fn operator() -> By {
    By::operator(&std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "operator".to_owned()))
}
