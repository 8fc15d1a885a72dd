//! A browser's tab without scripts: it keeps cookies, follows redirects, and sends the forms of the page it is on.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use reqwest::header::{CONTENT_TYPE, COOKIE, HOST, HeaderMap, LOCATION, ORIGIN, REFERER, SET_COOKIE};
use reqwest::{Method, StatusCode};

use super::form::Form;
use super::page::Page;

const REDIRECTS_MAX: usize = 5;

pub struct Tab {
    http: reqwest::Client,
    address: SocketAddr,
    /// Host name and port, as the address bar shows them.
    site: String,
    cookies: BTreeMap<String, String>,
    /// Where it is.
    page: Option<Page>,
    /// Its forms stand on somebody else's pages.
    foreign: bool,
}

/// A file chosen in a form.
pub struct ChosenFile<'a> {
    /// The name of the form's field.
    pub field: &'a str,
    pub name: &'a str,
    pub bytes: &'a [u8],
}

struct Body {
    kind: String,
    bytes: Vec<u8>,
}

impl Tab {
    pub fn at(address: SocketAddr, host: &str) -> Self {
        // The TLS library asks for its cryptography once; a second call changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        // No connection is used twice: on a busy machine the server may close a resting one at the moment when it is taken up again.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(0).no_proxy();
        let http = http.build().unwrap();
        Self { http, address, site: format!("{host}:{}", address.port()), cookies: BTreeMap::new(), page: None, foreign: false }
    }

    /// The page it is on.
    pub fn page(&self) -> &Page {
        self.page.as_ref().expect("this tab has not opened a page yet")
    }

    /// The value of a cookie; `None` where there is none.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    /// A second tab of the same browser, signed in as this one is.
    #[must_use]
    pub fn second(&self) -> Self {
        let page = self.page.clone();
        let (http, site, cookies) = (self.http.clone(), self.site.clone(), self.cookies.clone());
        Self { http, address: self.address, site, cookies, page, foreign: self.foreign }
    }

    /// Opens a path, following redirects.
    pub async fn get(&mut self, path: &str) -> &Page {
        let page = self.request(Method::GET, path, None).await;
        self.follow(page).await
    }

    /// What a path answers, without following where it leads.
    pub async fn look(&mut self, path: &str) -> Page {
        self.request(Method::GET, path, None).await
    }

    /// What a path answers, before its body has been read.
    pub async fn begin(&self, path: &str) -> reqwest::Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.get(format!("http://{}{path}", self.address)).header(HOST, &self.site);
        request.header(COOKIE, cookies.join("; ")).send().await.unwrap()
    }

    /// What fields that no page of ours made are answered, sent as a form with files is, without following where it leads.
    pub async fn try_post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let file = ChosenFile { field: "file", name: "payments.csv", bytes: b"" };
        let (kind, bytes) = Form::empty().filled_in(fields).multipart(&file);
        self.request(Method::POST, path, Some(Body { kind, bytes })).await
    }

    /// The same, sent as a form without files is.
    pub async fn try_post_plain(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let kind = "application/x-www-form-urlencoded".to_owned();
        self.request(Method::POST, path, Some(Body { kind, bytes: Form::empty().filled_in(fields).urlencoded().into_bytes() })).await
    }

    /// A tab at this tab's host with another tab's cookies: what a thief would try.
    #[must_use]
    pub fn with_cookies_of(&self, other: &Self) -> Self {
        Self { cookies: other.cookies.clone(), ..self.second() }
    }

    /// A tab whose forms stand on somebody else's pages, with this tab's cookies.
    #[must_use]
    pub fn of_another_site(mut self) -> Self {
        self.foreign = true;
        self
    }

    /// Sends the page's form with this action: its hidden and prefilled fields, with `fields` put over them.
    pub async fn post_form(&mut self, action: &str, fields: &[(&str, &str)]) -> &Page {
        let form = Form::on(self.page(), action).filled_in(fields);
        let body = Body { kind: "application/x-www-form-urlencoded".to_owned(), bytes: form.urlencoded().into_bytes() };
        self.post(action, body).await
    }

    /// Sends the page's form with this action and a file in it.
    pub async fn post_form_with_file(&mut self, action: &str, fields: &[(&str, &str)], file: &ChosenFile<'_>) -> &Page {
        let form = Form::on(self.page(), action).filled_in(fields);
        let (kind, bytes) = form.multipart(file);
        self.post(action, Body { kind, bytes }).await
    }

    /// Sends fields that no page of ours made: what a forger would send.
    pub async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> &Page {
        let form = Form::empty().filled_in(fields);
        let body = Body { kind: "application/x-www-form-urlencoded".to_owned(), bytes: form.urlencoded().into_bytes() };
        self.post(path, body).await
    }

    /// The same with a file.
    pub async fn post_bare_with_file(&mut self, path: &str, fields: &[(&str, &str)], file: &ChosenFile<'_>) -> &Page {
        let (kind, bytes) = Form::empty().filled_in(fields).multipart(file);
        self.post(path, Body { kind, bytes }).await
    }

    async fn post(&mut self, path: &str, body: Body) -> &Page {
        let page = self.request(Method::POST, path, Some(body)).await;
        self.follow(page).await
    }

    async fn follow(&mut self, mut page: Page) -> &Page {
        for _ in 0..REDIRECTS_MAX {
            let Some(next) = page.redirects_to() else {
                return self.page.insert(page);
            };
            let next = next.to_owned();
            assert_eq!(page.status, StatusCode::SEE_OTHER, "a redirect after a form must be a 303");
            page = self.request(Method::GET, &next, None).await;
        }
        panic!("redirected more than {REDIRECTS_MAX} times, at last from {}", page.path);
    }

    /// One request, and its answer as it came. Does not change the page the tab is on.
    async fn request(&mut self, method: Method, path: &str, body: Option<Body>) -> Page {
        assert!(path.starts_with('/'), "«{path}» is no path of ours");
        let mut request = self.http.request(method.clone(), format!("http://{}{path}", self.address)).header(HOST, &self.site);
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(page) = &self.page {
            request = request.header(REFERER, format!("http://{}{}", self.site, page.path));
        }
        if let Some(body) = body {
            let (site, fetch) = if self.foreign { ("evil.example", "cross-site") } else { (self.site.as_str(), "same-origin") };
            request = request.header(ORIGIN, format!("http://{site}")).header("sec-fetch-site", fetch);
            request = request.header(CONTENT_TYPE, body.kind).body(body.bytes);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        self.keep_cookies(response.headers());
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        Page::new(path, status, headers, bytes.to_vec())
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let gone = value.is_empty() || cookie.to_ascii_lowercase().contains("max-age=0");
            if gone {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Page {
    fn redirects_to(&self) -> Option<&str> {
        if self.status.is_redirection() { self.header(LOCATION.as_str()) } else { None }
    }
}
