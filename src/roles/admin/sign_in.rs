//! `admin unlock` and `admin print-code`: for an institution without mail, or whose account managers cannot sign in.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::{Ended, operator};
use crate::institutions::Institution;
use crate::people::{self, Invited, User, fold_user_name};
use crate::web::filters::printed_time;

#[derive(Debug, Args)]
pub struct Unlock {
    /// User name
    pub user_name: String,
}

pub(super) async fn unlock(institution: &Institution, args: Unlock) -> Ended {
    let user = find(institution, &args.user_name).await?;
    let name = user.full_name.clone();
    institution.db.write(move |tx| people::unlock(tx, &operator(), &user)).await?;
    println!("{name} can sign in again at once.");
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
pub struct PrintCode {
    /// User name
    pub user_name: String,
}

pub(super) async fn print_code(institution: &Institution, args: PrintCode) -> Ended {
    let user = find(institution, &args.user_name).await?;
    let invited = institution.db.write(move |tx| people::give_code(tx, &operator(), &user)).await?;
    let Invited::Printed(slip) = invited else { bail!("nothing was made for «{}»", args.user_name) };
    println!("{}, user name {}", slip.full_name, slip.user_name);
    println!("Code: {}", slip.code());
    println!("Good until {}, once.", printed_time(slip.until, &institution.settings.zone(), &institution.language));
    println!("Open {}/sign-in and choose «I have a code on paper».", institution.settings.public_url.trim_end_matches('/'));
    Ok(ExitCode::SUCCESS)
}

async fn find(institution: &Institution, user_name: &str) -> anyhow::Result<User> {
    let name = fold_user_name(user_name);
    let found = institution.db.read(move |conn| people::find_by_name(conn, &name)).await?;
    found.with_context(|| format!("there is no person with the user name «{user_name}»"))
}
