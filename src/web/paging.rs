//! Lists: their address with its filters and page, and which part of them a page shows.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};

use super::ErrorPage;
use super::guard::encode;
use super::page::Pager;

/// Entries of a page.
pub const PAGE_ROWS: i64 = 25;
/// Entries that are counted, and that one can page through, at most: beyond, people narrow the list.
pub const COUNTED_MAX: i64 = 10_000;

const PAGE: &str = "page";

/// The address of a list as it was asked for: filters and page. What a filter means is its room's to say.
#[derive(Debug, Clone)]
pub struct List {
    path: String,
    fields: Vec<(String, String)>,
    page: i64,
}

impl List {
    /// The first page of a list without filters.
    pub fn first(path: impl Into<String>) -> Self {
        Self { path: path.into(), fields: Vec::new(), page: 1 }
    }

    /// The list with one more filter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// The address of this page of the list.
    pub fn here(&self) -> String {
        self.at(self.page)
    }

    /// The first value of a filter, trimmed; empty where it is not in use.
    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// Whether any of these filters is in use.
    pub fn uses_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| !self.get(name).is_empty())
    }

    /// How many entries come before this page's.
    pub fn offset(&self) -> i64 {
        (self.page - 1).saturating_mul(PAGE_ROWS)
    }

    /// The address of the list without one of its filters, from its first page.
    pub fn without(&self, name: &str) -> String {
        self.address(self.fields.iter().filter(|(known, _)| known != name), 1)
    }

    /// The address of the list without any filter.
    pub fn bare(&self) -> &str {
        &self.path
    }

    fn at(&self, page: i64) -> String {
        self.address(self.fields.iter(), page)
    }

    fn address<'a>(&'a self, fields: impl Iterator<Item = &'a (String, String)>, page: i64) -> String {
        let mut parts: Vec<String> = fields.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        if page > 1 {
            parts.push(format!("{PAGE}={page}"));
        }
        if parts.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, parts.join("&")) }
    }

    /// What stands under the list. `counted`: entries in all, where more than [`COUNTED_MAX`] stands for "more than that".
    pub fn pager(&self, counted: i64, shown: usize) -> Pager {
        let total = counted.min(COUNTED_MAX);
        let shown = i64::try_from(shown).unwrap_or(PAGE_ROWS);
        let last = self.offset().saturating_add(shown);
        Pager {
            first: if shown == 0 { last } else { self.offset().saturating_add(1) },
            last,
            total,
            more: counted > COUNTED_MAX,
            previous: (self.page > 1).then(|| self.at(self.page - 1)),
            next: (last < total && shown > 0).then(|| self.at(self.page.saturating_add(1))),
        }
    }
}

impl FromRequest for List {
    type Error = ErrorPage;
    type Future = Ready<Result<Self, ErrorPage>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let fields = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        ready(fields.map_err(|_| ErrorPage::BadForm).map(|fields| {
            let mut fields: Vec<_> = fields.into_inner().into_iter().map(|(name, value)| (name, value.trim().to_owned())).collect();
            let page = fields.iter().find(|(name, _)| name == PAGE).and_then(|(_, value)| value.parse::<i64>().ok()).unwrap_or(1);
            fields.retain(|(name, value)| name != PAGE && !value.is_empty());
            Self { path: request.path().to_owned(), fields, page: page.clamp(1, COUNTED_MAX / PAGE_ROWS) }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    async fn list(address: &str) -> List {
        List::extract(&TestRequest::with_uri(address).to_http_request()).await.unwrap()
    }

    #[actix_web::test]
    async fn a_page_in_the_middle_knows_both_its_neighbours() {
        let list = list("/tasks?branch=b%26c&kind=&page=2").await;
        let pager = list.pager(62, 25);
        assert_eq!((pager.first, pager.last, pager.total, pager.more), (26, 50, 62, false));
        assert_eq!(pager.previous.as_deref(), Some("/tasks?branch=b%26c"));
        assert_eq!(pager.next.as_deref(), Some("/tasks?branch=b%26c&page=3"));
        assert_eq!(list.without("branch"), "/tasks");
    }

    #[actix_web::test]
    async fn nobody_pages_beyond_what_is_counted() {
        let list = list("/search/batches?page=99999999").await;
        let pager = list.pager(COUNTED_MAX + 1, 25);
        assert_eq!((pager.last, pager.total, pager.more, pager.next), (COUNTED_MAX, COUNTED_MAX, true, None));
    }
}
