//! QR Code Requests: the list, one request, and what an account manager decides.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::clock::Instant;
use crate::db::Conn;
use crate::ids::{OnceKey, QrRequestId};
use crate::people::second_factor::{
    Allowed, EnrolledPerson, OneTimeCode, REASON_CHARS_MAX, Request, RequestFilter, RequestRefusal, RequestState, State, allow, enrolled,
    refuse, request, requests, requests_waiting,
};
use crate::say;
use crate::web::page::{Choice, Pager, Problem};
use crate::web::{Done, ErrorPage, List, PAGE_ROWS, Page, Posted, ShownOnce, Visitor, filters, html, institution, once, once_shown};
use crate::words::Said;

const PATH: &str = "/qr-code-requests";

fn path_of(id: &QrRequestId) -> String {
    format!("{PATH}/{id}")
}

/// What the list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Waiting,
    Ended,
    SetUp,
}

impl Shows {
    fn of(list: &List) -> Self {
        match list.get("show") {
            "ended" => Self::Ended,
            "set-up" => Self::SetUp,
            _ => Self::Waiting,
        }
    }
}

#[derive(Template)]
#[template(path = "people/qr_requests.html")]
struct RequestsPage {
    page: Page,
    shows: Shows,
    rows: Vec<Request>,
    people: Vec<EnrolledPerson>,
    waiting: i64,
    pager: Pager,
}

impl RequestsPage {
    fn tabs(&self) -> [(&'static str, Said, bool); 3] {
        let tab = |path, label, shows| (path, label, self.shows == shows);
        [
            tab(PATH, say!("Waiting"), Shows::Waiting),
            tab("/qr-code-requests?show=ended", say!("Decided"), Shows::Ended),
            tab("/qr-code-requests?show=set-up", say!("Set up"), Shows::SetUp),
        ]
    }
}

/// GET /qr-code-requests
pub async fn list(request: HttpRequest, page: Page, visitor: Visitor, list: List) -> Result<HttpResponse, ErrorPage> {
    let (shows, offset, me) = (Shows::of(&list), list.offset(), visitor.actor.id);
    let read = move |conn: &mut Conn| {
        let waiting = requests_waiting(conn, &me)?;
        if shows == Shows::SetUp {
            let (people, counted) = enrolled(conn, offset, PAGE_ROWS)?;
            return Ok::<_, ErrorPage>((Vec::new(), people, counted, waiting));
        }
        let filter = if shows == Shows::Ended { RequestFilter::Ended } else { RequestFilter::Waiting };
        let found = requests(conn, filter, offset, PAGE_ROWS)?;
        Ok((found.rows, Vec::new(), found.counted, waiting))
    };
    let (rows, people, counted, waiting) = institution(&request)?.db.read(read).await?;
    let pager = list.pager(counted, rows.len().max(people.len()));
    let view = RequestsPage { page, shows, rows, people, waiting, pager };
    Ok(html(StatusCode::OK, &view.page, &view))
}

#[derive(Template)]
#[template(path = "people/qr_request.html")]
struct RequestPage {
    page: Page,
    request: Request,
    is_own: bool,
    decisions: [Choice; 2],
    chosen: String,
    reason: String,
    is_recognised: bool,
    once: OnceKey,
}

/// What was typed on the page of a request.
#[derive(Default)]
struct Typed {
    decision: String,
    reason: String,
    is_recognised: bool,
}

async fn view(http: &HttpRequest, page: Page, visitor: &Visitor, id: QrRequestId, typed: Typed) -> Result<HttpResponse, ErrorPage> {
    let found = institution(http)?.db.read(move |conn| request(conn, &id)).await?.ok_or(ErrorPage::NotFound)?;
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = RequestPage {
        page,
        is_own: found.user == visitor.actor.id,
        request: found,
        decisions: [Choice::new("allow", say!("Allow a new QR code")), Choice::new("refuse", say!("Refuse"))],
        chosen: typed.decision,
        reason: typed.reason,
        is_recognised: typed.is_recognised,
        once: OnceKey::random(),
    };
    Ok(html(status, &view.page, &view))
}

/// GET /qr-code-requests/{request}
pub async fn show(request: HttpRequest, page: Page, visitor: Visitor, path: web::Path<String>) -> Result<HttpResponse, ErrorPage> {
    view(&request, page, &visitor, QrRequestId::from(path.into_inner()), Typed::default()).await
}

/// The code for the person, shown once.
#[derive(Template)]
#[template(path = "people/qr_request_allowed.html")]
pub(super) struct AllowedPage {
    page: Page,
    request: Request,
    code: OneTimeCode,
    until: Instant,
}

/// POST /qr-code-requests/{request}/decision
pub async fn decide(
    request: HttpRequest,
    mut page: Page,
    visitor: Visitor,
    posted: Posted,
    path: web::Path<String>,
) -> Result<HttpResponse, ErrorPage> {
    let id = QrRequestId::from(path.into_inner());
    let typed = Typed {
        decision: posted.fields.get("decision").to_owned(),
        reason: posted.fields.get("reason").to_owned(),
        is_recognised: posted.fields.get("recognised") == "yes",
    };
    let done = match typed.decision.as_str() {
        "allow" => allow_it(&request, &page, &visitor, &posted, &id, typed.is_recognised).await,
        "refuse" => refuse_it(&request, &page, &visitor, &posted, &id, &typed.reason).await,
        _ => {
            page.problems.push(Problem::new("decision", say!("Choose whether you allow or refuse it")));
            return view(&request, page, &visitor, id, typed).await;
        }
    };
    let problem = match done {
        Ok(answer) => return Ok(answer),
        Err(RequestRefusal::NotRecognised) => {
            Problem::new("recognised", say!("Call them or see them first. Whoever sits at that computer knows their password already"))
        }
        Err(RequestRefusal::ReasonMissing) => Problem::new("reason", say!("Say why you refuse it; the person reads it")),
        Err(RequestRefusal::ReasonTooLong) => {
            Problem::new("reason", say!("Shorten the reason to {limit} characters", limit = REASON_CHARS_MAX))
        }
        Err(refusal) => return Err(refusal.into()),
    };
    page.problems.push(problem);
    view(&request, page, &visitor, id, typed).await
}

async fn allow_it(
    http: &HttpRequest,
    page: &Page,
    visitor: &Visitor,
    posted: &Posted,
    id: &QrRequestId,
    is_recognised: bool,
) -> Result<HttpResponse, RequestRefusal> {
    let Ok(institution) = institution(http) else { return Err(RequestRefusal::NoSuchRequest) };
    let (actor, wanted) = (visitor.actor.clone(), id.clone());
    let again = Done::at(path_of(id));
    let allowed = once_shown(&institution.db, &visitor.actor.id, &posted.once, &page.language, again, move |tx| {
        allow(tx, &actor, &wanted, is_recognised)
    });
    match allowed.await? {
        ShownOnce::Again(outcome) => Ok(outcome.redirect(http)),
        ShownOnce::First(Allowed::WhenConfirmed) => Ok(see(&path_of(id))),
        ShownOnce::First(Allowed::Now { code, until }) => {
            let id = id.clone();
            let found = institution.db.read(move |conn| request(conn, &id)).await?.ok_or(RequestRefusal::NoSuchRequest)?;
            let view = AllowedPage { page: page.clone(), request: found, code, until };
            Ok(html(StatusCode::OK, &view.page, &view))
        }
    }
}

fn see(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((actix_web::http::header::LOCATION, path)).finish()
}

async fn refuse_it(
    http: &HttpRequest,
    page: &Page,
    visitor: &Visitor,
    posted: &Posted,
    id: &QrRequestId,
    reason: &str,
) -> Result<HttpResponse, RequestRefusal> {
    let Ok(institution) = institution(http) else { return Err(RequestRefusal::NoSuchRequest) };
    let (actor, wanted, reason) = (visitor.actor.clone(), id.clone(), reason.to_owned());
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        refuse(tx, &actor, &wanted, &reason)?;
        Ok::<_, RequestRefusal>(Done::at(PATH).saying(say!("The request is refused. The person is told why.")))
    });
    Ok(outcome.await?.redirect(http))
}

impl From<RequestRefusal> for ErrorPage {
    fn from(refusal: RequestRefusal) -> Self {
        let conflict = |what| Self::Conflict { what, typed: Vec::new() };
        match refusal {
            RequestRefusal::Db(error) => error.into(),
            RequestRefusal::NoSuchRequest | RequestRefusal::NotAccountManager => Self::NotFound,
            RequestRefusal::OwnRequest => Self::Forbidden(say!("This is your own request: the other account manager decides on it.")),
            RequestRefusal::Decided(RequestState::Withdrawn) => {
                conflict(say!("The person found their phone or was deactivated, so nothing is to be decided any more."))
            }
            RequestRefusal::Decided(_) => conflict(say!("Somebody else decided on this request first. Open it to see who and when.")),
            RequestRefusal::NothingToReplace => conflict(say!("The person has no authenticator app that could be replaced.")),
            RequestRefusal::ReasonMissing | RequestRefusal::ReasonTooLong | RequestRefusal::TooOften | RequestRefusal::NotRecognised => {
                Self::BadForm
            }
        }
    }
}
