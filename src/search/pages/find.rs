//! The box on top of every page: what is typed there in full goes straight to its own page, anything else to the search.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::transfers::read_payee;
use super::{path_of_batch, path_of_transfer};
use crate::db::Conn;
use crate::institutions::Institution;
use crate::payees::fold_name;
use crate::search::{self, PayeeRead, Scope, Slice, TransferCriteria};
use crate::web::page::SEARCH;
use crate::web::{ErrorPage, List};

/// Characters of a network's or home transaction id: a UUID.
const ID_CHARS: usize = 36;

/// Where the text leads, in order: a batch by its reference; a transaction by its id; payments to a phone or account; rows of a
/// reference; else names that begin so.
pub(super) async fn find(institution: &Institution, scope: Scope, typed: String) -> Result<HttpResponse, ErrorPage> {
    let payee = read_payee(institution, &typed);
    let to = institution.db.read(move |conn| place(conn, &scope, &typed, payee)).await?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
}

fn place(conn: &mut Conn, scope: &Scope, typed: &str, payee: PayeeRead) -> Result<String, ErrorPage> {
    if let Some(batch) = search::batch_of_reference(conn, scope, typed)? {
        return Ok(path_of_batch(&batch));
    }
    let list = |name: &str| List::first(SEARCH).with(name, typed).here();
    if typed.len() == ID_CHARS {
        let by_id = TransferCriteria { id: Some(typed.to_lowercase()), ..TransferCriteria::default() };
        if let Some(row) = search::only_transfer(conn, scope, &by_id)? {
            return Ok(path_of_transfer(&row));
        }
    }
    for (name, criteria) in [
        ("payee", TransferCriteria { payee: Some(payee), ..TransferCriteria::default() }),
        ("reference", TransferCriteria { reference: Some(typed.to_owned()), ..TransferCriteria::default() }),
        ("name", TransferCriteria { name: Some(fold_name(typed)), ..TransferCriteria::default() }),
    ] {
        let part = search::transfers(conn, scope, &criteria, Slice { offset: 0, limit: 2, most: 1 })?;
        match part.rows.as_slice() {
            [] => {}
            [only] if name != "name" => return Ok(path_of_transfer(&only.id)),
            _ => return Ok(list(name)),
        }
    }
    Ok(list(if typed.chars().any(char::is_alphabetic) { "name" } else { "payee" }))
}
