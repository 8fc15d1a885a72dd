//! Checks every row, and says what each person will get.

use std::collections::HashMap;

use super::{CELL_CHARS_MAX, Column, Order, ROWS_MAX, TypedRow, store};
use crate::audit::By;
use crate::branches::Branch;
use crate::confirmations;
use crate::db::{Conn, Result};
use crate::people::{Details, User, Way, phones_of};
use crate::privileges::{self, Action, Actions, Role, with_needs};
use crate::say;
use crate::words::Said;

/// What is wrong with one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// As the spreadsheet numbers it.
    pub line: i64,
    pub column: Column,
    /// What stands there.
    pub value: String,
    pub said: Said,
}

/// A row without anything wrong: somebody who can be added.
#[derive(Debug, Clone)]
pub struct Newcomer {
    pub line: i64,
    pub details: Details,
    pub branch: Branch,
    pub role: Option<Role>,
    /// What they hold from the start.
    pub at_once: Actions,
    /// What the other account manager has to confirm first.
    pub waits: Actions,
    pub way: Way,
}

impl Newcomer {
    /// Everything that their role holds.
    pub fn actions(&self) -> Actions {
        self.at_once.union(&self.waits).copied().collect()
    }
}

/// What the rows are compared with.
struct Known {
    branches: HashMap<String, Branch>,
    roles: Vec<Role>,
    names: HashMap<String, User>,
    phones: HashMap<String, User>,
    needs_word: bool,
}

type Read = std::result::Result<Details, Vec<(Column, Said)>>;

/// Everybody in the file, or everything that is wrong with it.
///
/// # Errors
/// The database's.
pub fn check(conn: &mut Conn, by: &By, order: &Order) -> Result<std::result::Result<Vec<Newcomer>, Vec<Finding>>> {
    if order.rows.is_empty() || order.rows.len() > ROWS_MAX {
        let said = super::columns::too_many();
        return Ok(Err(vec![Finding { line: 1, column: Column::FullName, value: String::new(), said }]));
    }
    let phones = phones_of(&order.phone_country);
    let read: Vec<Read> = order.rows.iter().map(|row| details(row, &phones)).collect();
    let known = known(conn, by, order, &read)?;
    let (mut newcomers, mut findings) = (Vec::new(), Vec::new());
    let (mut names, mut numbers) = (HashMap::new(), HashMap::new());
    for (row, read) in order.rows.iter().zip(read) {
        let mut wrong = broken(row);
        let details = read.map_err(|bad| wrong.extend(bad)).ok();
        if let Some(details) = &details {
            wrong.extend(name_taken(details, row, &known, &mut names));
            wrong.extend(phone_taken(details, row, &known, &mut numbers));
        }
        let branch = branch(row, &known).map_err(|said| wrong.push((Column::BranchCode, said))).ok();
        let role = role(row, &known).map_err(|said| wrong.push((Column::Role, said))).ok();
        match (details, branch, role) {
            (Some(details), Some(branch), Some(role)) if wrong.is_empty() => {
                newcomers.push(newcomer(row.line, details, branch, role, &known, order.has_mail));
            }
            _ => findings.extend(wrong.into_iter().map(|(column, said)| Finding {
                line: row.line,
                column,
                value: row.get(column).chars().take(60).collect(),
                said,
            })),
        }
    }
    Ok(if findings.is_empty() { Ok(newcomers) } else { Err(findings) })
}

fn details(row: &TypedRow, phones: &crate::payees::Phones) -> Read {
    let column = |field: &str| field.parse().unwrap_or(Column::FullName);
    Details::read(&row.details(), phones).map_err(|bad| bad.into_iter().map(|bad| (column(bad.field), bad.said)).collect())
}

fn known(conn: &mut Conn, by: &By, order: &Order, read: &[Read]) -> Result<Known> {
    let typed = order.rows.iter().map(|row| row.get(Column::BranchCode));
    let codes: Vec<String> = typed.flat_map(|code| [code.to_owned(), code.to_uppercase()]).collect();
    let people = || read.iter().filter_map(|read| read.as_ref().ok());
    let names: Vec<&str> = people().map(Details::user_name).collect();
    let numbers: Vec<&str> = people().filter_map(Details::phone).collect();
    Ok(Known {
        branches: store::branches_called(conn, &codes)?.into_iter().map(|branch| (branch.code.to_lowercase(), branch)).collect(),
        roles: privileges::roles(conn)?,
        names: store::named(conn, &names)?.into_iter().map(|user| (user.user_name.clone(), user)).collect(),
        phones: store::with_phones(conn, &numbers)?.into_iter().collect(),
        needs_word: confirmations::is_needed(conn, by)?,
    })
}

/// Dates, errors of formulas and texts too long: whatever column they stand in.
fn broken(row: &TypedRow) -> Vec<(Column, Said)> {
    let mut wrong = Vec::new();
    for column in Column::ALL {
        let cell = row.get(*column);
        if cell.starts_with('#') {
            wrong.push((*column, say!("The spreadsheet has a date or an error here: write it as text")));
        } else if cell.chars().count() > CELL_CHARS_MAX {
            wrong.push((*column, say!("Write no more than {most} characters", most = CELL_CHARS_MAX)));
        }
    }
    wrong
}

fn name_taken(details: &Details, row: &TypedRow, known: &Known, seen: &mut HashMap<String, i64>) -> Option<(Column, Said)> {
    let name = details.user_name();
    if let Some(user) = known.names.get(name) {
        let said = say!("{name} has the user name {user_name} already. Write another one", name = &user.full_name, user_name = name);
        return Some((Column::UserName, said));
    }
    let first = seen.insert(name.to_owned(), row.line)?;
    Some((Column::UserName, say!("Line {line} has the user name {user_name} too. Write another one", line = first, user_name = name)))
}

fn phone_taken(details: &Details, row: &TypedRow, known: &Known, seen: &mut HashMap<String, i64>) -> Option<(Column, Said)> {
    let phone = details.phone()?;
    if let Some(user) = known.phones.get(phone) {
        return Some((Column::Phone, say!("{name} has this phone already", name = &user.full_name)));
    }
    let first = seen.insert(phone.to_owned(), row.line)?;
    Some((Column::Phone, say!("Line {line} has this phone too", line = first)))
}

fn branch(row: &TypedRow, known: &Known) -> std::result::Result<Branch, Said> {
    let code = row.get(Column::BranchCode);
    if code.is_empty() {
        return Err(say!("Write the code of the branch"));
    }
    match known.branches.get(&code.to_lowercase()) {
        None => Err(say!("There is no branch with this code")),
        Some(branch) if !branch.is_active => Err(say!("This branch is not active")),
        Some(branch) => Ok(branch.clone()),
    }
}

fn role(row: &TypedRow, known: &Known) -> std::result::Result<Option<Role>, Said> {
    let name = row.get(Column::Role);
    if name.is_empty() {
        return Ok(None);
    }
    let Some(role) = known.roles.iter().find(|role| role.is_called(name)) else {
        return Err(say!("There is no such role. Write Maker, Checker, Branch manager, Auditor or a role of your own, or leave it empty"));
    };
    let both_hands = role.actions.contains(&Action::ApprovePayment) && role.actions.iter().any(|action| action.makes());
    if both_hands {
        return Err(say!("This role makes and approves. Leave it empty, and give the rights on the person's own page"));
    }
    Ok(Some(role.clone()))
}

fn newcomer(line: i64, details: Details, branch: Branch, role: Option<Role>, known: &Known, has_mail: bool) -> Newcomer {
    let actions = role.as_ref().map(|role| with_needs(&role.actions)).unwrap_or_default();
    let (waits, at_once) = actions.into_iter().partition(|action| known.needs_word && action.is_sensitive());
    let way = if has_mail && details.email().is_some() { Way::Mail } else { Way::Slip };
    Newcomer { line, details, branch, role, at_once, waits, way }
}
