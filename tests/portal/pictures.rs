//! Pictures of every page that the people of a running demo can reach, at three widths, light and dark. Made by `scripts/screenshots`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

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
        if let Ok(files) = std::env::var("OUTLAY_PICTURES_FILES")
            && name == "maker"
        {
            upload(&browser, &site, Path::new(&files), &folder).await;
        }
        for (kind, path) in reachable(&browser, &site).await {
            browser.go(&format!("{site}{path}")).await;
            take(&browser, &folder.join(format!("{name}_{}", kind.trim_matches('/').replace('/', "_")))).await;
        }
        browser.client.delete_all_cookies().await.unwrap();
    }
}

/// So that there is a batch to correct and one to decide on; pictures of what is seen on the way.
async fn upload(browser: &Browser, site: &str, files: &Path, folder: &Path) {
    let uploads = [
        ("payment-hub-refused.csv", "Payroll", "findings"),
        ("payroll.csv", "Payroll", "same_file"),
        ("loan-disbursement.csv", "Loan Disbursement", "check"),
    ];
    for (file, kind, seen) in uploads {
        browser.go(&format!("{site}/batches/new")).await;
        for choice in [kind, "Branch 1 (YGN-01)", "Kyat account (Upendo, MMK)"] {
            browser.choose(choice).await;
        }
        browser.fill("file", files.join(file).to_str().unwrap()).await;
        browser.press("Upload and check").await;
        // Whichever page comes after the upload and the checks: it has a way on.
        browser.find("main:not(:has([data-upload])) .actions, form[action$=corrections]").await;
        take(browser, &folder.join(format!("maker_batches_ID_{seen}"))).await;
    }
    browser.follow("form[action$=submission] button").await;
    browser.sees("Submitted for approval").await;
    take(browser, &folder.join("maker_batches_ID_submission")).await;
}

/// One page of each kind, found by following links from the first one.
async fn reachable(browser: &Browser, site: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut asked = BTreeSet::new();
    let mut next = VecDeque::from(["/".to_owned()]);
    while let Some(link) = next.pop_front() {
        if found.len() >= PAGES_MAX || !asked.insert(link.clone()) || found.contains_key(&kind(&link)) {
            continue;
        }
        browser.go(&format!("{site}{link}")).await;
        // Where a link led: it may redirect, and one to a file leads nowhere.
        let path = browser.path().await;
        if found.contains_key(&kind(&path)) {
            continue;
        }
        found.insert(kind(&path), path);
        for link in browser.client.find_all(Locator::Css("a[href^='/']:not([download])")).await.unwrap() {
            next.extend(link.attr("href").await.unwrap().map(|href| href.split('#').next().unwrap_or_default().to_owned()));
        }
    }
    found
}

/// A path without its ids and query: `/batches/ID/check`.
fn kind(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let is_id = |part: &str| part.len() >= 8 && part.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    path.split('/').map(|part| if is_id(part) { "ID" } else { part }).collect::<Vec<_>>().join("/")
}

async fn take(browser: &Browser, file: &Path) {
    for width in WIDTHS {
        for colours in ["light", "dark"] {
            let picture = browser.picture(width, colours).await;
            std::fs::write(format!("{}_{width}_{colours}.png", file.display()), picture).unwrap();
        }
    }
}
