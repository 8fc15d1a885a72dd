//! What is wrong with a person's form, at the field it is about; and who has already what was typed.

use super::no_longer;
use crate::people::{AddUserRefusal, BadDetail, EditRefusal, User};
use crate::privileges::NotAllowed;
use crate::say;
use crate::web::ErrorPage;
use crate::web::page::Problem;
use crate::words::Said;

/// Whoever has what was typed already: a link beside the field.
#[derive(Debug, Clone)]
pub(super) struct Same {
    pub field: &'static str,
    pub user: User,
}

/// What is wrong, and with whom it collides.
pub(super) struct Wrong {
    pub problems: Vec<Problem>,
    pub same: Option<Same>,
}

impl Wrong {
    pub(super) fn at(field: &'static str, said: Said) -> Self {
        Self { problems: vec![Problem::new(field, said)], same: None }
    }

    pub(super) fn with(field: &'static str, said: Said, user: User) -> Self {
        Self { problems: vec![Problem::new(field, said)], same: Some(Same { field, user }) }
    }
}

pub(super) fn of_details(wrong: Vec<BadDetail>) -> Vec<Problem> {
    wrong.into_iter().map(|bad| Problem::new(bad.field, bad.said)).collect()
}

pub(super) fn of_add(refusal: AddUserRefusal) -> Result<Wrong, ErrorPage> {
    Ok(match refusal {
        AddUserRefusal::NameTaken(user) => name_taken(*user),
        AddUserRefusal::PhoneTaken(user) => phone_taken(*user),
        AddUserRefusal::NoSuchBranch | AddUserRefusal::BranchClosed => Wrong::at("branch", say!("Choose an active branch")),
        AddUserRefusal::TooManyAccountManagers(managers) => too_many(&managers),
        AddUserRefusal::NotAllowed(refusal) => return Err(refusal.into()),
        AddUserRefusal::Db(error) => return Err(error.into()),
    })
}

fn name_taken(user: User) -> Wrong {
    let said = say!("{name} has the user name {user_name} already. Write another one", name = &user.full_name, user_name = &user.user_name);
    Wrong::with("user_name", said, user)
}

fn phone_taken(user: User) -> Wrong {
    Wrong::with("phone", say!("{name} has this phone already", name = &user.full_name), user)
}

/// The third is refused, and who the two are is said.
pub(super) fn third_account_manager(managers: &[User]) -> Said {
    let names: Vec<&str> = managers.iter().map(|manager| manager.full_name.as_str()).collect();
    say!("Only 2 account managers are allowed. They are {names}.", names = names.join(", "))
}

fn too_many(managers: &[User]) -> Wrong {
    Wrong::at("account_manager", third_account_manager(managers))
}

pub(super) fn of_edit(refusal: EditRefusal) -> Result<Wrong, ErrorPage> {
    Ok(match refusal {
        EditRefusal::PhoneTaken(user) => phone_taken(*user),
        EditRefusal::NoSuchBranch => Wrong::at("branch", say!("Choose an active branch")),
        EditRefusal::TooManyAccountManagers(managers) => too_many(&managers),
        EditRefusal::OwnPrivileges => {
            Wrong::at("account_manager", say!("Nobody changes their own privileges. Ask the other account manager."))
        }
        EditRefusal::LastAccountManager => Wrong::at("account_manager", no_longer()),
        EditRefusal::HoldsPaymentActions(held) => {
            let held: Vec<String> = held.iter().map(|(action, branch)| format!("{} ({branch})", action.label())).collect();
            Wrong::at(
                "account_manager",
                say!("An account manager holds no payment action. End these privileges first: {held}", held = held.join(", ")),
            )
        }
        EditRefusal::NoSuchUser | EditRefusal::NotAllowed(NotAllowed::NotAccountManager | NotAllowed::NoGrant(_)) => {
            return Err(ErrorPage::NotFound);
        }
        EditRefusal::NotAllowed(NotAllowed::Db(error)) | EditRefusal::Db(error) => return Err(error.into()),
    })
}
