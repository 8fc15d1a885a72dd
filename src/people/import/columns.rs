//! The columns of a file of people, and its rows under them.

use serde::{Deserialize, Serialize};

use super::{CELL_CHARS_MAX, ROWS_MAX};
use crate::db::text_enum;
use crate::people::TypedDetails;
use crate::say;
use crate::words::Said;

text_enum! {
    /// By their names in the template.
    pub enum Column {
        FullName = "full_name",
        FirstName = "first_name",
        MiddleName = "middle_name",
        LastName = "last_name",
        UserName = "user_name",
        Phone = "phone",
        Email = "email",
        JobTitle = "job_title",
        BranchCode = "branch_code",
        Role = "role",
    }
}

/// Columns without which no row is of use.
const REQUIRED: [Column; 2] = [Column::FullName, Column::BranchCode];

/// Case, spaces and signs do not matter: `Full Name` is `full_name`.
fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Column {
    /// The column that a heading means.
    pub fn named(heading: &str) -> Option<Self> {
        let heading = fold(heading);
        Self::ALL.iter().copied().find(|column| fold(column.as_str()) == heading)
    }

    /// The first line of the template.
    pub fn template() -> String {
        Self::ALL.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(",")
    }
}

/// One row of the file, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedRow {
    /// As the spreadsheet numbers it.
    pub line: i64,
    /// In the order of [`Column::ALL`].
    cells: Vec<String>,
}

impl TypedRow {
    /// What stands in a column; empty where nothing does.
    pub fn get(&self, column: Column) -> &str {
        let place = Column::ALL.iter().position(|known| *known == column);
        place.and_then(|place| self.cells.get(place)).map_or("", String::as_str)
    }

    pub(super) fn details(&self) -> TypedDetails {
        let text = |column| self.get(column).to_owned();
        TypedDetails {
            full_name: text(Column::FullName),
            first_name: text(Column::FirstName),
            middle_name: text(Column::MiddleName),
            last_name: text(Column::LastName),
            user_name: text(Column::UserName),
            phone: text(Column::Phone),
            email: text(Column::Email),
            job_title: text(Column::JobTitle),
        }
    }
}

/// A row of the file: its number and its cells.
pub(super) type Line = (i64, Vec<String>);

/// Rows under their headings; the first one names the columns.
///
/// # Errors
/// Why the file is of no use as a whole.
pub(super) fn rows(lines: Vec<Line>) -> Result<Vec<TypedRow>, Said> {
    let mut lines = lines.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
    let (_, headings) = lines.next().ok_or_else(|| say!("The selected file is empty"))?;
    let places = places(&headings)?;
    let rows: Vec<TypedRow> = lines
        .map(|(line, cells)| {
            let cell = |place: &Option<usize>| place.and_then(|place| cells.get(place)).map_or("", |cell| cell.trim());
            // One character more than the limit is kept, so that it is found to be too long.
            let cut = |place| cell(place).chars().take(CELL_CHARS_MAX + 1).collect();
            TypedRow { line, cells: places.iter().map(cut).collect() }
        })
        .collect();
    if rows.is_empty() {
        return Err(say!("The selected file has a header and nobody below it"));
    }
    if rows.len() > ROWS_MAX { Err(too_many()) } else { Ok(rows) }
}

pub(super) fn too_many() -> Said {
    say!("The selected file has more than {most} people. Split it into smaller files.", most = ROWS_MAX)
}

/// Where each column stands, in the order of [`Column::ALL`].
fn places(headings: &[String]) -> Result<Vec<Option<usize>>, Said> {
    for heading in headings.iter().filter(|heading| !heading.trim().is_empty()) {
        let Some(column) = Column::named(heading) else {
            let heading: String = heading.trim().chars().take(40).collect();
            return Err(say!("There is no column «{column}» in the template. Delete it, or name it as in the template.", column = heading));
        };
        if headings.iter().filter(|other| Column::named(other) == Some(column)).count() > 1 {
            return Err(say!("The selected file has the column {column} twice", column = column.as_str()));
        }
    }
    let place = |column: Column| headings.iter().position(|heading| Column::named(heading) == Some(column));
    if let Some(missing) = REQUIRED.iter().find(|column| place(**column).is_none()) {
        return Err(say!("The selected file has no column {columns}", columns = missing.as_str()));
    }
    Ok(Column::ALL.iter().map(|column| place(*column)).collect())
}
