//! Pictures of every page that the people of a running demo can reach, at three widths, light and dark. Made by `scripts/screenshots`.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use fantoccini::Locator;

use crate::support::browser::{Browser, Scripts};

const WIDTHS: [u32; 3] = [360, 768, 1280];
/// Pages of one person; more are not looked at.
const PAGES_MAX: usize = 40;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run scripts/screenshots"))
}

#[tokio::test]
#[ignore = "pictures: run by scripts/screenshots"]
async fn of_every_page() {
    let (site, folder) = (setting("OUTLAY_PICTURES_OF"), PathBuf::from(setting("OUTLAY_PICTURES_TO")));
    let (names, password) = (setting("OUTLAY_PICTURES_AS"), setting("OUTLAY_PICTURES_PASSWORD"));
    std::fs::create_dir_all(&folder).unwrap();
    let browser = Browser::open(Scripts::On).await;
    browser.go(&format!("{site}/sign-in")).await;
    take(&browser, &folder.join("nobody_sign-in")).await;
    for name in names.split(',') {
        browser.go(&format!("{site}/sign-in")).await;
        browser.fill("user_name", name).await;
        browser.fill("password", &password).await;
        browser.press("Sign in").await;
        browser.find("form[action=\"/sign-out\"]").await;
        for (pattern, path) in reachable(&browser, &site).await {
            browser.go(&format!("{site}{path}")).await;
            let file = pattern.trim_matches('/').replace(['/', '?', '&', '='], "_");
            take(&browser, &folder.join(format!("{name}_{}", if file.is_empty() { "first" } else { &file }))).await;
        }
        browser.client.delete_all_cookies().await.unwrap();
    }
}

/// One path of each kind, found by following links from the first page.
async fn reachable(browser: &Browser, site: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut next = VecDeque::from(["/".to_owned()]);
    while let Some(path) = next.pop_front() {
        if found.len() >= PAGES_MAX || found.contains_key(&kind(&path)) {
            continue;
        }
        found.insert(kind(&path), path.clone());
        browser.go(&format!("{site}{path}")).await;
        for link in browser.client.find_all(Locator::Css("a[href^='/']:not([download])")).await.unwrap() {
            next.extend(link.attr("href").await.unwrap().map(|href| href.split('#').next().unwrap_or_default().to_owned()));
        }
    }
    found.retain(|_, path| !path.contains("/download") && !path.ends_with(".csv") && !path.ends_with("/file"));
    found
}

/// A path without its ids and query: `/batches/ID/check`.
fn kind(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let is_id = |part: &str| part.len() >= 8 && part.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    path.split('/').map(|part| if is_id(part) { "ID" } else { part }).collect::<Vec<_>>().join("/")
}

async fn take(browser: &Browser, file: &std::path::Path) {
    for width in WIDTHS {
        for colours in ["light", "dark"] {
            let picture = browser.picture(width, colours).await;
            std::fs::write(format!("{}_{width}_{colours}.png", file.display()), picture).unwrap();
        }
    }
}
