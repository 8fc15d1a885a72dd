//! Setting up an authenticator app: in the middle of signing in, or later from one's own page.

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::SecretString;

use super::code::{elsewhere, to};
use super::picture::Picture;
use super::{RECOVERY_CODES, SET_UP, clock, code_problem};
use crate::db;
use crate::ids::{OnceKey, UserId};
use crate::institutions::Institution;
use crate::people::second_factor::{
    CodeRefusal, Confirmation, EnrolRefusal, Enrolled, OneTimeCode, Proof, Shown, Standing, State, Vault, confirm, counted, enrolment_code,
    factor, propose, shown, standing,
};
use crate::people::sign_in::next_step;
use crate::people::{self, Passwords, Stage};
use crate::say;
use crate::web::page::Problem;
use crate::web::sessions::TypedSession;
use crate::web::{
    Checked, Done, ErrorPage, HalfVisitor, Page, Posted, ShownOnce, Visitor, address, filters, html, institution, once_shown,
};

/// Who sets one up, and from where.
#[derive(Clone)]
struct Seat {
    user: UserId,
    is_signing_in: bool,
}

impl Seat {
    fn path(&self) -> &'static str {
        if self.is_signing_in { Stage::Enrol.path() } else { SET_UP }
    }
}

#[derive(Template)]
#[template(path = "people/second_factor/set_up.html")]
struct SetUpPage {
    page: Page,
    is_signing_in: bool,
    action: &'static str,
    needs_old_code: bool,
    needs_one_time_code: bool,
    one_time_code: String,
    picture: Option<Picture>,
    groups: Vec<String>,
    account: String,
    once: OnceKey,
}

/// Theirs was reset, and the code for the next one ran out or was never told.
#[derive(Template)]
#[template(path = "people/second_factor/request_needed.html")]
struct RequestNeededPage {
    page: Page,
}

/// Recovery codes, once; without any where they were shown before.
#[derive(Template)]
#[template(path = "people/second_factor/shown.html")]
pub(super) struct CodesPage {
    pub page: Page,
    pub codes: Vec<String>,
    pub is_signing_in: bool,
}

/// What the page has to know before it can be shown.
struct Found {
    standing: Standing,
    user_name: String,
    /// Number of the secret in use.
    active: Option<i32>,
}

async fn find(institution: &Institution, user: &UserId) -> Result<Found, ErrorPage> {
    let (user, now) = (user.clone(), institution.clock().now());
    let found = institution.db.read(move |conn| {
        let person = people::find(conn, &user)?.ok_or(ErrorPage::NotFound)?;
        let active = factor(conn, &user)?.filter(|factor| factor.state == State::Active).map(|factor| factor.version);
        Ok::<_, ErrorPage>(Found { standing: standing(conn, &user, now)?, user_name: person.user_name, active })
    });
    found.await
}

/// The secret that this session was shown, or a new one.
fn proposal(session: &TypedSession, vault: &Vault, seat: &Seat, found: &Found, issuer: &str) -> Result<Shown, ErrorPage> {
    let show = |proposal: &str| shown(vault, &seat.user, found.standing, proposal, issuer, &found.user_name);
    if let Some(Ok(shown)) = session.proposal().map(|proposal| show(&proposal)) {
        return Ok(shown);
    }
    let proposal = propose(vault, &seat.user, found.standing).map_err(|_| ErrorPage::Broken)?;
    session.keep_proposal(&proposal);
    show(&proposal).map_err(|_| ErrorPage::Broken)
}

/// The page, or where else a person at this seat belongs. `one_time_code`: as it was typed.
async fn view(request: &HttpRequest, page: Page, seat: &Seat, one_time_code: &str) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let (session, found) = (TypedSession(request.get_session()), find(&institution, &seat.user).await?);
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match found.standing.proof {
        Proof::Request => {
            let view = RequestNeededPage { page };
            return Ok(html(StatusCode::OK, &view.page, &view));
        }
        // Set up in this session: the recovery codes were shown. Set up elsewhere: whoever that was has the app, and types its code.
        Proof::OldCode if seat.is_signing_in && session.enrolled() == found.active => {
            let view = CodesPage { page, codes: Vec::new(), is_signing_in: true };
            return Ok(html(StatusCode::OK, &view.page, &view));
        }
        Proof::OldCode if seat.is_signing_in => return Ok(to(&session.come_to(Stage::Code)?)),
        Proof::Nothing | Proof::OldCode | Proof::OneTimeCode => {}
    }
    let shown = proposal(&session, &Vault::of(&institution), seat, &found, &institution.settings.name)?;
    let view = SetUpPage {
        page,
        is_signing_in: seat.is_signing_in,
        action: seat.path(),
        needs_old_code: found.standing.proof == Proof::OldCode,
        needs_one_time_code: found.standing.proof == Proof::OneTimeCode,
        one_time_code: one_time_code.to_owned(),
        picture: Picture::of(&shown.url),
        groups: shown.groups,
        account: found.user_name,
        once: OnceKey::random(),
    };
    Ok(html(status, &view.page, &view))
}

/// GET /sign-in/second-factor
pub async fn enrol_form(request: HttpRequest, page: Page, half: HalfVisitor) -> Result<HttpResponse, ErrorPage> {
    match elsewhere(&half, Stage::Enrol) {
        Some(elsewhere) => Ok(elsewhere),
        None => view(&request, page, &Seat { user: half.user, is_signing_in: true }, "").await,
    }
}

/// GET /me/second-factor/set-up
pub async fn set_up_form(request: HttpRequest, page: Page, visitor: Visitor) -> Result<HttpResponse, ErrorPage> {
    view(&request, page, &Seat { user: visitor.actor.id, is_signing_in: false }, "").await
}

/// POST /sign-in/second-factor
pub async fn enrol(
    request: HttpRequest,
    page: Page,
    half: HalfVisitor,
    posted: Posted,
    passwords: web::Data<Passwords>,
) -> Result<HttpResponse, ErrorPage> {
    match elsewhere(&half, Stage::Enrol) {
        Some(elsewhere) => Ok(elsewhere),
        None => save(&request, page, Seat { user: half.user, is_signing_in: true }, posted, &passwords).await,
    }
}

/// POST /me/second-factor/set-up
pub async fn set_up(
    request: HttpRequest,
    page: Page,
    visitor: Visitor,
    posted: Posted,
    passwords: web::Data<Passwords>,
) -> Result<HttpResponse, ErrorPage> {
    save(&request, page, Seat { user: visitor.actor.id, is_signing_in: false }, posted, &passwords).await
}

async fn save(request: &HttpRequest, mut page: Page, seat: Seat, posted: Posted, passwords: &Passwords) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let session = TypedSession(request.get_session());
    let outcome = counted(&institution.db, &seat.user, confirm_once(&institution, &page, &session, &seat, &posted, passwords)).await;
    match outcome {
        Ok(ShownOnce::First(Enrolled { version, recovery_codes })) => {
            session.set_enrolled(version);
            let view = CodesPage { page, codes: recovery_codes, is_signing_in: seat.is_signing_in };
            Ok(html(StatusCode::OK, &view.page, &view))
        }
        Ok(ShownOnce::Again(outcome)) => {
            // The form's once-key is this session's own, so it was this session that set it up.
            if let Some(version) = find(&institution, &seat.user).await?.active {
                session.set_enrolled(version);
            }
            Ok(outcome.redirect(request))
        }
        Err(refusal) => {
            let mut problem = problem(refusal, &page)?;
            // Codes are locked for both alike.
            if problem.field == "old_code" && find(&institution, &seat.user).await?.standing.proof == Proof::OneTimeCode {
                problem.field = "one_time_code".to_owned();
            }
            page.problems.push(problem);
            view(request, page, &seat, posted.fields.get("one_time_code")).await
        }
    }
}

/// Confirms what the session was shown, with what was typed.
async fn confirm_once(
    institution: &Institution,
    page: &Page,
    session: &TypedSession,
    seat: &Seat,
    posted: &Posted,
    passwords: &Passwords,
) -> Result<ShownOnce<Enrolled>, EnrolRefusal> {
    let typed = posted.fields.get("one_time_code");
    let sent = Confirmation {
        proposal: session.proposal().unwrap_or_default(),
        code: posted.fields.get("code").to_owned(),
        old_code: posted.fields.get("old_code").to_owned(),
        one_time_code: if typed.is_empty() { None } else { fitting(institution, &seat.user, typed, passwords).await? },
    };
    let again = if seat.is_signing_in {
        Done::at(Stage::Enrol.path())
    } else {
        Done::at(RECOVERY_CODES)
            .saying(say!("Your authenticator app is set up. Its recovery codes were shown once. Make new ones if you did not keep them."))
    };
    let (vault, user) = (Vault::of(institution), seat.user.clone());
    once_shown(&institution.db, &seat.user, &posted.once, &page.language, again, move |tx| confirm(tx, &vault, &user, &sent)).await
}

/// The hash that the typed one-time code fits; compared in the pool of passwords, because it takes as long.
async fn fitting(
    institution: &Institution,
    user: &UserId,
    typed: &str,
    passwords: &Passwords,
) -> Result<Option<people::PasswordHash>, EnrolRefusal> {
    let (person, now) = (user.clone(), institution.clock().now());
    let Some(hash) = institution.db.read(move |conn| enrolment_code(conn, &person, now)).await? else { return Ok(None) };
    let typed = SecretString::from(OneTimeCode::folded(typed));
    let place = passwords.place().map_err(|_| EnrolRefusal::Busy)?;
    match place.verify(typed, Some(hash.clone())).await {
        true => Ok(Some(hash)),
        false => Err(EnrolRefusal::OneTimeCode(CodeRefusal::Wrong)),
    }
}

fn problem(refusal: EnrolRefusal, page: &Page) -> Result<Problem, ErrorPage> {
    let problem = match refusal {
        EnrolRefusal::NewCode(refusal) => Problem::new("code", code_problem(refusal, page)?),
        EnrolRefusal::OldCode(CodeRefusal::Missing) => Problem::new("old_code", say!("Type the code that the app on your old phone shows")),
        EnrolRefusal::OldCode(refusal) => Problem::new("old_code", code_problem(refusal, page)?),
        EnrolRefusal::OneTimeCode(CodeRefusal::Missing) => Problem::new("one_time_code", say!("Type the one-time code that you were told")),
        EnrolRefusal::OneTimeCode(CodeRefusal::Locked { until }) => Problem::new(
            "one_time_code",
            say!("Too many wrong codes. Try again after {time}. Waiting unlocks it by itself", time = clock(until, page)),
        ),
        EnrolRefusal::OneTimeCode(CodeRefusal::Db(error)) | EnrolRefusal::Db(error) => return Err(db::Error::into(error)),
        EnrolRefusal::OneTimeCode(_) => Problem::new(
            "one_time_code",
            say!("This is not the one-time code that you were told. The account manager can read it to you again"),
        ),
        EnrolRefusal::Stale => {
            Problem::new("code", say!("This QR code is a new one. Delete the entry in your app, scan this one and type its code"))
        }
        EnrolRefusal::Busy => Problem::new("code", say!("Too many people are signing in at this moment. Try again in a few seconds")),
        EnrolRefusal::RequestNeeded => Problem::new("code", say!("Your one-time code ran out")),
        EnrolRefusal::Required => Problem::new("code", say!("You need an authenticator app for what you may do")),
    };
    Ok(problem)
}

/// POST /sign-in/second-factor/completion: the recovery codes are kept, and the sign-in goes on.
pub async fn completion(request: HttpRequest, half: HalfVisitor, _checked: Checked) -> Result<HttpResponse, ErrorPage> {
    if let Some(elsewhere) = elsewhere(&half, Stage::Enrol) {
        return Ok(elsewhere);
    }
    let institution = institution(&request)?;
    let session = TypedSession(request.get_session());
    let active = find(&institution, &half.user).await?.active;
    if active.is_none() || session.enrolled() != active {
        return Ok(to(Stage::Enrol.path()));
    }
    let (user, from) = (half.user, address(&request));
    let stage = institution.db.write(move |tx| next_step(tx, &user, Some(Stage::Enrol), &from)).await?;
    Ok(to(&session.come_to(stage)?))
}
