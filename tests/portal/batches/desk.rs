//! Where makers work: a portal with an account to pay from, and files as they come.

use outlay::batches::{Batch, State};
use outlay::ids::BatchId;
use outlay::{batches, db};

use crate::support::page::{Page, selector};
use crate::support::portal::Portal;
use crate::support::tab::{ChosenFile, Tab};

pub const PAYROLL: &[u8] = include_bytes!("../../files/payroll.csv");

/// A payroll of so many good rows, each to another phone.
pub fn payroll(rows: usize) -> Vec<u8> {
    let mut file = Vec::new();
    payroll_into(&mut file, rows);
    file
}

/// The same, without holding it in memory.
pub fn payroll_into(to: &mut impl std::io::Write, rows: usize) {
    writeln!(to, "reference,payee_name,id_type,id_value,to_fsp,amount,currency,note").unwrap();
    for row in 0..rows {
        writeln!(to, "OCT-{row},Ma Payee {row},MSISDN,0977{row:07},kbzpay,{},MMK,October", 1_000 + row).unwrap();
    }
    to.flush().unwrap();
}

/// Chooses a file on Bulk Payment and uploads it; the page that follows.
pub async fn upload(tab: &mut Tab, name: &str, bytes: &[u8]) -> Page {
    upload_with(tab, name, bytes, &[]).await
}

pub async fn upload_with(tab: &mut Tab, name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Page {
    let account = account(tab.get("/batches/new").await, "Kyat account");
    let mut all = vec![("payment_type", "payroll"), ("funding_account", &account)];
    all.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
    all.extend(fields);
    tab.post_form_with_file("/batches", &all, &ChosenFile { field: "file", name, bytes }).await.clone()
}

/// The value of the account that the form offers under a name.
pub fn account(form: &Page, name: &str) -> String {
    let labels = form.texts("label.choice-label");
    let ids = form.html();
    let ids: Vec<_> = ids.select(&selector("input[name=funding_account]")).map(|radio| radio.attr("value").unwrap().to_owned()).collect();
    let names: Vec<_> = labels.iter().filter(|label| label.contains(" account (")).collect();
    let at = names.iter().position(|label| label.starts_with(name)).unwrap_or_else(|| panic!("no account «{name}»\n{form}"));
    ids[at].clone()
}

/// The id of the batch a page is about.
pub fn batch_of(page: &Page) -> BatchId {
    let id = page.path.split('/').nth(2).unwrap_or_default();
    assert!(page.path.starts_with("/batches/") && id.len() == 36, "not the page of a batch\n{page}");
    BatchId::from(id)
}

pub async fn find(portal: &Portal, id: &BatchId) -> Option<Batch> {
    let id = id.clone();
    portal.institution.db.read(move |conn| batches::find(conn, &id)).await.unwrap()
}

pub async fn state(portal: &Portal, id: &BatchId) -> State {
    find(portal, id).await.unwrap().state
}

/// How many rows a table has: what is left, or not.
pub async fn count(portal: &Portal, table: &'static str) -> i64 {
    use diesel::{QueryableByName, RunQueryDsl};
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let counted = portal.institution.db.read(move |conn| {
        let counted: Counted = diesel::sql_query(format!("SELECT COUNT(*) AS count FROM {table}")).get_result(conn)?;
        Ok::<_, db::Error>(counted.count)
    });
    counted.await.unwrap()
}

/// Everything an upload writes to, but for the history.
pub const TABLES: [&str; 6] = ["batches", "batch_makers", "batch_files", "batch_file_pieces", "transfers", "findings"];

#[track_caller]
pub fn assert_nothing(counts: &[i64]) {
    assert!(counts.iter().all(|count| *count == 0), "something stayed: {TABLES:?} have {counts:?} rows");
}

pub async fn counts(portal: &Portal) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push(count(portal, table).await);
    }
    counts
}
