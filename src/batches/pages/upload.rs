//! Bulk Payment: the form, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::receive::{Received, Sent, receive};
use super::schedule::{DATE, TIME, pay_on};
use super::{download, name_of};
use crate::batches::file::Refused;
use crate::batches::{
    Arrived, Batch, CannotLoad, Channel, Choices, CreateRefusal, NewBatch, PaymentType, ReadFile, State, UploadRefusal, create, find,
    find_visible, load, read_file, results, schedule_new, store,
};
use crate::clock::Instant;
use crate::db::{self, Conn};
use crate::funding::{self, AccountState};
use crate::ids::{BatchId, BranchId, FspId, FundingAccountId, OnceKey};
use crate::institutions::Institution;
use crate::people::Actor;
use crate::privileges::{Action, branches_with_all};
use crate::say;
use crate::web::page::{Choice, Problem};
use crate::web::{Done, ErrorPage, Fields, Page, Visitor, filters, html, institution, once};
use crate::words::Said;

/// How long a maker waits for the file to be read before they are shown how far it is.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// The maker's own batches under the form.
const RECENT: i64 = 10;

#[derive(Template)]
#[template(path = "batches/upload.html")]
struct UploadPage {
    page: Page,
    once: OnceKey,
    branches: Vec<Choice>,
    payment_types: Vec<Choice>,
    channels: Vec<Choice>,
    accounts: Vec<Choice>,
    fsps: Vec<Choice>,
    chosen: Chosen,
    date: String,
    time: String,
    max_mb: u64,
    max_rows: u64,
    refused: Option<Refused>,
    recent: Vec<Batch>,
    /// Files to begin with, by name.
    templates: Vec<&'static str>,
}

/// The form as it is filled in.
#[derive(Default)]
struct Chosen {
    branch: String,
    payment_type: String,
    channel: String,
    funding_account: String,
    to_fsp: String,
    client_reference: String,
    pay_on: (String, String),
}

#[derive(Template)]
#[template(path = "batches/same_file.html")]
struct SameFilePage {
    page: Page,
    once: OnceKey,
    /// What the first form said, to be sent again.
    kept: Vec<(String, String)>,
    /// The first batch, where the visitor may see it.
    first: Option<(Batch, String)>,
}

/// GET /batches/new
pub async fn form(request: HttpRequest, visitor: Visitor, page: Page) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let chosen = last_choice(&institution, &visitor).await?;
    shown(&institution, &visitor, page, chosen, None, StatusCode::OK).await
}

/// What the maker chose last: the same again is the usual case.
async fn last_choice(institution: &Arc<Institution>, visitor: &Visitor) -> Result<Chosen, ErrorPage> {
    let maker = visitor.actor.id.clone();
    let last = institution.db.read(move |conn| store::last_of_maker(conn, &maker, 1)).await?;
    Ok(last
        .into_iter()
        .next()
        .map(|last| Chosen {
            branch: last.branch.to_string(),
            payment_type: last.payment_type.as_str().to_owned(),
            channel: last.channel.as_str().to_owned(),
            funding_account: last.funding_account.to_string(),
            to_fsp: last.to_fsp.map(|fsp| fsp.to_string()).unwrap_or_default(),
            client_reference: String::new(),
            pay_on: <(String, String)>::default(),
        })
        .unwrap_or_default())
}

struct Offered {
    branches: Vec<(BranchId, String, String)>,
    payment_types: Vec<PaymentType>,
    accounts: Vec<funding::FundingAccount>,
    fsps: Vec<funding::Fsp>,
    recent: Vec<Batch>,
}

fn offer(conn: &mut Conn, actor: &Actor, now: crate::clock::Instant) -> db::Result<Offered> {
    let mut branches: Vec<(BranchId, String, String)> = Vec::new();
    let mut payment_types = Vec::new();
    for payment_type in PaymentType::PAYABLE {
        let some = branches_with_all(conn, &actor.id, &[Action::MakePayment, payment_type.make()], now)?;
        if !some.is_empty() {
            payment_types.push(*payment_type);
        }
        branches.extend(some);
    }
    branches.sort_by(|one, other| one.1.cmp(&other.1));
    branches.dedup();
    let accounts = funding::accounts(conn)?;
    Ok(Offered { branches, payment_types, accounts, fsps: funding::fsps(conn)?, recent: store::last_of_maker(conn, &actor.id, RECENT)? })
}

async fn shown(
    institution: &Arc<Institution>,
    visitor: &Visitor,
    page: Page,
    chosen: Chosen,
    refused: Option<Refused>,
    status: StatusCode,
) -> Result<HttpResponse, ErrorPage> {
    let (actor, now) = (visitor.actor.clone(), institution.clock().now());
    let offered = institution.db.read(move |conn| offer(conn, &actor, now)).await?;
    let mut accounts = offered.accounts;
    // The institution's own currency first.
    accounts.sort_by_key(|account| account.currency != institution.house().currency);
    let mut fsps = vec![Choice::new("", say!("As in the file"))];
    fsps.extend(offered.fsps.into_iter().map(|fsp| Choice::new(fsp.id.to_string(), fsp.name)));
    let limits = &institution.settings.limits;
    let form = UploadPage {
        page,
        once: OnceKey::random(),
        branches: offered.branches.into_iter().map(|(id, code, name)| Choice::new(id.to_string(), format!("{name} ({code})"))).collect(),
        payment_types: offered.payment_types.into_iter().map(|of| Choice::new(of.as_str(), Said::new(of.label()))).collect(),
        channels: Channel::ALL.iter().map(|channel| Choice::new(channel.as_str(), Said::new(channel.label()))).collect(),
        accounts: accounts.iter().map(account_choice).collect(),
        fsps,
        date: chosen.pay_on.0.clone(),
        time: chosen.pay_on.1.clone(),
        chosen,
        max_mb: limits.upload_bytes / 1_000_000,
        max_rows: limits.upload_rows,
        refused,
        recent: offered.recent,
        templates: download::TEMPLATES.iter().map(|(name, _)| *name).collect(),
    };
    Ok(html(status, &form.page, &form))
}

fn account_choice(account: &funding::FundingAccount) -> Choice {
    let choice = Choice::new(account.id.to_string(), account.label());
    match account.state {
        AccountState::Open => choice,
        AccountState::Stopped => choice.hinted(say!("Stopped: nothing is paid from it until the operator opens it again.")),
    }
}

/// POST /batches
pub async fn create_batch(request: HttpRequest, visitor: Visitor, mut page: Page, parts: Multipart) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let Received { fields, once: key, file } = receive(&request, parts, &institution.settings.limits).await?;
    let limit = institution.settings.limits.upload_bytes / 1_000_000;
    let (choices, pay_at) = (chosen_in(&fields, &mut page), pay_on(&fields, &mut page));
    let file = source(&institution, &visitor, &fields, file).await?;
    let (file_name, arrived) = match file {
        Sent::File(name, arrived) => (name, Some(arrived)),
        Sent::Nothing => {
            page.problems.push(Problem::new("file", say!("Select a file")));
            (String::new(), None)
        }
        Sent::TooLarge => {
            page.problems.push(Problem::new("file", say!("The selected file must be smaller than {limit} MB", limit = limit)));
            return shown(&institution, &visitor, page, typed(&fields), None, StatusCode::PAYLOAD_TOO_LARGE).await;
        }
    };
    let (Some(choices), Some(arrived), true) = (choices, arrived, page.problems.is_empty()) else {
        if page.problem("file").is_none() {
            page.problems.push(Problem::new("file", say!("Choose the file again")));
        }
        return shown(&institution, &visitor, page, typed(&fields), None, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let again = Some(fields.get("again").to_owned()).filter(|reason| !reason.is_empty());
    let client_reference = Some(fields.get("client_reference").to_owned()).filter(|reference| !reference.is_empty());
    let new = NewBatch { choices, client_reference, file_name, again };
    match make(&request, &institution, &visitor, &key, (new, pay_at), arrived).await {
        Ok(answer) => Ok(answer),
        Err(refusal) => refused(&institution, &visitor, page, &fields, refusal).await,
    }
}

/// The file of the form, or the one of the first batch where the maker said to take it once more.
async fn source(institution: &Arc<Institution>, visitor: &Visitor, fields: &Fields, file: Sent) -> Result<Sent, ErrorPage> {
    let of = BatchId::from(fields.get("content_of"));
    if of.as_str().is_empty() || !matches!(file, Sent::Nothing) {
        return Ok(file);
    }
    let (visitor, db) = (visitor.clone(), &institution.db);
    let first = db.read(move |conn| {
        let seen = find_visible(conn, &visitor.actor, &visitor.rights, &of)?.ok_or(results::CannotWrite::NotFound)?;
        results::original(conn, &seen.id, None)
    });
    let (first, content) = first.await?;
    Ok(Sent::File(first.name, Arrived::of(content).map_err(|error| ErrorPage::from(results::CannotWrite::Io(error)))?))
}

/// The choices of the form; `None` with at least one problem.
fn chosen_in(fields: &Fields, page: &mut Page) -> Option<Choices> {
    let mut missing = |field: &str, said: Said| page.problems.push(Problem::new(field, said));
    let branch = BranchId::from(fields.get("branch"));
    if branch.as_str().is_empty() {
        missing("branch", say!("Choose a branch"));
    }
    let payment_type: Option<PaymentType> = fields.get("payment_type").parse().ok().filter(|of| PaymentType::PAYABLE.contains(of));
    if payment_type.is_none() {
        missing("payment_type", say!("Choose a payment type"));
    }
    let channel: Option<Channel> = fields.get("channel").parse().ok();
    if channel.is_none() {
        missing("channel", say!("Choose a payment channel"));
    }
    let funding_account = FundingAccountId::from(fields.get("funding_account"));
    if funding_account.as_str().is_empty() {
        missing("funding_account", say!("Choose the account to pay from"));
    }
    let to_fsp = Some(FspId::from(fields.get("to_fsp"))).filter(|fsp| !fsp.as_str().is_empty());
    let (payment_type, channel) = (payment_type?, channel?);
    page.problems.is_empty().then_some(Choices { branch, payment_type, channel, funding_account, to_fsp })
}

fn typed(fields: &Fields) -> Chosen {
    let field = |name: &str| fields.get(name).to_owned();
    Chosen {
        branch: field("branch"),
        payment_type: field("payment_type"),
        channel: field("channel"),
        funding_account: field("funding_account"),
        to_fsp: field("to_fsp"),
        client_reference: field("client_reference"),
        pay_on: (field(DATE), field(TIME)),
    }
}

async fn make(
    request: &HttpRequest,
    institution: &Arc<Institution>,
    visitor: &Visitor,
    key: &OnceKey,
    (new, pay_at): (NewBatch, Option<Instant>),
    arrived: Arrived,
) -> Result<HttpResponse, UploadRefusal> {
    let actor = visitor.actor.clone();
    let read = read_file(institution, &actor, &new.choices, arrived).await?;
    let id = BatchId::new(institution.clock().now());
    let (batch, maker, summary, again) = (id.clone(), actor.clone(), read.summary.clone(), new.again.clone());
    let outcome = once::<CreateRefusal, _>(&institution.db, &actor.id, key, &institution.house().language, move |tx| {
        create(tx, &maker, &batch, &new, &summary)?;
        schedule_new(tx, &batch, pay_at)?;
        Ok(Done::at(format!("/batches/{batch}/findings")))
    });
    let outcome = outcome.await?;
    let ours = id.clone();
    // Not there: this form was sent before, and its first answer is the answer.
    if institution.db.read(move |conn| find(conn, &ours)).await?.is_some() {
        fill(institution, &actor, id, read, again).await?;
    }
    Ok(outcome.redirect(request))
}

/// Reads the file in, on its own: it goes on when the maker stops waiting.
pub(super) async fn fill(
    institution: &Arc<Institution>,
    actor: &Actor,
    id: BatchId,
    read: ReadFile,
    again: Option<String>,
) -> Result<(), CannotLoad> {
    let (institution, actor) = (Arc::clone(institution), actor.clone());
    let loading = tokio::spawn(async move { load(&institution, &actor, &id, read, again).await });
    match tokio::time::timeout(WAIT_MAX, loading).await {
        Ok(Ok(loaded)) => loaded.map(|_: State| ()),
        Ok(Err(error)) => Err(CannotLoad::Io(std::io::Error::other(error))),
        // The page it leads to shows how far it is.
        Err(_) => Ok(()),
    }
}

async fn refused(
    institution: &Arc<Institution>,
    visitor: &Visitor,
    mut page: Page,
    fields: &Fields,
    refusal: UploadRefusal,
) -> Result<HttpResponse, ErrorPage> {
    let mut seen = None;
    match refusal {
        UploadRefusal::Create(CreateRefusal::SameAgain(first)) => {
            return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/batches/{}", first.id))).finish());
        }
        UploadRefusal::Create(CreateRefusal::SameContent(first)) => return same_file(institution, visitor, page, fields, *first).await,
        UploadRefusal::Create(CreateRefusal::ClientReferenceTaken(_)) => {
            let taken = say!("Another batch with another file has this reference already. Write another one.");
            page.problems.push(Problem::new("client_reference", taken));
        }
        UploadRefusal::Create(CreateRefusal::TooLong) => {
            page.problems.push(Problem::new("client_reference", say!("Your own reference has at most 64 characters")));
        }
        UploadRefusal::NoSuchChoice
        | UploadRefusal::Create(CreateRefusal::BranchClosed | CreateRefusal::NoSuchAccount | CreateRefusal::AccountChanged) => {
            page.problems.push(Problem::new("branch", say!("You may not make this payment type in this branch. Choose another.")));
        }
        UploadRefusal::Unreadable(refused) => {
            page.problems.push(Problem::new("file", refused.why.sentence()));
            seen = Some(refused);
        }
        UploadRefusal::Create(CreateRefusal::NotAllowed(refusal)) => return Err(refusal.into()),
        UploadRefusal::Create(CreateRefusal::Db(error)) | UploadRefusal::Db(error) | UploadRefusal::Load(CannotLoad::Db(error)) => {
            return Err(error.into());
        }
        UploadRefusal::Io(error) | UploadRefusal::Load(CannotLoad::Io(error)) => {
            tracing::error!(%error, "an uploaded file could not be read");
            return Err(ErrorPage::Broken);
        }
        UploadRefusal::Load(CannotLoad::Changed) => return Err(ErrorPage::Broken),
    }
    shown(institution, visitor, page, typed(fields), seen, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// The interruption: this very file is there already.
async fn same_file(
    institution: &Arc<Institution>,
    visitor: &Visitor,
    mut page: Page,
    fields: &Fields,
    first: Batch,
) -> Result<HttpResponse, ErrorPage> {
    let (viewer, id) = (visitor.clone(), first.id);
    let first = institution.db.read(move |conn| {
        let Some(batch) = find_visible(conn, &viewer.actor, &viewer.rights, &id)? else { return Ok::<_, db::Error>(None) };
        let by = name_of(conn, &batch.created_by)?;
        Ok(Some((batch, by)))
    });
    let names = ["branch", "payment_type", "channel", "funding_account", "to_fsp", "client_reference", DATE, TIME];
    let kept = names.map(|name| (name.to_owned(), fields.get(name).to_owned())).to_vec();
    if !fields.get("interrupted").is_empty() {
        page.problems.push(Problem::new("again", say!("Write why it is paid once more")));
    }
    let status = if page.problems.is_empty() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let sheet = SameFilePage { page, once: OnceKey::random(), kept, first: first.await? };
    Ok(html(status, &sheet.page, &sheet))
}
