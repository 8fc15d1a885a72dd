//! Who and what of the file is there already: one question each for all rows.

use diesel::prelude::*;

use crate::branches::{self, Branch};
use crate::db::schema::{branches as branch_table, users};
use crate::db::{Conn, Result};
use crate::ids::BranchId;
use crate::people::User;
use crate::people::store::{COLUMNS, Row, user};

/// Branches by their codes, as they were typed or in capital letters.
pub(super) fn branches_called(conn: &mut Conn, codes: &[String]) -> Result<Vec<Branch>> {
    let ids: Vec<BranchId> = branch_table::table.filter(branch_table::code.eq_any(codes)).select(branch_table::id).load(conn)?;
    branches::of_ids(conn, ids.iter())
}

/// Everybody, active or not, with one of these user names.
pub(super) fn named(conn: &mut Conn, user_names: &[&str]) -> Result<Vec<User>> {
    let rows: Vec<Row> = users::table.filter(users::user_name.eq_any(user_names)).select(COLUMNS).load(conn)?;
    Ok(rows.into_iter().map(user).collect())
}

/// Everybody, active or not, with one of these phones; each with the phone.
pub(super) fn with_phones(conn: &mut Conn, phones: &[&str]) -> Result<Vec<(String, User)>> {
    let rows: Vec<(Option<String>, Row)> = users::table.filter(users::phone.eq_any(phones)).select((users::phone, COLUMNS)).load(conn)?;
    Ok(rows.into_iter().filter_map(|(phone, row)| Some((phone?, user(row)))).collect())
}
