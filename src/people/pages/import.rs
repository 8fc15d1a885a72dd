//! Import Users: the file, what is wrong with it or what each person will get, and the import itself.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::invitation::slips;
use crate::batches::pages::receive::{Received, Sent, receive};
use crate::ids::OnceKey;
use crate::institutions::{Institution, Limits};
use crate::people::Way;
use crate::people::import::{Column, FILE_BYTES_MAX, Finding, ImportRefusal, Imported, Newcomer, Order, ROWS_MAX, TypedRow};
use crate::people::import::{check, import, read_users};
use crate::privileges::{Actions, RoleName};
use crate::say;
use crate::web::download::attachment;
use crate::web::page::{Flash, FlashKind, Problem};
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once_with};
use crate::words::Said;

/// Bytes of the rows in the check page's form, at most: the form takes 256 kB.
const CARRIED_BYTES_MAX: usize = 240 * 1024;

#[derive(Template)]
#[template(path = "people/import.html")]
struct FormPage {
    page: Page,
    once: OnceKey,
    has_mail: bool,
    findings: Vec<Finding>,
    /// For each column in which something is wrong, how often.
    kinds: Vec<(Column, usize)>,
}

impl FormPage {
    fn rows_max(&self) -> usize {
        ROWS_MAX
    }

    fn megabytes(&self) -> u64 {
        FILE_BYTES_MAX / 1_000_000
    }
}

#[derive(Template)]
#[template(path = "people/import_check.html")]
struct CheckPage {
    page: Page,
    once: OnceKey,
    newcomers: Vec<Newcomer>,
    /// The rows as they were typed.
    carried: String,
}

impl CheckPage {
    fn by(&self, way: Way) -> usize {
        self.newcomers.iter().filter(|newcomer| newcomer.way == way).count()
    }

    fn waiting(&self) -> usize {
        self.newcomers.iter().filter(|newcomer| !newcomer.waits.is_empty()).count()
    }

    fn without_rights(&self) -> usize {
        self.newcomers.iter().filter(|newcomer| newcomer.role.is_none()).count()
    }

    fn labels(&self, actions: &Actions) -> Vec<&'static str> {
        actions.iter().map(|action| action.label()).collect()
    }
}

/// GET /users/import
pub async fn form(request: HttpRequest, page: Page) -> Result<HttpResponse, ErrorPage> {
    Ok(show(&*institution(&request)?, page, StatusCode::OK, Vec::new()))
}

fn show(institution: &Institution, page: Page, status: StatusCode, findings: Vec<Finding>) -> HttpResponse {
    let count = |column: &Column| (*column, findings.iter().filter(|finding| finding.column == *column).count());
    let kinds = Column::ALL.iter().map(count).filter(|(_, count)| *count > 0).collect();
    let view = FormPage { page, once: OnceKey::random(), has_mail: institution.settings.mail.is_some(), findings, kinds };
    html(status, &view.page, &view)
}

fn refuse(institution: &Institution, mut page: Page, said: Said) -> HttpResponse {
    page.problems.push(Problem::new("file", said));
    show(institution, page, StatusCode::UNPROCESSABLE_ENTITY, Vec::new())
}

/// The file again, with everything that is wrong with it.
fn refuse_findings(institution: &Institution, mut page: Page, findings: Vec<Finding>) -> HttpResponse {
    page.problems.push(Problem::new("file", say!("Nobody was imported: the file has problems. Mend them and upload it again")));
    show(institution, page, StatusCode::UNPROCESSABLE_ENTITY, findings)
}

/// GET /users/import-template.csv
pub async fn template() -> Result<HttpResponse, ErrorPage> {
    // The mark tells spreadsheets that it is UTF-8: names are in Burmese too.
    Ok(attachment("users.csv").body(format!("\u{feff}{}\r\n", Column::template())))
}

/// POST /users/import
pub async fn look(request: HttpRequest, visitor: Visitor, page: Page, parts: Multipart) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let limits = Limits { upload_bytes: FILE_BYTES_MAX, ..institution.settings.limits.clone() };
    let Received { file, .. } = receive(&request, parts, &limits).await?;
    let arrived = match file {
        Sent::File(_, arrived) => arrived,
        Sent::Nothing => return Ok(refuse(&institution, page, say!("Choose a file"))),
        Sent::TooLarge => {
            let limit = FILE_BYTES_MAX / 1_000_000;
            return Ok(refuse(&institution, page, say!("The selected file must be smaller than {limit} MB", limit = limit)));
        }
    };
    let read = web::block(move || arrived.reader().map(read_users)).await.map_err(|_| ErrorPage::Busy)?;
    let rows = match read.map_err(|_| ErrorPage::Busy)? {
        Ok(rows) => rows,
        Err(said) => return Ok(refuse(&institution, page, said)),
    };
    let carried = carry(&rows)?;
    if carried.len() > CARRIED_BYTES_MAX {
        return Ok(refuse(&institution, page, say!("The selected file holds too much text at once. Split it into smaller files.")));
    }
    let (order, by) = (order(&institution, rows), visitor.actor.by());
    let checked = institution.db.read(move |conn| Ok::<_, ErrorPage>(check(conn, &by, &order)?)).await?;
    Ok(match checked {
        Err(findings) => refuse_findings(&institution, page, findings),
        Ok(newcomers) => {
            let view = CheckPage { page, once: OnceKey::random(), newcomers, carried };
            html(StatusCode::OK, &view.page, &view)
        }
    })
}

fn order(institution: &Institution, rows: Vec<TypedRow>) -> Order {
    let settings = &institution.settings;
    Order { rows, phone_country: settings.phone_country.clone(), has_mail: settings.mail.is_some() }
}

/// The rows as one field of a form: in letters that a form does not make longer.
fn carry(rows: &[TypedRow]) -> Result<String, ErrorPage> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(rows).map_err(|_| ErrorPage::BadForm)?))
}

fn carried(field: &str) -> Option<Vec<TypedRow>> {
    let json = URL_SAFE_NO_PAD.decode(field).ok()?;
    serde_json::from_slice(&json).ok()
}

/// POST /users/import/confirmation
pub async fn confirm(request: HttpRequest, visitor: Visitor, mut page: Page, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let rows = carried(posted.fields.get("rows")).ok_or(ErrorPage::BadForm)?;
    let (order, by) = (order(&institution, rows), visitor.actor.by());
    let (db, language) = (&institution.db, &institution.house().language);
    let run = once_with::<ImportRefusal, _, _>(db, &visitor.actor.id, &posted.once, language, move |tx| {
        let imported = import(tx, &by, &order)?;
        let again = if imported.slips.is_empty() { said(&imported) } else { printed(&imported) };
        Ok((Done::at("/users").saying(again), imported))
    });
    let (outcome, first) = match run.await {
        Ok(done) => done,
        Err(ImportRefusal::Findings(findings)) => return Ok(refuse_findings(&institution, page, findings)),
        Err(ImportRefusal::NotAllowed(refusal)) => return Err(refusal.into()),
        Err(ImportRefusal::Invite(refusal)) => return Err(refusal.into()),
        Err(ImportRefusal::Db(error)) => return Err(error.into()),
    };
    institution.wake();
    match first {
        Some(imported) if !imported.slips.is_empty() => {
            let text = said(&imported).in_language(&institution.house().language);
            page.flash = Some(Flash { kind: FlashKind::Done, text });
            Ok(slips(page, &institution, imported.slips, "/users"))
        }
        _ => Ok(outcome.redirect(&request)),
    }
}

fn said(done: &Imported) -> Said {
    say!(
        "{people} people are imported: {mailed} invited by mail, {slips} with a printed code. For {waiting} of them the other account manager has to confirm rights.",
        people = done.people,
        mailed = done.mailed,
        slips = done.slips.len(),
        waiting = done.waiting
    )
}

/// What a second click is told.
fn printed(done: &Imported) -> Said {
    say!(
        "{people} people are imported. Their {slips} codes were shown once, to be printed. Whoever has no slip gets a new code from their own page.",
        people = done.people,
        slips = done.slips.len()
    )
}
