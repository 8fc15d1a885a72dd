//! Who is asking: the signed-in person with all they may do, and the frame of their page.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::ErrorPage;
use super::headers;
use super::page::{AlarmInFrame, CutOffNear, Flash, FlashKind, InstitutionInFrame, LOGO, MenuGroup, MenuItem, Mode, Page, PersonInFrame};
use super::sessions::TypedSession;
use super::urls::{Needs, SIDEBAR, Tally, needs_of};
use crate::db;
use crate::ids::UserId;
use crate::institutions::{self, Institution};
use crate::people::{self, Actor, Stage};
use crate::privileges::{Action, Rights};

/// The signed-in person of a request. A handler that takes one cannot run without.
#[derive(Clone)]
pub struct Visitor {
    pub actor: Actor,
    pub rights: Rights,
    tallies: Vec<(Tally, i64)>,
    alarms: Vec<AlarmInFrame>,
    cut_off: Option<CutOffNear>,
}

impl Visitor {
    /// The person of the request's session, read anew: a right that was taken away is gone at the next click.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn load(request: &HttpRequest, institution: &Arc<Institution>) -> db::Result<Option<Self>> {
        let Some(id) = TypedSession(request.get_session()).user() else { return Ok(None) };
        let (now, house) = (institution.clock().now(), institution.house());
        let loaded = institution.db.read(move |conn| {
            let Some(actor) = people::actor(conn, &id)? else { return Ok::<_, db::Error>(None) };
            let rights = Rights::load(conn, &id, now)?;
            let tallies = super::urls::tallies(conn, &actor, &rights)?;
            let alarms = super::urls::alarms(conn, &actor, &rights)?;
            let cut_off = super::urls::cut_off(conn, &rights, &house, now)?;
            Ok(Some(Self { actor, rights, tallies, alarms, cut_off }))
        });
        loaded.await
    }

    /// Whether the url table lets this person in.
    pub fn meets(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing | Needs::Session | Needs::Person => true,
            // They have it behind them.
            Needs::HalfSignedIn => false,
            Needs::OneOf(actions) => self.holds_one_of(actions),
            Needs::AccountManager => self.actor.is_account_manager,
            Needs::AccountManagerOr(actions) => self.actor.is_account_manager || self.holds_one_of(actions),
        }
    }

    fn holds_one_of(&self, actions: &[Action]) -> bool {
        actions.iter().any(|action| self.rights.has_somewhere(*action))
    }

    fn menu(&self, path: &str) -> Vec<MenuGroup> {
        let mut groups: Vec<MenuGroup> = Vec::new();
        for entry in SIDEBAR.iter().filter(|entry| needs_of(entry.path).is_some_and(|needs| self.meets(needs))) {
            let count = entry.count.and_then(|tally| self.tallies.iter().find(|(known, _)| *known == tally)).map(|(_, count)| *count);
            let item = MenuItem { label: entry.label, path: entry.path, count, current: is_current(path, entry.path) };
            match groups.last_mut() {
                Some(group) if group.label == entry.group => group.items.push(item),
                _ => groups.push(MenuGroup { label: entry.group, items: vec![item] }),
            }
        }
        groups
    }
}

/// Whether a page is an entry's own or lies below it.
fn is_within(path: &str, entry: &str) -> bool {
    path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether an entry is the one a page belongs to: none of the sidebar lies nearer.
fn is_current(path: &str, entry: &str) -> bool {
    is_within(path, entry) && !SIDEBAR.iter().any(|other| other.path.len() > entry.len() && is_within(path, other.path))
}

impl FromRequest for Visitor {
    type Error = ErrorPage;
    type Future = Ready<Result<Self, ErrorPage>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or(ErrorPage::NotFound))
    }
}

/// Somebody in the middle of signing in. A handler of [`Needs::HalfSignedIn`] takes one.
#[derive(Debug, Clone)]
pub struct HalfVisitor {
    pub user: UserId,
    pub stage: Stage,
}

impl FromRequest for HalfVisitor {
    type Error = ErrorPage;
    type Future = Ready<Result<Self, ErrorPage>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let half = TypedSession(request.get_session()).half_signed_in();
        ready(half.map(|(user, stage)| Self { user, stage }).ok_or(ErrorPage::NotFound))
    }
}

/// The institution of the request, by its host.
///
/// # Errors
/// [`ErrorPage::NotFound`] outside an institution's scope.
pub fn institution(request: &HttpRequest) -> Result<Arc<Institution>, ErrorPage> {
    request.app_data::<web::Data<Institution>>().map(|data| Arc::clone(data)).ok_or(ErrorPage::NotFound)
}

impl FromRequest for Page {
    type Error = ErrorPage;
    type Future = Ready<Result<Self, ErrorPage>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(institution(request).map(|institution| frame(request, &institution)))
    }
}

fn frame(request: &HttpRequest, institution: &Institution) -> Page {
    let session = TypedSession(request.get_session());
    let visitor = request.extensions().get::<Visitor>().cloned();
    let signed_in = visitor.is_some();
    let mode = match institution.settings.mode {
        institutions::Mode::Training => Mode::Training,
        institutions::Mode::Pilot => Mode::Pilot,
        institutions::Mode::Live => Mode::Live,
    };
    let house = institution.house();
    let logo = institution.logo.as_ref().map(|logo| format!("{LOGO}?{}", logo.tag));
    Page {
        language: house.language.clone(),
        zone: house.zone.clone(),
        now: institution.clock().now(),
        nonce: headers::nonce(request),
        form_token: session.form_token().unwrap_or_default(),
        institution: InstitutionInFrame { name: institution.settings.name.clone(), mode, logo },
        menu: visitor.as_ref().map(|visitor| visitor.menu(request.path())).unwrap_or_default(),
        alarms: visitor.as_ref().map(|visitor| visitor.alarms.clone()).unwrap_or_default(),
        cut_off: visitor.as_ref().and_then(|visitor| visitor.cut_off.clone()),
        person: visitor.map(|visitor| PersonInFrame { name: visitor.actor.full_name, branch: visitor.actor.branch_name }),
        flash: if signed_in { session.take_flash().map(|text| Flash { kind: FlashKind::Done, text }) } else { None },
        problems: Vec::new(),
    }
}

/// Where a request came from: the peer, or what a proxy of the configuration says of it.
pub fn address(request: &HttpRequest) -> String {
    let peer = request.peer_addr().map(|address| address.ip());
    let Some(peer) = peer else { return "unknown".to_owned() };
    let proxies = request.app_data::<web::Data<Proxies>>();
    if proxies.is_some_and(|proxies| proxies.0.contains(&peer)) {
        let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
        // The last entry is the one our own proxy wrote; the ones before it are anybody's claim.
        if let Some(client) = forwarded.and_then(|list| list.rsplit(',').next()).and_then(|entry| entry.trim().parse().ok()) {
            let client: std::net::IpAddr = client;
            return client.to_string();
        }
    }
    peer.to_string()
}

/// Proxies whose word about a client's address counts.
#[derive(Debug, Clone, Default)]
pub struct Proxies(pub Vec<std::net::IpAddr>);
