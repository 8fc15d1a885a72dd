//! Real things for the routes that name one, and who may see each: said by hand.

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use outlay::approvals::{self, Decision, DecisionForm};
use outlay::confirmations::{self, Change};
use outlay::db::{self, Conn, WriteTx};
use outlay::ids::BatchId;
use outlay::privileges::Action;

use super::askers::Role;
use crate::support::batches::{File, WAGES, actor, branch, drafted, find, submitted};
use crate::support::cast::{AYE, HLA, HLAING, SU, THIRI};
use crate::support::links;
use crate::support::portal::Portal;

/// A path that can be opened.
pub struct Place {
    /// The part of a route's path that names things, as the table writes it.
    named: &'static str,
    pub path: String,
    pub seen_by: fn(&Role) -> bool,
}

fn everybody(_: &Role) -> bool {
    true
}

/// Payrolls of Hlaing, made by Thiri.
fn payrolls_of_hlaing(role: &Role) -> bool {
    role.user_name == THIRI.user_name || role.holds_in(Action::ViewPayroll, HLAING)
}

/// Who may resolve them.
fn resolvers_of_hlaings_payrolls(role: &Role) -> bool {
    role.holds_in(Action::ViewPayroll, HLAING) && role.holds_in(Action::ResolvePayment, HLAING)
}

/// An alarm names no payee: whoever resolves payments in Hlaing, and account managers.
fn alarmed_of_hlaing(role: &Role) -> bool {
    role.is_account_manager || role.holds_in(Action::ResolvePayment, HLAING)
}

/// The longest that fits a route is taken.
pub struct Places {
    places: Vec<Place>,
    /// References of the batches: on no page of anybody who may not see them.
    pub references: Vec<String>,
}

impl Places {
    pub async fn fill(portal: &Portal) -> Self {
        let draft = drafted(portal, &THIRI, &WAGES).await;
        let waiting = submitted(portal, &THIRI, &File { name: "waits.csv", ..WAGES }).await;
        let approved = submitted(portal, &THIRI, &File { name: "approved.csv", ..WAGES }).await;
        approve(portal, &approved).await;
        let file = one(portal, &format!("SELECT id AS found FROM batch_files WHERE batch_id = '{draft}'")).await;
        let row = one(portal, &format!("SELECT id AS found FROM transfers WHERE batch_id = '{approved}' AND line = 2")).await;
        let sheet = portal.stranger().get("/sign-in").await.attribute("link[rel=stylesheet]", "href");
        let branch = branch(portal, HLAING).await;
        let (by, user) = (actor(portal, &AYE).await.by(), actor(portal, &HLA).await.id);
        let asked = move |tx: &mut WriteTx<'_>| confirmations::ask(tx, &by, Some(&user), &Change::PasswordCode);
        let confirmation = portal.institution.db.write(asked).await.unwrap();
        let mut references = Vec::new();
        for batch in [&draft, &waiting, &approved] {
            references.push(find(portal, batch).await.reference.to_string());
        }
        let (invitation, reset) = (links::invitation(portal).await, links::reset(portal, &SU).await);
        let person = actor(portal, &THIRI).await.id;
        let request = asked_for_a_qr_code(portal).await;
        let (resolution, alarm) = asked_about(portal, &row).await;
        ended_a_day(portal).await;
        let places = vec![
            at("/resolutions/{id}", &format!("/resolutions/{resolution}"), resolvers_of_hlaings_payrolls),
            at("/operations/alarms/{id}", &format!("/operations/alarms/{alarm}"), alarmed_of_hlaing),
            at("/invitations/{token}", &invitation, everybody),
            at("/resets/{token}", &reset, everybody),
            at("/users/{id}", &format!("/users/{person}"), everybody),
            at("/qr-code-requests/{request}", &format!("/qr-code-requests/{request}"), everybody),
            // Only posted to, so that none has to be there.
            at("/mails/undelivered/{id}", "/mails/undelivered/none", everybody),
            at("/roles/{id}", "/roles/none", everybody),
            // Whoever holds View Reports somewhere opens it, and reads the lines of their branches.
            at("/reports/days/{day}", "/reports/days/2025-11-20", everybody),
            at("/static/{hash}/{name}", &sheet, everybody),
            at("/templates/{name}", "/templates/payroll.csv", everybody),
            at("/tasks/{batch}", &format!("/tasks/{waiting}"), payrolls_of_hlaing),
            at("/batches/{id}", &format!("/batches/{draft}"), payrolls_of_hlaing),
            at("/batches/{id}/submission", &format!("/batches/{waiting}/submission"), payrolls_of_hlaing),
            at("/batches/{id}/results", &format!("/batches/{approved}/results"), payrolls_of_hlaing),
            at("/batches/{id}/files/{file}", &format!("/batches/{draft}/files/{file}"), payrolls_of_hlaing),
            at("/branches/{id}", &format!("/branches/{branch}"), everybody),
            at("/confirmations/{id}", &format!("/confirmations/{confirmation}"), everybody),
            at("/users/{id}", &format!("/users/{}", actor(portal, &THIRI).await.id), everybody),
            at("/roles/{id}", "/roles/teller", everybody),
            at("/transfers/{row}", &format!("/transfers/{row}"), payrolls_of_hlaing),
        ];
        Self { places, references }
    }

    /// What a route's path is with real things in it. A route below one that is known names the same thing.
    pub fn of(&self, path: &'static str) -> Place {
        let fits = |place: &&Place| path.strip_prefix(place.named).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']));
        let best = self.places.iter().filter(fits).max_by_key(|place| place.named.len());
        let place = match best {
            Some(place) => Place { path: path.replacen(place.named, &place.path, 1), ..*place },
            None => Place { named: path, path: path.to_owned(), seen_by: everybody },
        };
        assert!(!place.path.contains('{'), "{path} names something that places.rs has no real one for; add a line there");
        place
    }
}

fn at(named: &'static str, path: &str, seen_by: fn(&Role) -> bool) -> Place {
    Place { named, path: path.to_owned(), seen_by }
}

/// Somebody said how a payment ended, and an alarm is up about it.
async fn asked_about(portal: &Portal, row: &str) -> (String, String) {
    let (hla, now) = (actor(portal, &HLA).await.id, portal.institution.clock().now().micros());
    let sql = [
        format!(
            "INSERT INTO resolutions (id, row_id, batch_id, transfer_id, n, outcome, note, evidence, proposed_by, proposed_at, state, \
             unshown_count) SELECT 'said-{row}', id, batch_id, 'tid', 0, 'paid', 'n', 'e', '{hla}', {now}, 'withdrawn', 0 FROM transfers \
             WHERE id = '{row}'"
        ),
        format!(
            "INSERT INTO alarms (id, kind, row_id, batch_id, branch_id, transfer_id, raised_at, state) \
             SELECT 'rings-{row}', 'not_paid_after_all', id, batch_id, branch_id, 'tid', {now}, 'open' FROM transfers WHERE id = '{row}'"
        ),
    ];
    for sql in sql {
        portal.institution.db.write(move |tx| Ok::<_, db::Error>(diesel::sql_query(&sql).execute(&mut **tx)?)).await.unwrap();
    }
    (format!("said-{row}"), format!("rings-{row}"))
}

/// Hla lost her phone.
async fn asked_for_a_qr_code(portal: &Portal) -> String {
    let hla = actor(portal, &HLA).await.id;
    let sql = format!(
        "INSERT INTO second_factor_requests (id, user_id, reason, browser, address, asked_at, state) \
         VALUES ('qr-{hla}', '{hla}', 'It fell into the lake', 'Chrome', '192.0.2.1', {}, 'waiting')",
        portal.institution.clock().now().micros()
    );
    portal.institution.db.write(move |tx| Ok::<_, db::Error>(diesel::sql_query(&sql).execute(&mut **tx)?)).await.unwrap();
    format!("qr-{hla}")
}

/// A day has ended, and nothing had happened.
async fn ended_a_day(portal: &Portal) {
    let now = portal.institution.clock().now().micros();
    let sql = format!(
        "INSERT INTO day_reports (day, from_at, until_at, made_at, made_by, content) \
         VALUES ('2025-11-20', {}, {}, {now}, 'Outlay', '{{}}')",
        now - 2,
        now - 1
    );
    portal.institution.db.write(move |tx| Ok::<_, db::Error>(diesel::sql_query(&sql).execute(&mut **tx)?)).await.unwrap();
}

async fn approve(portal: &Portal, id: &BatchId) {
    let seal = find(portal, id).await.seal.unwrap();
    let (hla, form) = (
        actor(portal, &HLA).await,
        DecisionForm { batch: id.clone(), decision: Decision::Approved, reason: String::new(), seal: seal.to_string() },
    );
    let decided = portal.institution.db.write(move |tx| approvals::decide(tx, &hla, &form));
    decided.await.unwrap_or_else(|error: approvals::Refusal| panic!("{error}"));
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    found: String,
}

/// The one value that a question finds.
pub async fn one(portal: &Portal, sql: &str) -> String {
    let sql = sql.to_owned();
    let ask = move |conn: &mut Conn| Ok::<_, db::Error>(diesel::sql_query(sql).get_result::<Found>(conn)?.found);
    portal.institution.db.read(ask).await.unwrap()
}
