//! An institution on a working day: people who resolve payments and read reports, payments however the story wants them, and the clerk.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use outlay::audit::By;
use outlay::clock::{Clock as _, Instant};
use outlay::db::{self, Conn};
use outlay::dispatch::why::Why;
use outlay::privileges::{self, Action, NewGrant};
use outlay::reports::{self, Clerk, DayReport};

use crate::authorisation::places::one;
use crate::mail::office::Office;
use crate::support::batches::{account, actor, branch};
use crate::support::cast::{self, HLA, HLAING, MANDALAY, MOE, MYINT, Person, THIRI, TUN};
use crate::support::portal::Portal;
use crate::support::smtp::{Safety, Smtp};

/// The institution's first day.
pub const TODAY: &str = "2025-11-21";

/// A payment as a story wants it. Amounts in kyat.
#[derive(Clone)]
pub struct Pay {
    pub state: &'static str,
    pub amount: i64,
    pub fsp: Option<&'static str>,
    pub code: Option<&'static str>,
    pub why: Option<Why>,
    pub settled: Option<Instant>,
    pub since: Option<Instant>,
}

const NOTHING: Pay = Pay { state: "succeeded", amount: 0, fsp: Some("kbzpay"), code: None, why: None, settled: None, since: None };

pub fn paid(amount: i64, fsp: &'static str, at: Instant) -> Pay {
    Pay { amount, fsp: Some(fsp), settled: Some(at), ..NOTHING }
}

pub fn failed(amount: i64, code: &'static str, at: Instant) -> Pay {
    let why = Some(Why::Network { code: code.to_owned() });
    Pay { state: "failed", amount, code: Some(code), why, settled: Some(at), ..NOTHING }
}

pub fn in_doubt(amount: i64, since: Instant) -> Pay {
    Pay { state: "in_doubt", amount, why: Some(Why::OnItsWay), since: Some(since), ..NOTHING }
}

pub fn probably_paid(amount: i64, since: Instant) -> Pay {
    Pay { state: "needs_attention", amount, why: Some(Why::ProbablyPaid), since: Some(since), ..NOTHING }
}

pub struct Desk {
    pub office: Office,
    pub clerk: Clerk,
}

impl Desk {
    /// Hla resolves payments in Hlaing and Moe in Mandalay; Tun and Myint read the reports of these branches.
    pub async fn open() -> Self {
        let office = Office::open(Smtp::open(Safety::Plain).await).await;
        for (person, action) in
            [(&HLA, Action::ResolvePayment), (&MOE, Action::ResolvePayment), (&TUN, Action::ViewReports), (&MYINT, Action::ViewReports)]
        {
            grant(&office.portal, person, action).await;
        }
        let clerk = Clerk::new(&office.portal.institution);
        Self { office, clerk }
    }

    pub fn portal(&self) -> &Portal {
        &self.office.portal
    }

    /// A moment of the first day, in Yangon.
    pub fn at(&self, time: &str) -> Instant {
        moment(&format!("{TODAY}T{time}+06:30"))
    }

    pub fn goes_to(&self, to: Instant) {
        let now = self.office.clock.now();
        assert!(to >= now, "the clock only goes on");
        self.office.clock.advance(to.since(now));
    }

    /// What is due at this moment is done, and mailed.
    pub async fn beats_at(&mut self, to: Instant) {
        self.goes_to(to);
        self.clerk.beat().await.unwrap();
        self.office.beat().await;
    }

    pub async fn report(&self, day: &str) -> Option<DayReport> {
        let day: Date = day.parse().unwrap();
        self.portal().institution.db.read(move |conn| reports::find(conn, day)).await.unwrap()
    }

    pub async fn days(&self) -> Vec<String> {
        let (reports, _) = self.portal().institution.db.read(|conn| reports::list(conn, 0, 100)).await.unwrap();
        reports.into_iter().rev().map(|report| report.day.to_string()).collect()
    }

    /// A payroll of a branch with these payments. Returns its id.
    pub async fn batch(&self, office: cast::Office, reference: &str, rows: &[Pay]) -> String {
        put_batch(self.portal(), office, reference, rows).await
    }

    pub async fn run_sql(&self, sql: String) {
        run_sql(self.portal(), sql).await;
    }

    pub async fn count(&self, from: &'static str) -> i64 {
        let count = move |conn: &mut Conn| db::Question::default().count(conn, from, 1_000_000);
        self.portal().institution.db.read(count).await.unwrap()
    }

    /// The one text that a question finds.
    pub async fn one(&self, sql: &str) -> String {
        one(self.portal(), sql).await
    }

    pub async fn set(&self, name: &str, value: &str) {
        set(self.portal(), name, value).await;
    }

    /// The processes of this institution: the portal's own and another one.
    pub async fn two_processes(&self) -> [Arc<outlay::institutions::Institution>; 2] {
        [Arc::clone(&self.portal().institution), Arc::new(self.portal().another_process().await)]
    }
}

/// A payroll of a branch with these payments, being paid: written by no verb of the house, so that a story has any past it wants.
pub async fn put_batch(portal: &Portal, office: cast::Office, reference: &str, rows: &[Pay]) -> String {
    let (branch, account) = (branch(portal, office).await, account(portal).await);
    let (maker, now) = (actor(portal, &THIRI).await.id, portal.institution.clock().now());
    let id = format!("batch-{reference}");
    let of = |states: &[&str]| {
        let some = rows.iter().filter(|row| states.contains(&row.state));
        some.fold((0, 0), |(count, sum), row| (count + 1, sum + row.amount * 100))
    };
    let (paid, failed, doubt) = (of(&["succeeded"]), of(&["failed"]), of(&["in_doubt"]));
    let (attention, waiting, all) = (of(&["needs_attention"]), of(&["ready"]), rows.iter().map(|row| row.amount * 100).sum::<i64>());
    let (count, at) = (rows.len(), now.micros());
    let mut sql = format!(
        "INSERT INTO batches (id, reference, name, branch_id, payment_type, channel, funding_account_id, currency, profile, \
         content_digest, content_seen, state, state_at, pauses, fee_limit, errors, warnings, notes, total, waiting, paying, \
         succeeded, failed, in_doubt, needs_attention, cancelled, excluded, sum_total, sum_waiting, sum_paying, sum_succeeded, \
         sum_failed, sum_in_doubt, sum_needs_attention, sum_cancelled, sum_excluded, created_by, created_at, submitted_by, \
         submitted_at) VALUES ('{id}', '{reference}', 'wages-{reference}', '{branch}', 'payroll', 'mojaloop', '{account}', 'MMK', 'outlay', \
         '{id}', 1, 'processing', {at}, 0, 0, 0, 0, 0, {count}, {}, 0, {}, {}, {}, {}, 0, 0, {all}, {}, 0, {}, {}, {}, {}, 0, 0, \
         '{maker}', {at}, '{maker}', {at});",
        waiting.0, paid.0, failed.0, doubt.0, attention.0, waiting.1, paid.1, failed.1, doubt.1, attention.1
    );
    let head = "INSERT INTO transfers (id, home_transaction_id, batch_id, line, branch_id, reference, payee_name, payee_name_folded, \
         id_type, id_value, amount, currency, note, extra, row_digest, state, n, tries, asks, unshown_count, payee_fsp, code, reason, \
         settled_at, doubt_since, next_at) VALUES ";
    for (some, part) in rows.chunks(500).enumerate() {
        let values = part.iter().enumerate().map(|(at, row)| {
            let line = some * 500 + at + 2;
            let text = |value: Option<String>| value.map_or("NULL".to_owned(), |value| format!("'{value}'"));
            let time = |value: Option<Instant>| value.map_or("NULL".to_owned(), |at| at.micros().to_string());
            format!(
                "('{id}-{line:06}', 'home-{id}-{line:06}', '{id}', {line}, '{branch}', '', 'Daw Mya', 'daw mya', 'MSISDN', '959770123456', {}, 'MMK', \
                 '', '{{}}', 'd', '{}', 0, 0, 0, 0, {}, {}, {}, {}, {}, {})",
                row.amount * 100,
                row.state,
                text(row.fsp.map(str::to_owned)),
                text(row.code.map(str::to_owned)),
                text(row.why.as_ref().map(Why::to_text)),
                time(row.settled),
                time(row.since),
                time(row.since.map(|_| now)),
            )
        });
        write!(sql, "{head}{};", values.collect::<Vec<_>>().join(", ")).unwrap();
    }
    run_sql(portal, sql).await;
    id
}

/// For what no verb of the house does.
pub async fn run_sql(portal: &Portal, sql: String) {
    portal.institution.db.write(move |tx| db::batch_execute(tx, &sql)).await.unwrap();
}

/// Sets a setting as if it had been so for long.
pub async fn set(portal: &Portal, name: &str, value: &str) {
    let sql = format!(
        "DELETE FROM settings WHERE name = '{name}'; \
         INSERT INTO settings (name, value, changed_by, changed_at) VALUES ('{name}', '{value}', 'a test', 1);"
    );
    run_sql(portal, sql).await;
    portal.institution.refresh().await.unwrap();
}

pub fn moment(text: &str) -> Instant {
    Instant::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(3_600 * count)
}

pub async fn grant(portal: &Portal, person: &Person, action: Action) {
    let (user, branch) = (actor(portal, person).await.id, branch(portal, person.office).await);
    let grant = NewGrant { user, branch, actions: vec![action], until: None };
    portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &grant)).await.unwrap();
}

/// A day in both branches: five payments in Hlaing and one in Mandalay.
pub async fn a_day(desk: &Desk) {
    let (nine, ten) = (desk.at("09:00:00"), desk.at("10:00:00"));
    let rows = [
        paid(150_000, "kbzpay", ten),
        paid(100_000, "wavemoney", ten),
        failed(30_000, "3204", ten),
        in_doubt(40_000, nine),
        probably_paid(60_000, ten),
    ];
    desk.batch(HLAING, "aaaa1111", &rows).await;
    desk.batch(MANDALAY, "bbbb2222", &[paid(7_000, "kbzpay", ten)]).await;
}
