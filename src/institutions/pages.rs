//! Settings: groups on pages of their own, each setting with its default, its value, and who changed it. And the logo.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::setting::times_of_day;
use super::store::{self, SettingRow};
use super::{Changed, Group, Institution, NotChanged, SecondFactorRule, Setting, change_settings};
use crate::clock::Instant;
use crate::confirmations::{self, Change, Kind};
use crate::db::{self, Conn};
use crate::ids::{OnceKey, UserId};
use crate::money::Currency;
use crate::say;
use crate::web::filters::Text;
use crate::web::page::{Choice, Problem};
use crate::web::{Done, ErrorPage, Fields, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::{Language, Said};

#[derive(Template)]
#[template(path = "institutions/settings.html")]
struct SettingsPage {
    page: Page,
    groups: Vec<Shown>,
}

/// A group, with the page on which it is changed.
struct Shown {
    title: &'static str,
    path: &'static str,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "institutions/group.html")]
struct GroupPage {
    page: Page,
    title: &'static str,
    path: &'static str,
    lede: Said,
    lines: Vec<Line>,
    once: OnceKey,
}

/// One setting as a page shows it.
struct Line {
    name: &'static str,
    label: &'static str,
    hint: Said,
    choices: Vec<Choice>,
    /// The value's name in the form.
    chosen: String,
    value: Text,
    default: Text,
    changed: Option<(String, Instant)>,
    /// What it becomes once the other account manager has confirmed it.
    waits: Option<Text>,
}

impl Line {
    fn choices(&self) -> &[Choice] {
        &self.choices
    }
}

/// What the database says of all settings.
struct Read {
    rows: Vec<SettingRow>,
    names: Vec<(UserId, String)>,
    waiting: Vec<Change>,
}

impl Read {
    fn load(conn: &mut Conn) -> db::Result<Self> {
        let rows = store::setting_rows(conn)?;
        let people: Vec<_> = rows.iter().map(|row| UserId::from(row.changed_by.as_str())).collect();
        Ok(Self { names: store::names(conn, &people)?, waiting: confirmations::waiting_of_kind(conn, Kind::Setting)?, rows })
    }

    fn line(&self, setting: Setting, institution: &Institution) -> Line {
        let row = self.rows.iter().find(|row| row.name == setting.as_str());
        let default = setting.default_of(&institution.settings);
        let chosen = row.map_or_else(|| default.clone(), |row| row.value.clone());
        let named = |id: &str| self.names.iter().find(|(known, _)| known.as_str() == id).map_or(id, |(_, name)| name).to_owned();
        let waits = self.waiting.iter().find_map(|change| match change {
            Change::Setting { name, to, .. } if name == setting.as_str() => Some(shown(setting, to)),
            _ => None,
        });
        Line {
            name: setting.as_str(),
            label: setting.label(),
            hint: hint(setting),
            choices: choices(setting),
            value: shown(setting, &chosen),
            default: shown(setting, &default),
            changed: row.map(|row| (named(&row.changed_by), row.changed_at)),
            chosen,
            waits,
        }
    }
}

const fn title(group: Group) -> &'static str {
    match group {
        Group::Institution => "Institution",
        Group::Day => "Working day",
        Group::Security => "Security",
    }
}

const fn path(group: Group) -> &'static str {
    match group {
        Group::Institution => "/settings/institution",
        Group::Day => "/settings/day",
        Group::Security => "/settings/security",
    }
}

fn lede(group: Group) -> Said {
    match group {
        Group::Institution => say!("How pages, files and mails of your institution are written."),
        Group::Day => {
            say!(
                "When your day ends and its report is made, and until when payments have to be clear for the scheme's settlement. All times are in your time zone."
            )
        }
        Group::Security => {
            say!(
                "What protects your institution's money beside privileges. Making it weaker waits until the other account manager confirms it."
            )
        }
    }
}

fn hint(setting: Setting) -> Said {
    match setting {
        Setting::TimeZone => say!("Every time on pages and in files is in this zone."),
        Setting::Currency => say!("New uploads begin with it. Batches that are here keep theirs."),
        Setting::Language => say!("Of pages and mails."),
        Setting::SecondFactor => say!("Who has to enter a code from an app on their phone when they sign in. Anybody may set one up."),
        Setting::StepUp => say!("Whether people enter a new code when they approve a batch, or confirm that a payment was not paid."),
        Setting::EndOfDay => {
            say!("Then the day's report is made and mailed to those with Resolve Payment. What is paid later belongs to the next day's.")
        }
        Setting::SettlementCutOff => {
            say!("Ask your scheme. From two hours before it, those with Resolve Payment are told of payments whose end nobody knows.")
        }
        Setting::Confirmations => {
            say!("Whether the other account manager has to confirm rights and changes with which one person alone could let money out.")
        }
    }
}

/// A value in words.
fn shown(setting: Setting, value: &str) -> Text {
    match (setting, value) {
        (Setting::Language, "en") => say!("English").into(),
        (Setting::TimeZone | Setting::Currency | Setting::Language, other) => Text::from(other.to_owned()),
        (Setting::SecondFactor, rule) => match rule.parse() {
            Ok(SecondFactorRule::Off) => say!("Nobody has to").into(),
            Ok(SecondFactorRule::Deciders) => say!("Those who can approve or administer").into(),
            _ => say!("Everybody").into(),
        },
        (Setting::SettlementCutOff, "off") => say!("None").into(),
        (Setting::EndOfDay | Setting::SettlementCutOff, time) => Text::from(time.to_owned()),
        (Setting::StepUp | Setting::Confirmations, "off") => say!("No").into(),
        (Setting::StepUp | Setting::Confirmations, _) => say!("Yes").into(),
    }
}

fn choices(setting: Setting) -> Vec<Choice> {
    let values: Vec<String> = match setting {
        Setting::TimeZone => {
            let named = |name: &str| name.contains('/') && !name.starts_with("Etc/");
            let mut zones: Vec<_> = jiff::tz::db().available().map(|zone| zone.to_string()).filter(|zone| named(zone)).collect();
            zones.push("UTC".to_owned());
            zones
        }
        Setting::Currency => Currency::all().map(|currency| currency.code().to_owned()).collect(),
        Setting::Language => Language::codes(),
        Setting::SecondFactor => SecondFactorRule::ALL.iter().rev().map(|rule| rule.as_str().to_owned()).collect(),
        Setting::StepUp | Setting::Confirmations => vec!["on".to_owned(), "off".to_owned()],
        Setting::EndOfDay => times_of_day().collect(),
        Setting::SettlementCutOff => std::iter::once("off".to_owned()).chain(times_of_day()).collect(),
    };
    values.into_iter().map(|value| Choice::new(value.clone(), shown(setting, &value))).collect()
}

/// GET /settings
pub async fn settings(request: HttpRequest, page: Page) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let read = institution.db.read(Read::load).await?;
    let lines = |group| Setting::of(group).map(|setting| read.line(setting, &institution)).collect();
    let groups = [Group::Institution, Group::Day, Group::Security].map(|group| Shown {
        title: title(group),
        path: path(group),
        lines: lines(group),
    });
    let sheet = SettingsPage { page, groups: groups.into() };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// GET /settings/institution
pub async fn institution_group(request: HttpRequest, page: Page) -> Result<HttpResponse, ErrorPage> {
    form(&request, page, Group::Institution, None).await
}

/// GET /settings/day
pub async fn day_group(request: HttpRequest, page: Page) -> Result<HttpResponse, ErrorPage> {
    form(&request, page, Group::Day, None).await
}

/// POST /settings/day
pub async fn save_day(request: HttpRequest, visitor: Visitor, page: Page, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    save(&request, &visitor, page, posted, Group::Day).await
}

/// GET /settings/security
pub async fn security_group(request: HttpRequest, page: Page) -> Result<HttpResponse, ErrorPage> {
    form(&request, page, Group::Security, None).await
}

/// POST /settings/institution
pub async fn save_institution(request: HttpRequest, visitor: Visitor, page: Page, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    save(&request, &visitor, page, posted, Group::Institution).await
}

/// POST /settings/security
pub async fn save_security(request: HttpRequest, visitor: Visitor, page: Page, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    save(&request, &visitor, page, posted, Group::Security).await
}

/// The form of a group, with what was typed where it came back.
async fn form(request: &HttpRequest, page: Page, group: Group, typed: Option<&Fields>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let read = institution.db.read(Read::load).await?;
    let mut lines: Vec<_> = Setting::of(group).map(|setting| read.line(setting, &institution)).collect();
    for line in &mut lines {
        if let Some(typed) = typed {
            line.chosen = typed.get(line.name).to_owned();
        }
    }
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let sheet = GroupPage { page, title: title(group), path: path(group), lede: lede(group), lines, once: OnceKey::random() };
    Ok(html(status, &sheet.page, &sheet))
}

async fn save(request: &HttpRequest, visitor: &Visitor, mut page: Page, posted: Posted, group: Group) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let wanted: Vec<_> = Setting::of(group).map(|setting| (setting, posted.fields.get(setting.as_str()).to_owned())).collect();
    let (actor, defaults) = (visitor.actor.clone(), institution.settings.clone());
    let language = institution.house().language.clone();
    let outcome = once::<NotChanged, _>(&institution.db, &visitor.actor.id, &posted.once, &language, move |tx| {
        let changed = change_settings(tx, &actor, &defaults, &wanted)?;
        Ok(Done::at(path(group)).saying(told(&changed)))
    });
    match outcome.await {
        Ok(outcome) => {
            institution.refresh().await?;
            Ok(outcome.redirect(request))
        }
        Err(NotChanged::NoSuchValue(setting)) => {
            page.problems.push(Problem::new(setting.as_str(), say!("Choose one of the list for {setting}.", setting = setting.label())));
            form(request, page, group, Some(&posted.fields)).await
        }
        Err(NotChanged::NotAllowed(refusal)) => Err(refusal.into()),
        Err(NotChanged::Db(error)) => Err(error.into()),
    }
}

fn told(changed: &Changed) -> Said {
    match (changed.now.is_empty(), changed.waiting.is_empty()) {
        (true, true) => say!("Nothing was changed: it was so already."),
        (false, true) => say!("Saved."),
        (true, false) => say!("Nothing has changed yet: the other account manager has to confirm it."),
        (false, false) => say!("Saved. What makes the protection weaker waits until the other account manager confirms it."),
    }
}

/// GET /logo: the same for everybody, so it may be kept; asked about again when it changed.
pub async fn logo(request: HttpRequest) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let logo = institution.logo.as_ref().ok_or(ErrorPage::NotFound)?;
    let tag = format!("\"{}\"", logo.tag);
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, "public, max-age=86400")).insert_header((ETAG, tag));
    Ok(if known { response.finish() } else { response.content_type(logo.content_type).body(logo.bytes.clone()) })
}
