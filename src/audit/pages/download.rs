//! GET /audit.csv: what the page lists, to its end, a part at a time.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;

use super::{FILTERS, Told, criteria};
use crate::audit::{self, AuditCriteria, AuditScope, Cursor, Event, Names, Slice, Subject, What, search};
use crate::batches::file::safe_cell;
use crate::db::{self, Db};
use crate::privileges::{Action, Authorise, NotAllowed};
use crate::say;
use crate::web::{ErrorPage, List, Page, Visitor, institution};

/// Events that are read at once.
const EVENTS_AT_ONCE: i64 = 500;

/// What is left to send.
struct Rest {
    db: Db,
    page: Page,
    scope: AuditScope,
    criteria: AuditCriteria,
    from: Cursor,
    heading: bool,
}

/// The log as a spreadsheet reads it, newest first. That it was taken away is in the log too.
pub async fn download(request: HttpRequest, visitor: Visitor, mut page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let criteria = criteria(&list, &mut page);
    if !page.problems.is_empty() {
        return Err(ErrorPage::BadForm);
    }
    let scope = AuditScope::of(&visitor.rights);
    let asked: serde_json::Map<_, _> = FILTERS
        .iter()
        .filter(|(name, _)| !list.get(name).is_empty())
        .map(|(name, _)| ((*name).to_owned(), list.get(name).into()))
        .collect();
    let (actor, branches) = (visitor.actor.clone(), scope.branches().to_vec());
    let id = institution.id()?;
    let record = institution.db.write(move |tx| {
        // The page's rights were read before this transaction; one of them must still hold in it.
        let branch = branches.first().ok_or(NotAllowed::NoGrant(Action::ViewAuditLog))?;
        tx.authorise(&actor.id, Action::ViewAuditLog, branch)?;
        let event = Event::new(actor.by(), What::AuditDownloaded, Subject::new("institution", &id));
        audit::record(tx, &event.changing(serde_json::json!({ "filters": asked })))?;
        Ok::<_, ErrorPage>(())
    });
    record.await?;
    let rest = Rest { db: institution.db.clone(), page, scope, criteria, from: Cursor::Newest, heading: true };
    let parts = stream::try_unfold(Some(rest), |rest| async move {
        match rest {
            Some(rest) => next(rest).await.map(Some),
            None => Ok::<_, db::Error>(None),
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"audit-log.csv\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(parts))
}

async fn next(mut rest: Rest) -> db::Result<(web::Bytes, Option<Rest>)> {
    let (scope, criteria, from) = (rest.scope.clone(), rest.criteria.clone(), rest.from.clone());
    let (slice, names) = rest
        .db
        .read(move |conn| {
            let slice = search(conn, &scope, &criteria, &from, EVENTS_AT_ONCE)?;
            let names = Names::of(conn, &slice.rows)?;
            Ok::<_, db::Error>((slice, names))
        })
        .await?;
    let mut text = String::new();
    if rest.heading {
        // Without the mark, spreadsheets take Burmese for something else.
        text.push('\u{feff}');
        line(&mut text, heading(&rest.page).iter().map(String::as_str));
        rest.heading = false;
    }
    let Slice { rows, older, .. } = slice;
    for entry in rows {
        let told = Told::new(entry, &names, &rest.page);
        line(&mut text, cells(&told, &names, &rest.page).iter().map(String::as_str));
    }
    let rest = older.map(|id| Rest { from: Cursor::Before(id), ..rest });
    Ok((web::Bytes::from(text), rest))
}

fn heading(page: &Page) -> Vec<String> {
    let said = [
        say!("Time"),
        say!("Person"),
        say!("What happened"),
        say!("Action"),
        say!("About"),
        say!("Branch"),
        say!("Reason"),
        say!("What changed"),
    ];
    said.iter().map(|said| said.in_language(&page.language)).collect()
}

fn cells(told: &Told, names: &Names, page: &Page) -> Vec<String> {
    let entry = &told.entry;
    let time = entry.at.timestamp().to_zoned(page.zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string();
    let changed: Vec<String> = told
        .lines
        .iter()
        .map(|line| match &line.from {
            Some(from) => format!("{}: {from} → {}", line.label, line.to),
            None => format!("{}: {}", line.label, line.to),
        })
        .collect();
    vec![
        time,
        entry.who(&page.language),
        told.sentence.clone(),
        entry.action.clone(),
        entry.subject(names, &page.language),
        entry.branch_id.as_ref().map_or_else(String::new, |id| names.get(id.as_str()).to_owned()),
        entry.reason.clone().unwrap_or_default(),
        changed.join("; "),
    ]
}

/// Every cell in quotes, and none that a spreadsheet takes for a formula.
fn line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(&safe_cell(cell).replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}
