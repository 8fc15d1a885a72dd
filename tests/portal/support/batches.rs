//! Batches for the stories that begin after the upload, made by the verbs that the pages use.

use std::io::Cursor;

use outlay::batches::{self, Arrived, Channel, Choices, NewBatch, PaymentType};
use outlay::branches;
use outlay::db::{self, Conn};
use outlay::funding;
use outlay::ids::{BatchId, BranchId, FundingAccountId, UserId};
use outlay::money::Currency;
use outlay::people::{self, Actor};

use super::cast::{Office, Person};
use super::portal::Portal;

pub const HEADER: &str = "reference,payee_name,id_type,id_value,to_fsp,amount,currency,note,branch_code";

/// A file of payments that a maker uploads.
pub struct File<'a> {
    pub name: &'a str,
    pub payment_type: PaymentType,
    /// Under the header.
    pub lines: &'a [&'a str],
}

/// Three payments, 450,000 MMK.
pub const WAGES: File<'_> = File {
    name: "payroll-oct.csv",
    payment_type: PaymentType::Payroll,
    lines: &[
        "P-1,Daw Mya,MSISDN,09770123456,kbzpay,150000,MMK,October,",
        "P-2,U Ba,MSISDN,09770123457,wavemoney,100000,MMK,October,",
        "P-3,Ma Hla,MSISDN,09770123458,kbzpay,200000,MMK,October,",
    ],
};

pub async fn actor(portal: &Portal, person: &Person) -> Actor {
    let name = person.user_name;
    let find = move |conn: &mut Conn| {
        let user = people::find_by_name(conn, name)?.unwrap_or_else(|| panic!("{name} is not here"));
        Ok::<_, db::Error>(people::actor(conn, &user.id)?.unwrap())
    };
    portal.institution.db.read(find).await.unwrap()
}

pub async fn branch(portal: &Portal, office: Office) -> BranchId {
    let find = move |conn: &mut Conn| branches::find_by_code(conn, office.code);
    portal.institution.db.read(find).await.unwrap().unwrap().id
}

/// The funding account in kyat.
pub async fn account(portal: &Portal) -> FundingAccountId {
    let accounts = portal.institution.db.read(funding::accounts).await.unwrap();
    accounts.into_iter().find(|account| account.currency == Currency::MMK).unwrap().id
}

/// Uploads the file for the maker's own office and acknowledges its warnings: a draft.
pub async fn drafted(portal: &Portal, maker: &Person, file: &File<'_>) -> BatchId {
    drafted_from(portal, maker, file, account(portal).await).await
}

/// The same, to be paid from this account.
pub async fn drafted_from(portal: &Portal, maker: &Person, file: &File<'_>, funding_account: FundingAccountId) -> BatchId {
    let actor = actor(portal, maker).await;
    let choices = Choices {
        branch: branch(portal, maker.office).await,
        payment_type: file.payment_type,
        channel: Channel::Mojaloop,
        funding_account,
        to_fsp: None,
    };
    let text = format!("{HEADER}\n{}\n", file.lines.join("\n"));
    let arrived = Arrived::copy(Cursor::new(text.into_bytes()), 1_000_000).unwrap().unwrap();
    let again = Some("It is another month".to_owned());
    let new = NewBatch { choices, client_reference: None, file_name: file.name.to_owned(), again };
    let id = batches::upload(&portal.institution, &actor, new, arrived).await.unwrap_or_else(|error| panic!("{error}"));
    let batch = id.clone();
    let acknowledged = portal.institution.db.write(move |tx| {
        let kinds: Vec<_> = batches::unacknowledged(tx, &batch)?.into_iter().map(|of| of.kind).collect();
        if kinds.is_empty() { Ok(()) } else { batches::acknowledge(tx, &actor, &batch, &kinds, "Checked with the branch by phone") }
    });
    acknowledged.await.unwrap_or_else(|error: batches::Refusal| panic!("{error}"));
    id
}

/// Uploads and submits: it waits for a decision.
pub async fn submitted(portal: &Portal, maker: &Person, file: &File<'_>) -> BatchId {
    let id = drafted(portal, maker, file).await;
    submit(portal, maker, &id).await;
    id
}

pub async fn submit(portal: &Portal, maker: &Person, id: &BatchId) {
    let (actor, id) = (actor(portal, maker).await, id.clone());
    let submitted = portal.institution.db.write(move |tx| {
        let batch = batches::find(tx, &id)?.unwrap();
        let account = funding::find_account(tx, &batch.funding_account)?.unwrap();
        let seal = batches::seal_of(tx, &batch, account.fee_limit)?;
        batches::submit(tx, &actor, &id, &seal)
    });
    submitted.await.unwrap_or_else(|error: batches::Refusal| panic!("{error}"));
}

pub async fn find(portal: &Portal, id: &BatchId) -> batches::Batch {
    let id = id.clone();
    portal.institution.db.read(move |conn| batches::find(conn, &id)).await.unwrap().unwrap()
}

/// Remembers somebody as one who made a part of it.
pub async fn add_maker(portal: &Portal, id: &BatchId, user: &UserId) {
    let (id, user) = (id.clone(), user.clone());
    portal.institution.db.write(move |tx| batches::add_maker(tx, &id, &user)).await.unwrap();
}
