//! The style sheet, the script and the icon: served from memory under a path that names their content, so a browser keeps them for a
//! year and asks again only when they changed.
//!
//! The style sheet is written as one file for each component in `static/css/`, joined here in the order of [`SHEETS`].

use std::borrow::Cow;
use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use super::page::hex;

/// Where assets are served: `GET /static/{hash}/{name}`, for everybody.
pub const ROUTE: &str = "/static/{hash}/{name}";

#[derive(Embed)]
#[folder = "static/"]
struct Files;

/// The parts of the style sheet, in order; each says which `@layer` it belongs to.
pub const SHEETS: &[&str] = &[
    "layers",
    "tokens",
    "reset",
    "base",
    "layout",
    "sidebar",
    "buttons",
    "forms",
    "error-summary",
    "alarms",
    "banner",
    "tag",
    "table",
    "pager",
    "summary-list",
    "counts",
    "progress",
    "panel",
    "second-factor",
    "slip",
    "timeline",
    "task-list",
    "details",
    "filters",
    "empty",
    "utilities",
    "privileges",
    "reports",
    "print",
];

struct Asset {
    name: &'static str,
    content_type: &'static str,
    path: String,
    tag: String,
    body: web::Bytes,
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, body: Vec<u8>) -> Self {
        let hash = hex(&Sha256::digest(&body));
        Self { name, content_type, path: format!("/static/{hash}/{name}"), tag: format!("W/\"{hash}\""), body: body.into() }
    }
}

struct Assets {
    css: Asset,
    js: Asset,
    icon: Asset,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: Asset::new("outlay.css", "text/css; charset=utf-8", style_sheet().into_bytes()),
    js: Asset::new("outlay.js", "text/javascript; charset=utf-8", file("js/outlay.js").into_owned()),
    icon: Asset::new("icon.svg", "image/svg+xml", file("img/icon.svg").into_owned()),
});

fn file(path: &str) -> Cow<'static, [u8]> {
    Files::get(path).map(|file| file.data).unwrap_or_default()
}

/// The whole style sheet, as it is served.
pub fn style_sheet() -> String {
    let parts = SHEETS.iter().map(|name| String::from_utf8_lossy(&file(&format!("css/{name}.css"))).into_owned());
    parts.collect::<Vec<_>>().join("\n")
}

pub fn css_path() -> &'static str {
    &ASSETS.css.path
}

pub fn js_path() -> &'static str {
    &ASSETS.js.path
}

pub fn icon_path() -> &'static str {
    &ASSETS.icon.path
}

/// GET [`ROUTE`]. Everybody may have it, before sign-in too. An old hash gets the present file, but not to keep.
pub async fn serve(path: web::Path<(String, String)>, request: HttpRequest) -> HttpResponse {
    let (_, name) = path.into_inner();
    let assets = &*ASSETS;
    let Some(asset) = [&assets.css, &assets.js, &assets.icon].into_iter().find(|asset| asset.name == name) else {
        return HttpResponse::NotFound().finish();
    };
    let keep = if request.path() == asset.path { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == asset.tag.as_bytes());
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, keep)).insert_header((ETAG, asset.tag.as_str()));
    if known { response.finish() } else { response.content_type(asset.content_type).body(asset.body.clone()) }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
    use actix_web::{App, test, web};

    use super::*;

    #[actix_web::test]
    async fn a_browser_keeps_an_asset_under_the_path_of_its_content_and_only_there() {
        let app = test::init_service(App::new().route(ROUTE, web::get().to(serve))).await;
        let ask = async |path: &str| test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;

        let header = |response: &actix_web::dev::ServiceResponse, name| response.headers().get(name).unwrap().to_str().unwrap().to_owned();

        let css = ask(css_path()).await;
        assert_eq!(css.status(), StatusCode::OK);
        assert_eq!(header(&css, CONTENT_TYPE), "text/css; charset=utf-8");
        assert_eq!(header(&css, CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(header(&ask(js_path()).await, CONTENT_TYPE), "text/javascript; charset=utf-8");

        let again = test::TestRequest::get().uri(css_path()).insert_header((IF_NONE_MATCH, header(&css, ETAG))).to_request();
        assert_eq!(test::call_service(&app, again).await.status(), StatusCode::NOT_MODIFIED);

        let old = ask("/static/0000000000000000/outlay.css").await;
        assert_eq!((old.status(), header(&old, CACHE_CONTROL)), (StatusCode::OK, "no-cache".to_owned()));
        assert_eq!(ask("/static/0000000000000000/secrets.toml").await.status(), StatusCode::NOT_FOUND);
    }
}
