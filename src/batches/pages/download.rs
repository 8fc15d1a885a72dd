//! Files to take away, and the templates to begin with.

use actix_web::{HttpRequest, HttpResponse, web};

use super::visible;
use crate::audit::{self, Event, What};
use crate::batches::file::Limits;
use crate::batches::results::{self, CannotWrite, Spoken};
use crate::batches::{Batch, Refusal, State};
use crate::funding;
use crate::ids::{BatchId, FileId};
use crate::privileges::{Action, Authorise};
use crate::web::download::{attachment, sent};
use crate::web::{ErrorPage, Visitor, institution};

/// The templates, as they stand in `csv-templates/`.
pub(super) const TEMPLATES: &[(&str, &[u8])] = &[
    ("payroll.csv", include_bytes!("../../../csv-templates/payroll.csv")),
    ("loan-disbursement.csv", include_bytes!("../../../csv-templates/loan-disbursement.csv")),
];

impl From<CannotWrite> for ErrorPage {
    fn from(error: CannotWrite) -> Self {
        match error {
            CannotWrite::NotFound => Self::NotFound,
            CannotWrite::Db(error) => error.into(),
            error => {
                tracing::error!(%error, "a file to take away could not be made");
                Self::Broken
            }
        }
    }
}

/// GET /templates/{name}
pub async fn template(name: web::Path<String>) -> Result<HttpResponse, ErrorPage> {
    let (name, bytes) = TEMPLATES.iter().find(|(known, _)| *known == name.as_str()).ok_or(ErrorPage::NotFound)?;
    Ok(attachment(name).body(*bytes))
}

/// GET /batches/{id}/file: the file that the rows come from, as it came.
pub async fn original(request: HttpRequest, visitor: Visitor, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    one_file(request, visitor, path.into_inner(), None).await
}

/// GET /batches/{id}/files/{file}: one that was corrected since.
pub async fn earlier(request: HttpRequest, visitor: Visitor, path: web::Path<(BatchId, FileId)>) -> Result<HttpResponse, ErrorPage> {
    let (batch, file) = path.into_inner();
    one_file(request, visitor, batch, Some(file)).await
}

async fn one_file(request: HttpRequest, visitor: Visitor, id: BatchId, file: Option<FileId>) -> Result<HttpResponse, ErrorPage> {
    let batch = visible(&request, &visitor, &id).await?;
    recorded(&request, &visitor, &batch, What::FileDownloaded).await?;
    let (of, content) = institution(&request)?.db.read(move |conn| results::original(conn, &id, file.as_ref())).await?;
    Ok(sent(&of.name, content))
}

/// GET /batches/{id}/results: the file with what came of each row.
pub async fn results(request: HttpRequest, visitor: Visitor, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let batch = visible(&request, &visitor, &path).await?;
    if batch.state.is_undecided() || matches!(batch.state, State::Rejected | State::Deleted) {
        return Err(ErrorPage::NotFound);
    }
    recorded(&request, &visitor, &batch, What::ResultsDownloaded).await?;
    let (name, settings, language) = (format!("{}-results.csv", batch.name), institution.settings.clone(), institution.language.clone());
    let content = institution.db.read(move |conn| {
        let fsps = funding::fsps(conn)?.into_iter().map(|fsp| (fsp.id, fsp.name)).collect();
        let limits = Limits { bytes: settings.limits.upload_bytes, rows: settings.limits.upload_rows };
        results::results(conn, &batch, &Spoken { language, zone: settings.zone(), fsps, limits })
    });
    Ok(sent(&name, content.await?))
}

/// GET /batches/{id}/findings.csv: for whoever mends the file, so it needs no more than seeing the batch.
pub async fn findings(request: HttpRequest, visitor: Visitor, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let batch = visible(&request, &visitor, &path).await?;
    let language = institution.language.clone();
    let content = institution.db.read(move |conn| results::findings(conn, &batch.id, &language).map(|file| (batch.name, file)));
    let (name, content) = content.await?;
    Ok(sent(&format!("{name}-findings.csv"), content))
}

/// Needs Download Payment in the batch's branch, and is remembered.
async fn recorded(request: &HttpRequest, visitor: &Visitor, batch: &Batch, what: What) -> Result<(), ErrorPage> {
    let (actor, id, branch) = (visitor.actor.clone(), batch.id.clone(), batch.branch.clone());
    let institution = institution(request)?;
    let written = institution.db.write(move |tx| {
        tx.authorise(&actor.id, Action::DownloadPayment, &branch)?;
        Ok::<_, Refusal>(audit::record(tx, &Event::of_batch(actor.by(), what, &id, &branch))?)
    });
    Ok(written.await?)
}
