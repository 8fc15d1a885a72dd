//! The url table: every method and path, what one needs to use it, and who handles it. A route cannot exist without a privilege,
//! because there is no other way to make one.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{Route, web};

use super::page::{AlarmInFrame, CutOffNear};
use super::{LOGO, assets, guard};
use crate::approvals::{self, Checker};
use crate::audit;
use crate::batches;
use crate::batches::pages::{batch, check, correction, delete, download, findings, resubmission, schedule, upload};
use crate::branches;
use crate::clock::Instant;
use crate::confirmations;
use crate::db::{self, Conn};
use crate::dispatch::{self, AlarmKind};
use crate::institutions::{self, House};
use crate::mail;
use crate::people::pages::{qr_requests, second_factor};
use crate::people::{self, Actor};
use crate::privileges::pages::{copy, form, matrix, report, roles, segregation, why};
use crate::privileges::{self, Action, Rights};
use crate::reports;
use crate::resolutions::{self, Resolver};
use crate::say;
use crate::search;

/// What one needs to reach a handler at all. What one may do to which batch is asked again by the verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Open to everybody: sign-in and assets.
    Nothing,
    /// In the middle of signing in: the password was right, a code or a first password is missing.
    HalfSignedIn,
    /// Signed in, or in the middle of it.
    Session,
    /// Signed in.
    Person,
    /// Signed in and holding one of these in some branch.
    OneOf(&'static [Action]),
    /// An account manager.
    AccountManager,
    /// An account manager, or one who holds one of these in some branch.
    AccountManagerOr(&'static [Action]),
}

/// One line of the table.
pub struct Url {
    pub method: Method,
    pub path: &'static str,
    pub needs: Needs,
    route: fn() -> Route,
}

impl Url {
    const fn get(path: &'static str, needs: Needs, route: fn() -> Route) -> Self {
        Self { method: Method::GET, path, needs, route }
    }

    const fn post(path: &'static str, needs: Needs, route: fn() -> Route) -> Self {
        Self { method: Method::POST, path, needs, route }
    }
}

/// Who makes batches.
const MAKES: Needs = Needs::OneOf(&[Action::MakePayment]);
/// Who deletes them.
const DELETES: Needs = Needs::OneOf(&[Action::DeletePayment]);
/// Who decides on anything.
const DECIDES: Needs = Needs::OneOf(&[Action::ApprovePayment, Action::RejectPayment]);
/// Who lets batches go on, cancels them, and tries failed payments again.
const APPROVES: Needs = Needs::OneOf(&[Action::ApprovePayment]);
/// Who finds out what became of payments.
const RESOLVES: Needs = Needs::OneOf(&[Action::ResolvePayment]);
/// Who sees alarms.
const ALARMED: Needs = Needs::AccountManagerOr(&[Action::ResolvePayment]);
/// Who has anything to search.
const SEARCHES: Needs = Needs::OneOf(search::SEARCHERS);

/// Who reads the audit log.
const AUDITS: Needs = Needs::OneOf(&[Action::ViewAuditLog]);
/// Who reads reports.
const REPORTS: Needs = Needs::AccountManagerOr(&[Action::ViewReports]);

/// Who reads what the days of a branch came to: a report of payments, so none of account managers as such.
const DAYS: Needs = Needs::OneOf(&[Action::ViewReports]);
/// Who finds any report.
const ANY_REPORT: Needs = Needs::AccountManagerOr(&[Action::ViewReports, Action::ViewAuditLog]);

/// The table.
pub const URLS: &[Url] = &[
    Url::get(LOGO, Needs::Nothing, || web::get().to(institutions::pages::logo)),
    Url::get("/settings", Needs::AccountManager, || web::get().to(institutions::pages::settings)),
    Url::get("/settings/institution", Needs::AccountManager, || web::get().to(institutions::pages::institution_group)),
    Url::post("/settings/institution", Needs::AccountManager, || web::post().to(institutions::pages::save_institution)),
    Url::get("/settings/day", Needs::AccountManager, || web::get().to(institutions::pages::day_group)),
    Url::post("/settings/day", Needs::AccountManager, || web::post().to(institutions::pages::save_day)),
    Url::get("/settings/security", Needs::AccountManager, || web::get().to(institutions::pages::security_group)),
    Url::post("/settings/security", Needs::AccountManager, || web::post().to(institutions::pages::save_security)),
    Url::get(assets::ROUTE, Needs::Nothing, || web::get().to(assets::serve)),
    Url::get("/", Needs::Person, || web::get().to(people::pages::home)),
    Url::get("/sign-in", Needs::Nothing, || web::get().to(people::pages::sign_in_form)),
    Url::post("/sign-in", Needs::Nothing, || web::post().to(people::pages::sign_in)),
    Url::get("/sign-in/code", Needs::HalfSignedIn, || web::get().to(second_factor::code_form)),
    Url::post("/sign-in/code", Needs::HalfSignedIn, || web::post().to(second_factor::code)),
    Url::get("/sign-in/recovery-code", Needs::HalfSignedIn, || web::get().to(second_factor::recovery_code_form)),
    Url::post("/sign-in/recovery-code", Needs::HalfSignedIn, || web::post().to(second_factor::recovery_code)),
    Url::get("/sign-in/lost-phone", Needs::HalfSignedIn, || web::get().to(second_factor::ask_form)),
    Url::post("/sign-in/lost-phone", Needs::HalfSignedIn, || web::post().to(second_factor::ask)),
    Url::get("/sign-in/second-factor", Needs::HalfSignedIn, || web::get().to(second_factor::enrol_form)),
    Url::post("/sign-in/second-factor", Needs::HalfSignedIn, || web::post().to(second_factor::enrol)),
    Url::post("/sign-in/second-factor/completion", Needs::HalfSignedIn, || web::post().to(second_factor::completion)),
    Url::get("/me/second-factor", Needs::Person, || web::get().to(second_factor::show)),
    Url::get("/me/second-factor/set-up", Needs::Person, || web::get().to(second_factor::set_up_form)),
    Url::post("/me/second-factor/set-up", Needs::Person, || web::post().to(second_factor::set_up)),
    Url::get("/me/second-factor/recovery-codes", Needs::Person, || web::get().to(second_factor::recovery_codes_form)),
    Url::post("/me/second-factor/recovery-codes", Needs::Person, || web::post().to(second_factor::recovery_codes)),
    Url::get("/me/second-factor/removal", Needs::Person, || web::get().to(second_factor::removal_form)),
    Url::post("/me/second-factor/removal", Needs::Person, || web::post().to(second_factor::removal)),
    Url::get("/qr-code-requests", Needs::AccountManager, || web::get().to(qr_requests::list)),
    Url::get("/qr-code-requests/{request}", Needs::AccountManager, || web::get().to(qr_requests::show)),
    Url::post("/qr-code-requests/{request}/decision", Needs::AccountManager, || web::post().to(qr_requests::decide)),
    Url::get("/forgot", Needs::Nothing, || web::get().to(people::pages::forgot::form)),
    Url::post("/forgot", Needs::Nothing, || web::post().to(people::pages::forgot::ask)),
    Url::get("/code", Needs::Nothing, || web::get().to(people::pages::code::form)),
    Url::post("/code", Needs::Nothing, || web::post().to(people::pages::code::set)),
    Url::get("/invitations/{token}", Needs::Nothing, || web::get().to(people::pages::link::form)),
    Url::post("/invitations/{token}", Needs::Nothing, || web::post().to(people::pages::link::set)),
    Url::get("/resets/{token}", Needs::Nothing, || web::get().to(people::pages::link::form)),
    Url::post("/resets/{token}", Needs::Nothing, || web::post().to(people::pages::link::set)),
    Url::get("/sign-in/password", Needs::HalfSignedIn, || web::get().to(people::pages::password::first_form)),
    Url::post("/sign-in/password", Needs::HalfSignedIn, || web::post().to(people::pages::password::first)),
    Url::get("/me", Needs::Person, || web::get().to(people::pages::account::account)),
    Url::get("/me/password", Needs::Person, || web::get().to(people::pages::password::change_form)),
    Url::post("/me/password", Needs::Person, || web::post().to(people::pages::password::change)),
    Url::get("/me/sessions", Needs::Person, || web::get().to(people::pages::sessions::mine)),
    Url::post("/me/sessions/endings", Needs::Person, || web::post().to(people::pages::sessions::end_mine)),
    Url::get("/users/{id}/sessions", Needs::AccountManager, || web::get().to(people::pages::sessions::of_person)),
    Url::post("/users/{id}/sessions/endings", Needs::AccountManager, || web::post().to(people::pages::sessions::end_of_person)),
    Url::get("/users/{id}/invitation", Needs::AccountManager, || web::get().to(people::pages::invitation::invitation_form)),
    Url::post("/users/{id}/invitation", Needs::AccountManager, || web::post().to(people::pages::invitation::invitation)),
    Url::get("/users/{id}/reset-code", Needs::AccountManager, || web::get().to(people::pages::invitation::reset_form)),
    Url::post("/users/{id}/reset-code", Needs::AccountManager, || web::post().to(people::pages::invitation::reset_code)),
    Url::post("/users/{id}/unlocking", Needs::AccountManager, || web::post().to(people::pages::unlocking::unlocking)),
    Url::get("/users", Needs::AccountManager, || web::get().to(people::pages::users::search)),
    Url::post("/users", Needs::AccountManager, || web::post().to(people::pages::user_form::add)),
    Url::get("/users/new", Needs::AccountManager, || web::get().to(people::pages::user_form::add_form)),
    Url::get("/users/import", Needs::AccountManager, || web::get().to(people::pages::import::form)),
    Url::post("/users/import", Needs::AccountManager, || web::post().to(people::pages::import::look)),
    Url::post("/users/import/confirmation", Needs::AccountManager, || web::post().to(people::pages::import::confirm)),
    Url::get("/users/import-template.csv", Needs::AccountManager, || web::get().to(people::pages::import::template)),
    Url::get("/users/{id}", Needs::AccountManager, || web::get().to(people::pages::users::show)),
    Url::get("/users/{id}/edit", Needs::AccountManager, || web::get().to(people::pages::user_form::edit_form)),
    Url::post("/users/{id}/edit", Needs::AccountManager, || web::post().to(people::pages::user_form::edit)),
    Url::get("/users/{id}/deactivation", Needs::AccountManager, || web::get().to(people::pages::deactivation::ask)),
    Url::post("/users/{id}/deactivation", Needs::AccountManager, || web::post().to(people::pages::deactivation::deactivation)),
    Url::get("/users/{id}/reactivation", Needs::AccountManager, || web::get().to(people::pages::deactivation::ask_again)),
    Url::post("/users/{id}/reactivation", Needs::AccountManager, || web::post().to(people::pages::deactivation::reactivation)),
    Url::get("/tasks", DECIDES, || web::get().to(approvals::pages::tasks)),
    Url::get("/tasks/{batch}", DECIDES, || web::get().to(approvals::pages::case)),
    Url::get("/tasks/{batch}/decision", DECIDES, || web::get().to(approvals::pages::decided)),
    Url::post("/tasks/{batch}/decision", DECIDES, || web::post().to(approvals::pages::decide)),
    Url::get("/history", SEARCHES, || web::get().to(approvals::pages::history)),
    Url::get("/search/batches", SEARCHES, || web::get().to(search::pages::batches)),
    Url::get("/search/transactions", SEARCHES, || web::get().to(search::pages::transfers)),
    Url::get("/transfers/{row}", Needs::Person, || web::get().to(search::pages::transaction)),
    Url::post("/transfers/{row}/question", RESOLVES, || web::post().to(resolutions::pages::question)),
    Url::get("/transfers/{row}/outcome", RESOLVES, || web::get().to(resolutions::pages::outcome_form)),
    Url::post("/transfers/{row}/outcome", RESOLVES, || web::post().to(resolutions::pages::outcome)),
    Url::get("/operations", RESOLVES, || web::get().to(resolutions::pages::operations)),
    Url::get("/operations/alarms/{id}", ALARMED, || web::get().to(resolutions::pages::alarm)),
    Url::post("/operations/alarms/{id}/acknowledgement", RESOLVES, || web::post().to(resolutions::pages::acknowledgement)),
    Url::get("/resolutions/{id}", RESOLVES, || web::get().to(resolutions::pages::show)),
    Url::post("/resolutions/{id}/confirmation", RESOLVES, || web::post().to(resolutions::pages::confirmation)),
    Url::post("/resolutions/{id}/refusal", RESOLVES, || web::post().to(resolutions::pages::refusal)),
    Url::post("/resolutions/{id}/withdrawal", RESOLVES, || web::post().to(resolutions::pages::withdrawal)),
    Url::get("/me/mails", Needs::Person, || web::get().to(mail::pages::choices)),
    Url::post("/me/mails", Needs::Person, || web::post().to(mail::pages::save)),
    Url::get("/mails/undelivered", Needs::AccountManager, || web::get().to(mail::pages::list)),
    Url::post("/mails/undelivered/{id}/again", Needs::AccountManager, || web::post().to(mail::pages::again)),
    Url::post("/mails/undelivered/{id}/drop", Needs::AccountManager, || web::post().to(mail::pages::drop_letter)),
    Url::post("/sign-out", Needs::Session, || web::post().to(people::pages::sign_out)),
    Url::get("/batches/new", MAKES, || web::get().to(upload::form)),
    Url::post("/batches", MAKES, || web::post().to(upload::create_batch)),
    Url::get("/templates/{name}", Needs::Person, || web::get().to(download::template)),
    Url::get("/batches/{id}", Needs::Person, || web::get().to(batch::show)),
    Url::get("/batches/{id}/progress", Needs::Person, || web::get().to(batch::progress)),
    Url::get("/batches/{id}/findings", Needs::Person, || web::get().to(findings::list)),
    Url::get("/batches/{id}/findings.csv", Needs::Person, || web::get().to(download::findings)),
    Url::post("/batches/{id}/acknowledgements", MAKES, || web::post().to(findings::acknowledge_warnings)),
    Url::post("/batches/{id}/corrections", MAKES, || web::post().to(correction::upload)),
    Url::get("/batches/{id}/check", Needs::Person, || web::get().to(check::check)),
    Url::get("/batches/{id}/submission", Needs::Person, || web::get().to(check::submitted)),
    Url::post("/batches/{id}/submission", MAKES, || web::post().to(check::submission)),
    Url::post("/batches/{id}/withdrawal", Needs::Person, || web::post().to(check::withdrawal)),
    Url::post("/batches/{id}/resubmission", MAKES, || web::post().to(resubmission::resubmission)),
    Url::get("/batches/{id}/retry", APPROVES, || web::get().to(dispatch::pages::retry_check)),
    Url::post("/batches/{id}/retry", APPROVES, || web::post().to(dispatch::pages::retry)),
    Url::get("/batches/{id}/deletion", DELETES, || web::get().to(delete::ask)),
    Url::post("/batches/{id}/deletion", DELETES, || web::post().to(delete::deletion)),
    Url::get("/batches/{id}/schedule", MAKES, || web::get().to(schedule::form)),
    Url::post("/batches/{id}/schedule", MAKES, || web::post().to(schedule::save)),
    Url::post("/batches/{id}/pause", Needs::Person, || web::post().to(dispatch::pages::pause)),
    Url::get("/batches/{id}/resumption", APPROVES, || web::get().to(dispatch::pages::resumption_form)),
    Url::post("/batches/{id}/resumption", APPROVES, || web::post().to(dispatch::pages::resumption)),
    Url::get("/batches/{id}/cancellation", APPROVES, || web::get().to(dispatch::pages::cancellation_form)),
    Url::post("/batches/{id}/cancellation", APPROVES, || web::post().to(dispatch::pages::cancellation)),
    Url::get("/batches/{id}/file", Needs::Person, || web::get().to(download::original)),
    Url::get("/batches/{id}/files/{file}", Needs::Person, || web::get().to(download::earlier)),
    Url::get("/me/privileges", Needs::Person, || web::get().to(matrix::own)),
    Url::get("/users/{id}/privileges", Needs::AccountManager, || web::get().to(matrix::of_user)),
    Url::post("/users/{id}/privileges", Needs::AccountManager, || web::post().to(privileges::pages::check::save)),
    Url::get("/users/{id}/privileges/new", Needs::AccountManager, || web::get().to(form::open)),
    Url::post("/users/{id}/privileges/new", Needs::AccountManager, || web::post().to(form::step)),
    Url::get("/users/{id}/privileges/copy", Needs::AccountManager, || web::get().to(copy::open)),
    Url::post("/users/{id}/privileges/copy", Needs::AccountManager, || web::post().to(copy::step)),
    Url::get("/roles", Needs::AccountManager, || web::get().to(roles::list)),
    Url::post("/roles", Needs::AccountManager, || web::post().to(roles::save)),
    Url::post("/roles/{id}/deletion", Needs::AccountManager, || web::post().to(roles::deletion)),
    Url::get("/segregation", REPORTS, || web::get().to(segregation::show)),
    Url::get("/who-can-do-what", REPORTS, || web::get().to(report::show)),
    Url::get("/who-can-do-what.csv", REPORTS, || web::get().to(report::download)),
    Url::get("/why", Needs::Person, || web::get().to(why::show)),
    Url::get("/batches/{id}/results", Needs::Person, || web::get().to(download::results)),
    Url::get("/reports", ANY_REPORT, || web::get().to(reports::pages::index)),
    Url::get("/reports/days", DAYS, || web::get().to(reports::pages::list)),
    Url::get("/reports/days/{day}", DAYS, || web::get().to(reports::pages::show)),
    Url::get("/reports/days/{day}/download", DAYS, || web::get().to(reports::pages::download)),
    Url::get("/audit", AUDITS, || web::get().to(audit::pages::list)),
    Url::get("/audit.csv", AUDITS, || web::get().to(audit::pages::download)),
    Url::get("/branches", Needs::AccountManager, || web::get().to(branches::pages::search)),
    Url::post("/branches", Needs::AccountManager, || web::post().to(branches::pages::add)),
    Url::get("/branches/new", Needs::AccountManager, || web::get().to(branches::pages::add_form)),
    Url::get("/branches/{id}", Needs::AccountManager, || web::get().to(branches::pages::show)),
    Url::get("/branches/{id}/edit", Needs::AccountManager, || web::get().to(branches::pages::edit_form)),
    Url::post("/branches/{id}/edit", Needs::AccountManager, || web::post().to(branches::pages::edit)),
    Url::get("/branches/{id}/deactivation", Needs::AccountManager, || web::get().to(branches::pages::deactivation_page)),
    Url::post("/branches/{id}/deactivation", Needs::AccountManager, || web::post().to(branches::pages::deactivation)),
    Url::post("/branches/{id}/activation", Needs::AccountManager, || web::post().to(branches::pages::activation)),
    Url::get("/confirmations", Needs::AccountManager, || web::get().to(confirmations::pages::list)),
    Url::get("/confirmations/{id}", Needs::AccountManager, || web::get().to(confirmations::pages::show)),
    Url::post("/confirmations/{id}/confirmation", Needs::AccountManager, || web::post().to(confirmations::pages::confirmation)),
    Url::post("/confirmations/{id}/refusal", Needs::AccountManager, || web::post().to(confirmations::pages::refusal)),
    Url::post("/confirmations/{id}/withdrawal", Needs::AccountManager, || web::post().to(confirmations::pages::withdrawal)),
];

/// An entry of the sidebar: shown to those who may use its path.
pub struct Entry {
    pub group: &'static str,
    pub label: &'static str,
    pub path: &'static str,
    /// Which number of the visitor stands beside it.
    pub count: Option<Tally>,
}

/// Numbers beside entries of the sidebar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// Batches that wait for the visitor's decision.
    Tasks,
    /// The visitor's own batches that are not submitted yet.
    Drafts,
    /// Payments that need attention and that the visitor may resolve.
    Unresolved,
    /// Requests for a new QR code that the visitor may decide on.
    QrRequests,
    /// What another account manager asked for and the visitor may confirm.
    Confirmations,
}

/// The sidebar, in its order. What is not built has no entry.
pub const SIDEBAR: &[Entry] = &[
    Entry { group: "Transfer", label: "Bulk Payment", path: "/batches/new", count: Some(Tally::Drafts) },
    Entry { group: "Transfer", label: "Task", path: "/tasks", count: Some(Tally::Tasks) },
    Entry { group: "Transfer", label: "Operations", path: "/operations", count: Some(Tally::Unresolved) },
    Entry { group: "Transfer", label: "Batch Action History", path: "/history", count: None },
    Entry { group: "Search", label: "Batch", path: "/search/batches", count: None },
    Entry { group: "Search", label: "Transaction", path: "/search/transactions", count: None },
    Entry { group: "Users", label: "Search Users", path: "/users", count: None },
    Entry { group: "Users", label: "Add New User", path: "/users/new", count: None },
    Entry { group: "Users", label: "QR Code Requests", path: "/qr-code-requests", count: Some(Tally::QrRequests) },
    Entry { group: "Users", label: "Confirmations", path: "/confirmations", count: Some(Tally::Confirmations) },
    Entry { group: "Users", label: "Roles", path: "/roles", count: None },
    Entry { group: "Branches", label: "Search Branches", path: "/branches", count: None },
    Entry { group: "Branches", label: "Add New Branch", path: "/branches/new", count: None },
    Entry { group: "Reports", label: "All reports", path: "/reports", count: None },
    Entry { group: "Reports", label: "End of day", path: "/reports/days", count: None },
    Entry { group: "Reports", label: "Audit log", path: "/audit", count: None },
    Entry { group: "Reports", label: "Who can do what", path: "/who-can-do-what", count: None },
    Entry { group: "Reports", label: "Segregation of duties", path: "/segregation", count: None },
    Entry { group: "Institution", label: "Settings", path: "/settings", count: None },
];

/// What a path of the table needs for GET; `None` for a path that is not in it.
pub fn needs_of(path: &str) -> Option<Needs> {
    URLS.iter().find(|url| url.method == Method::GET && url.path == path).map(|url| url.needs)
}

/// All routes, each behind its guard; for one institution's scope.
pub fn services() -> Vec<impl HttpServiceFactory> {
    let mut paths: Vec<&'static str> = URLS.iter().map(|url| url.path).collect();
    paths.dedup();
    paths.sort_unstable();
    paths.dedup();
    paths
        .into_iter()
        .map(|path| {
            let resource = web::resource(path).default_service(guarded(Needs::Nothing, web::to(guard::wrong_method)));
            URLS.iter().filter(|url| url.path == path).fold(resource, |resource, url| resource.route(guarded(url.needs, (url.route)())))
        })
        .collect()
}

/// Puts the guard for these needs before a route.
pub fn guarded(needs: Needs, route: Route) -> Route {
    route.wrap(from_fn(move |request, next| guard::stand(needs, request, next)))
}

/// The numbers beside the sidebar's entries that this person sees.
///
/// # Errors
/// The database's.
pub fn tallies(conn: &mut Conn, actor: &Actor, rights: &Rights) -> db::Result<Vec<(Tally, i64)>> {
    let mut tallies = Vec::new();
    let checker = Checker::of(&actor.id, rights);
    if !checker.decides_nothing() {
        tallies.push((Tally::Tasks, approvals::tasks_waiting(conn, &checker, TALLY_MAX)?));
    }
    if rights.has_somewhere(Action::MakePayment) {
        tallies.push((Tally::Drafts, batches::drafts_of(conn, &actor.id)?));
    }
    let resolver = Resolver::of(&actor.id, rights);
    if !resolver.resolves_nothing() {
        tallies.push((Tally::Unresolved, resolutions::waiting_for(conn, &resolver, TALLY_MAX)?));
    }
    if actor.is_account_manager {
        tallies.push((Tally::QrRequests, people::second_factor::requests_waiting(conn, &actor.id)?));
        tallies.push((Tally::Confirmations, confirmations::waiting_for(conn, &actor.id, TALLY_MAX)?));
    }
    Ok(tallies)
}

/// How far a number beside the sidebar is counted: it is on every page.
const TALLY_MAX: i64 = 999;

/// Alarms that are told one by one on every page; more are told as a number.
const ALARMS_TOLD_MAX: usize = 3;

/// What this person must not miss: alarms of the branches where they resolve payments; account managers see all of them.
///
/// # Errors
/// The database's.
pub fn alarms(conn: &mut Conn, actor: &Actor, rights: &Rights) -> db::Result<Vec<AlarmInFrame>> {
    let resolver = Resolver::of(&actor.id, rights);
    if !actor.is_account_manager && resolver.branches().is_empty() {
        return Ok(Vec::new());
    }
    let branches = (!actor.is_account_manager).then_some(resolver.branches());
    let open = resolutions::open_alarms(conn, branches, TALLY_MAX)?;
    let mut alarms: Vec<AlarmInFrame> = open.iter().take(ALARMS_TOLD_MAX).map(in_frame).collect();
    match open.len().saturating_sub(ALARMS_TOLD_MAX) {
        0 => {}
        more => alarms.push(AlarmInFrame {
            said: say!("And {count} more alarms wait to be acknowledged", count = more),
            path: open.get(ALARMS_TOLD_MAX).map_or_else(String::new, |alarm| resolutions::pages::path_of_alarm(&alarm.id)),
        }),
    }
    Ok(alarms)
}

fn in_frame(alarm: &resolutions::Alarm) -> AlarmInFrame {
    let (sum, batch, reference) = (alarm.currency.show(alarm.amount), &alarm.batch_name, alarm.reference.spoken());
    let said = match alarm.kind {
        AlarmKind::PossibleDoublePayment => {
            say!("Possible double payment: {sum} in {batch} ({reference})", sum = sum, batch = batch, reference = reference)
        }
        AlarmKind::NotPaidAfterAll => {
            say!("Not paid after all: {sum} in {batch} ({reference})", sum = sum, batch = batch, reference = reference)
        }
    };
    AlarmInFrame { said, path: resolutions::pages::path_of_alarm(&alarm.id) }
}

/// What stands above every page of those with Resolve Payment shortly before the settlement cut-off.
///
/// # Errors
/// The database's.
pub fn cut_off(conn: &mut Conn, rights: &Rights, house: &House, now: Instant) -> db::Result<Option<CutOffNear>> {
    let near = reports::near_for(conn, rights, house, now)?;
    Ok(near.map(|near| CutOffNear { at: near.at, count: near.count, path: reports::UNRESOLVED }))
}
