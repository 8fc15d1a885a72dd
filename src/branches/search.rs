//! Search Branches.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};

use super::{full_name, store};
use crate::db::{Conn, Question, Result};
use crate::ids::BranchId;
use crate::search::{Part, Slice};

/// What narrows the list; all of it must fit. Texts are parts of what they look in, whatever the case of their letters.
#[derive(Debug, Clone, Default)]
pub struct BranchCriteria {
    pub region: Option<String>,
    pub township: Option<String>,
    pub code: Option<String>,
    pub name: Option<String>,
    pub is_active: Option<bool>,
}

/// A branch of the list.
#[derive(Debug, Clone, QueryableByName)]
pub struct FoundBranch {
    #[diesel(sql_type = Text)]
    pub id: BranchId,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub region: String,
    #[diesel(sql_type = Text)]
    pub township: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Bool)]
    pub is_active: bool,
    /// Active people whose home it is.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
}

impl FoundBranch {
    pub fn full_name(&self) -> String {
        full_name(&self.region, &self.township, &self.name)
    }
}

/// In order of code.
///
/// # Errors
/// The database's.
pub fn search(conn: &mut Conn, criteria: &BranchCriteria, slice: Slice) -> Result<Part<FoundBranch>> {
    let mut question = Question::default();
    let mut conditions = vec!["1 = 1".to_owned()];
    let texts = [("region", &criteria.region), ("township", &criteria.township), ("code", &criteria.code), ("name", &criteria.name)];
    for (column, typed) in texts {
        if let Some(typed) = typed {
            let pattern = question.text(containing(typed));
            conditions.push(format!("lower(r.{column}) LIKE {pattern} ESCAPE '\\'"));
        }
    }
    if let Some(is_active) = criteria.is_active {
        conditions.push(if is_active { "r.is_active".to_owned() } else { "NOT r.is_active".to_owned() });
    }
    store::found(conn, &question, &format!("FROM branches r WHERE {}", conditions.join(" AND ")), slice)
}

/// `%` and `_` stand for themselves. Both engines fold the letters of English alone, as this does.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.to_ascii_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
