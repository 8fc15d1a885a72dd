//! What can go wrong with a request, as the page the person sees: what happened, and a way on.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::db;
use crate::privileges::NotAllowed;
use crate::say;
use crate::words::Said;

#[derive(Debug, thiserror::Error)]
pub enum ErrorPage {
    /// 404: it does not exist, or this person may not know that it does.
    #[error("not found")]
    NotFound,
    /// 405.
    #[error("wrong method")]
    WrongMethod,
    /// 403: may see it, may not do this.
    #[error("forbidden")]
    Forbidden(Said),
    /// 403: the request came from another site.
    #[error("cross-site request")]
    CrossSite,
    /// 403: the form's token is not this session's; what was typed is shown.
    #[error("stale form")]
    StaleForm { typed: Vec<(String, String)> },
    /// 400.
    #[error("unreadable form")]
    BadForm,
    /// 409: somebody else was first. The second sentence says who and when; what was typed is shown.
    #[error("conflict")]
    Conflict { what: Said, typed: Vec<(String, String)> },
    /// 413.
    #[error("form too large")]
    FormTooLarge,
    /// 413: a file over the limit, in words.
    #[error("file too large")]
    FileTooLarge(Said),
    /// 503: the connection broke at COMMIT; the batch's page tells what happened.
    #[error("outcome unknown")]
    OutcomeUnknown,
    /// 503.
    #[error("busy")]
    Busy,
    /// 500.
    #[error("broken")]
    Broken,
    /// 500, with its cause for the log.
    #[error("database: {0}")]
    Database(db::Error),
}

impl From<db::Error> for ErrorPage {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Conflict => {
                Self::Conflict { what: say!("Someone else changed this at the same time. Nothing of yours was done."), typed: Vec::new() }
            }
            db::Error::OutcomeUnknown => Self::OutcomeUnknown,
            db::Error::Unavailable(_) => Self::Busy,
            error if error.is_not_found() => Self::NotFound,
            error => Self::Database(error),
        }
    }
}

impl db::Failure for ErrorPage {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

impl From<NotAllowed> for ErrorPage {
    fn from(refusal: NotAllowed) -> Self {
        match refusal {
            NotAllowed::NoGrant(action) => Self::Forbidden(say!("You do not hold {action} in this branch.", action = action.label())),
            NotAllowed::NotAccountManager => Self::NotFound,
            NotAllowed::Db(error) => error.into(),
        }
    }
}

impl ErrorPage {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Forbidden(_) | Self::CrossSite | Self::StaleForm { .. } => StatusCode::FORBIDDEN,
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::FormTooLarge | Self::FileTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::OutcomeUnknown | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken | Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The page's heading.
    pub fn title(&self) -> Said {
        match self {
            Self::NotFound => say!("Page not found"),
            Self::WrongMethod => say!("This page cannot be used that way"),
            Self::Forbidden(_) => say!("You may not do this"),
            Self::CrossSite => say!("This request came from another site"),
            Self::StaleForm { .. } => say!("This form is out of date"),
            Self::BadForm => say!("The form could not be read"),
            Self::Conflict { .. } => say!("Someone else was first"),
            Self::FormTooLarge | Self::FileTooLarge(_) => say!("Too large"),
            Self::OutcomeUnknown => say!("Not sure: please look before you do it again"),
            Self::Busy => say!("Outlay is busy"),
            Self::Broken | Self::Database(_) => say!("Sorry, there is a problem"),
        }
    }

    /// What it means and what to do.
    pub fn message(&self) -> Said {
        match self {
            Self::NotFound => {
                say!("It may not exist, or you may not have the right to see it. If you think you should, ask an account manager.")
            }
            Self::WrongMethod => say!("Go back and use the buttons on the page."),
            Self::Forbidden(why) | Self::FileTooLarge(why) => why.clone(),
            Self::CrossSite => say!("Nothing was done. Open Outlay itself and try again there."),
            Self::StaleForm { .. } => {
                say!("Nothing was done. You may have signed in again since it was opened. Go back, reload the page and try again.")
            }
            Self::BadForm => say!("Nothing was done. Go back and try again."),
            Self::Conflict { what, .. } => what.clone(),
            Self::FormTooLarge => say!("The form is larger than Outlay takes. Nothing was done."),
            Self::OutcomeUnknown => {
                say!("The connection to the database broke while your change was being saved. Open the page again to see whether it was.")
            }
            Self::Busy => say!("Nothing was done. Wait a minute and try again."),
            Self::Broken | Self::Database(_) => {
                say!("Nothing you see here is lost. Whether money moved is always told on the batch's own page.")
            }
        }
    }

    /// What the person had typed, to copy.
    pub fn typed(&self) -> &[(String, String)] {
        match self {
            Self::StaleForm { typed } | Self::Conflict { typed, .. } => typed,
            _ => &[],
        }
    }
}

impl ResponseError for ErrorPage {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// A bare answer; the guard puts the page into it, since only it knows whose page it is.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}
