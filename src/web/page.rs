//! The frame round every page, and how a page becomes a response.
//!
//! A room's page struct holds `page: Page`, derives `askama::Template`, and its template extends `layout.html` (or `plain.html`).
//! Macros in `templates/macros/` read `page` from where they are called: that is how a field finds its own problem.

use std::any::Any;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

pub use super::tallies::{Stretch, Tallies, Tally};

use super::assets;
use super::filters::{self, LANGUAGE, NOW, Text, ZONE};
use crate::clock::Instant;
use crate::words::{Language, Said};

/// Where the box at the top of every page searches.
pub const SEARCH: &str = "/search/transactions";
/// Where the button at the top of every page signs out (POST).
pub const SIGN_OUT: &str = "/sign-out";

/// Where an institution's logo is.
pub const LOGO: &str = "/logo";

/// What the frame shows: made once for each request, before the room's own content.
#[derive(Debug, Clone)]
pub struct Page {
    pub language: Language,
    /// The institution's zone: every time on the page is in it.
    pub zone: TimeZone,
    /// When the page is made: what "2 h ago" counts from.
    pub now: Instant,
    /// The nonce of this response's Content-Security-Policy.
    pub nonce: String,
    /// The session's token, in every form that changes something.
    pub form_token: String,
    pub institution: InstitutionInFrame,
    /// Who is signed in; `None` before sign-in, where the frame shows neither menu nor search.
    pub person: Option<PersonInFrame>,
    /// Only what this person may use.
    pub menu: Vec<MenuGroup>,
    /// What no one may miss, on every page until somebody has seen to it.
    pub alarms: Vec<AlarmInFrame>,
    /// Payments without an end shortly before the settlement cut-off.
    pub cut_off: Option<CutOffNear>,
    /// What the last action did, once, after its redirect.
    pub flash: Option<Flash>,
    /// What is wrong with the form as it was sent: shown on top, at each field and in the title.
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone)]
pub struct InstitutionInFrame {
    pub name: String,
    pub mode: Mode,
    /// The address of its logo, if it has one; another one when the picture changes.
    pub logo: Option<String>,
}

/// Whether money on these pages is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Training,
    Pilot,
    Live,
}

#[derive(Debug, Clone)]
pub struct PersonInFrame {
    pub name: String,
    /// Their branch, or a word for several.
    pub branch: String,
}

/// Something that must not be missed, and where it is seen to.
#[derive(Debug, Clone)]
pub struct AlarmInFrame {
    pub said: Said,
    pub path: String,
}

/// The banner before the settlement cut-off.
#[derive(Debug, Clone)]
pub struct CutOffNear {
    pub at: Instant,
    /// Payments whose end nobody knows.
    pub count: i64,
    /// Where they are listed.
    pub path: &'static str,
}

#[derive(Debug, Clone)]
pub struct MenuGroup {
    pub label: &'static str,
    pub items: Vec<MenuItem>,
}

#[derive(Debug, Clone)]
pub struct MenuItem {
    pub label: &'static str,
    pub path: &'static str,
    /// How many things wait there; nothing is shown for none.
    pub count: Option<i64>,
    /// This very page, or the list it belongs to.
    pub current: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    pub kind: FlashKind,
    /// In the reader's language already: it has been through the session.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashKind {
    /// It is done.
    Done,
    /// Something to know.
    Note,
    /// It could not be done.
    Trouble,
}

impl FlashKind {
    /// For the session.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Note => "note",
            Self::Trouble => "trouble",
        }
    }
}

/// Something wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field's name, which is also its id; empty where it belongs to the form as a whole.
    pub field: String,
    /// What is wrong and what to do, as a whole sentence.
    pub said: Said,
}

impl Problem {
    pub fn new(field: impl Into<String>, said: Said) -> Self {
        Self { field: field.into(), said }
    }
}

impl Page {
    /// The problem of a field, if it has one.
    pub fn problem(&self, field: impl AsRef<str>) -> Option<&Said> {
        self.problems.iter().find(|problem| problem.field == field.as_ref()).map(|problem| &problem.said)
    }

    pub fn css_path(&self) -> &'static str {
        assets::css_path()
    }

    pub fn js_path(&self) -> &'static str {
        assets::js_path()
    }

    pub fn icon_path(&self) -> &'static str {
        assets::icon_path()
    }

    /// Whether the box at the top is there: only for those who have the page it leads to.
    pub fn may_search(&self) -> bool {
        self.menu.iter().flat_map(|group| &group.items).any(|item| item.path == SEARCH)
    }

    pub const fn search_path(&self) -> &'static str {
        SEARCH
    }

    pub const fn sign_out_path(&self) -> &'static str {
        SIGN_OUT
    }

    pub fn is_training(&self) -> bool {
        self.institution.mode == Mode::Training
    }

    pub fn is_pilot(&self) -> bool {
        self.institution.mode == Mode::Pilot
    }

    /// How many things wait for this person in all.
    pub fn waiting(&self) -> i64 {
        self.menu.iter().flat_map(|group| &group.items).filter_map(|item| item.count).sum()
    }

    /// `Asia/Yangon (UTC+06:30)`.
    pub fn zone_name(&self) -> String {
        let zoned = self.now.timestamp().to_zoned(self.zone.clone());
        let offset = zoned.strftime("UTC%:z");
        self.zone.iana_name().map_or_else(|| offset.to_string(), |name| format!("{name} ({offset})"))
    }

    fn values(&self) -> [(&'static str, &dyn Any); 3] {
        [(LANGUAGE, &self.language), (ZONE, &self.zone), (NOW, &self.now)]
    }
}

/// The response of a page. Never cached: what it says is true for one person at one moment.
pub fn html(status: StatusCode, page: &Page, template: &impl Template) -> HttpResponse {
    match template.render_with_values(&page.values()) {
        Ok(body) => HttpResponse::build(status).content_type(ContentType::html()).insert_header((CACHE_CONTROL, "no-store")).body(body),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            sorry(&page.language, None)
        }
    }
}

/// Tells a page's script that a fragment will not change any more.
pub const POLL: &str = "Outlay-Poll";

/// A part of a page that its script asks for again and again: 304 while it is what the script already has.
/// `goes_on` false tells the script to stop asking.
pub fn fragment(request: &HttpRequest, page: &Page, template: &impl Template, goes_on: bool) -> HttpResponse {
    let body = match template.render_with_values(&page.values()) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a fragment could not be made");
            return HttpResponse::InternalServerError().finish();
        }
    };
    let tag = format!("W/\"{}\"", hex(&Sha256::digest(body.as_bytes())));
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known && goes_on { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "private, no-cache"));
    if !goes_on {
        response.insert_header((POLL, "stop"));
    }
    if known && goes_on { response.finish() } else { response.content_type(ContentType::html()).body(body) }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// An error, with a way on (PAGES, Errors).
#[derive(Template)]
#[template(path = "errors/error.html")]
pub struct ErrorPage {
    pub page: Page,
    pub title: Said,
    /// One paragraph each.
    pub message: Vec<Said>,
    pub ways: Vec<WayOn>,
    /// What the person had typed, so that nothing is lost.
    pub kept: Vec<Kept>,
}

/// A link away from an error.
#[derive(Debug, Clone)]
pub struct WayOn {
    pub label: Said,
    pub path: String,
}

/// A field that was sent with a form that could not be taken.
#[derive(Debug, Clone)]
pub struct Kept {
    pub label: Said,
    pub value: String,
}

impl ErrorPage {
    pub fn response(&self, status: StatusCode) -> HttpResponse {
        html(status, &self.page, self)
    }
}

/// The page for when nothing else works: needs neither database nor session.
#[derive(Template)]
#[template(path = "errors/sorry.html")]
struct Sorry<'a> {
    code: &'a str,
    number: Option<&'a str>,
}

impl Sorry<'_> {
    fn css_path(&self) -> &'static str {
        assets::css_path()
    }
}

/// 500, with the number under which the log tells what happened.
pub fn sorry(language: &Language, number: Option<&str>) -> HttpResponse {
    let values: [(&str, &dyn Any); 1] = [(LANGUAGE, language)];
    let body = Sorry { code: language.code(), number }.render_with_values(&values);
    HttpResponse::InternalServerError()
        .content_type(ContentType::html())
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body.unwrap_or_else(|_| "Sorry, there is a problem.".to_owned()))
}

/// One of several things to choose in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: Text,
    pub hint: Option<Said>,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<Text>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None }
    }

    #[must_use]
    pub fn hinted(mut self, hint: Said) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// A filter in use above a list, with the address of the list without it.
#[derive(Debug, Clone)]
pub struct Applied {
    pub label: &'static str,
    pub value: Text,
    pub without: String,
}

/// Which part of a list a page shows.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// Of the first entry shown, from 1.
    pub first: i64,
    pub last: i64,
    pub total: i64,
    /// There are more than `total`, and counting them all would take too long.
    pub more: bool,
    pub previous: Option<String>,
    pub next: Option<String>,
}
