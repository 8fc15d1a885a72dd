//! Looking into the ledger over HTTP, where that was asked for: it shows everybody's payments.

use std::sync::Arc;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, http::header::ContentType};
use serde_json::{Value, json};

use crate::simulator::hub::Hub;
use crate::simulator::ledger::LedgerState;

/// The hub whose ledger is shown; `None` where nobody may look.
#[derive(Clone)]
pub(super) struct Control(pub Option<Arc<Hub>>);

/// Both routes, for an application with [`Control`] among its data.
pub(super) fn routes(service: &mut ServiceConfig) {
    service.route("/simulator/ledger", web::get().to(ledger)).route("/simulator/stats", web::get().to(stats));
}

fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound().content_type(ContentType::plaintext()).body("Not Found")
}

async fn ledger(control: Data<Control>) -> HttpResponse {
    let Some(hub) = &control.0 else { return nothing_here() };
    hub.all().await.map_or_else(|_| HttpResponse::InternalServerError().finish(), |rows| HttpResponse::Ok().json(rows))
}

async fn stats(control: Data<Control>) -> HttpResponse {
    let Some(hub) = &control.0 else { return nothing_here() };
    let Ok(rows) = hub.all().await else { return HttpResponse::InternalServerError().finish() };
    let count = |state: LedgerState| rows.iter().filter(|row| row.state == state).count();
    let states: serde_json::Map<String, Value> =
        LedgerState::ALL.iter().map(|state| (state.as_str().to_owned(), count(*state).into())).collect();
    let executions: i64 = rows.iter().map(|row| i64::from(row.executions)).sum();
    HttpResponse::Ok().json(json!({"transfers": rows.len(), "states": states, "executions": executions}))
}
