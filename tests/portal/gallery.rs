//! Every part of the design system, rendered with sample content and looked at as a browser and a screen reader would.
//!
//! `OUTLAY_GALLERY=some/folder cargo test --test portal gallery` also writes the pages there, to be looked at by people.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use actix_web::body::MessageBody as _;
use actix_web::http::StatusCode;
use askama::Template;
use outlay::batches::{PaymentType, State};
use outlay::clock::Instant;
use outlay::dispatch::TransferState;
use outlay::money::{Currency, Minor};
use outlay::say;
use outlay::web::page::{
    self, Applied, Choice, ErrorPage, Flash, FlashKind, InstitutionInFrame, MenuGroup, MenuItem, Mode, Page, Pager, PersonInFrame, Problem,
    Tallies, Tally, WayOn,
};
use outlay::web::{assets, filters};
use outlay::words::{Language, Said};
use scraper::{Html, Selector};

/// 20 Oct 2022, 11:23 in Yangon.
const NOW: Instant = Instant::from_micros(1_666_241_585_000_000);

fn minutes(count: u64) -> std::time::Duration {
    std::time::Duration::from_secs(60 * count)
}

pub fn frame(language: Language) -> Page {
    Page {
        language,
        zone: jiff::tz::TimeZone::get("Asia/Yangon").unwrap(),
        now: NOW,
        nonce: "bm9uY2U".to_owned(),
        form_token: "token".to_owned(),
        institution: InstitutionInFrame { name: "Shwe Yoe Microfinance".to_owned(), mode: Mode::Training, logo: None },
        person: Some(PersonInFrame { name: "Daw Hnin Wai".to_owned(), branch: "YANGON - INSEIN - Branch 1".to_owned() }),
        menu: vec![
            MenuGroup {
                label: "Transfer",
                items: vec![
                    MenuItem { label: "Bulk Payment", path: "/batches/new", count: None, current: false },
                    MenuItem { label: "Task", path: "/tasks", count: Some(10), current: true },
                    MenuItem { label: "Batch Action History", path: "/history", count: None, current: false },
                ],
            },
            MenuGroup {
                label: "Search",
                items: vec![
                    MenuItem { label: "Batch", path: "/search/batches", count: None, current: false },
                    MenuItem { label: "Transaction", path: "/search/transactions", count: None, current: false },
                ],
            },
        ],
        alarms: Vec::new(),
        cut_off: None,
        flash: None,
        problems: Vec::new(),
    }
}

#[derive(Template)]
#[template(path = "sign_in.html", config = "tests/portal/gallery/askama.toml")]
pub struct SignIn {
    pub page: Page,
    user_name: String,
}

pub fn sign_in(language: Language) -> SignIn {
    let problems = vec![Problem::new("user_name", say!("The user name or the password is not right"))];
    SignIn { page: Page { person: None, menu: Vec::new(), problems, ..frame(language) }, user_name: "hnin.wai".to_owned() }
}

struct Task {
    reference: String,
    name: &'static str,
    by: &'static str,
    branch: &'static str,
    payment_type: PaymentType,
    total: i64,
    sum: Minor,
    currency: Currency,
    warnings: i64,
    submitted: Instant,
}

#[derive(Template)]
#[template(path = "tasks.html", config = "tests/portal/gallery/askama.toml")]
struct Tasks {
    page: Page,
    rows: Vec<Task>,
    applied: Vec<Applied>,
    pager: Pager,
}

fn kyat() -> Currency {
    Currency::find("MMK").unwrap()
}

fn tasks() -> Tasks {
    let names = [
        ("payroll-oct-insein", "Daw Hnin Wai", "Insein"),
        ("loans-week-42", "U Zaw Htet", "Hlaing Thar Yar"),
        ("payroll-oct-head-office-and-field-officers", "Daw Khin Khin Oo", "Head office"),
        ("loan-disbursement-20-10", "Daw Hnin Wai", "Insein"),
        ("နေ့စား လုပ်ခ အောက်တိုဘာ", "ဒေါ်ခင်မာ", "အင်းစိန်"),
    ];
    let rows = (0..10_u64)
        .map(|index| {
            let (name, by, branch) = names[usize::try_from(index).unwrap() % names.len()];
            let rows = i64::try_from(index * index * 37 + 8).unwrap();
            Task {
                reference: format!("{:08x}", 0xd03b_dc40_u64 + index * 7_654_321),
                name,
                by,
                branch,
                payment_type: if index % 2 == 0 { PaymentType::Payroll } else { PaymentType::LoanDisbursement },
                total: rows,
                sum: Minor::new(rows * 15_000_000),
                currency: kyat(),
                warnings: i64::try_from(index % 3).unwrap(),
                submitted: NOW.before(minutes(4_000 / (index * 6 + 1))),
            }
        })
        .collect();
    let applied = vec![Applied { label: "Branch", value: "Insein".to_owned().into(), without: "/tasks".to_owned() }];
    let pager = Pager { first: 1, last: 10, total: 62, next: Some("/tasks?page=2".to_owned()), ..Pager::default() };
    let flash = Some(Flash { kind: FlashKind::Done, text: "Batch d03b dc40 is approved: 214 payments, 31,240,000 MMK.".to_owned() });
    Tasks { page: Page { flash, ..frame(Language::english()) }, rows, applied, pager }
}

struct Row {
    line: i64,
    payee: &'static str,
    account: &'static str,
    amount: Minor,
    state: TransferState,
    said: Said,
}

#[derive(Template)]
#[template(path = "batch.html", config = "tests/portal/gallery/askama.toml")]
struct Batch {
    page: Page,
    name: String,
    state: State,
    reference: String,
    since: Instant,
    tallies: Tallies,
    by_fsp: Vec<(&'static str, i64, Minor, i64, i64)>,
    currency: Currency,
    rows: Vec<Row>,
    pager: Pager,
}

fn batch() -> Batch {
    let tally = |name, count: i64| Tally {
        name,
        count,
        sum: Some((Minor::new(count * 14_600_000), kyat())),
        path: Some(format!("?outcome={name}")),
    };
    let tallies = Tallies {
        total: 214,
        sum: Some((Minor::new(214 * 14_600_000), kyat())),
        tallies: vec![
            tally("waiting", 31),
            tally("paying", 12),
            tally("succeeded", 160),
            tally("failed", 7),
            tally("in_doubt", 3),
            tally("needs_attention", 1),
            tally("cancelled", 0),
            tally("excluded", 0),
        ],
    };
    let row = |line, payee, state, said| Row { line, payee, account: "KBZPay 09 771 234 567", amount: Minor::new(15_000_000), state, said };
    Batch {
        page: frame(Language::english()),
        name: "payroll-oct-insein".to_owned(),
        state: State::Processing,
        reference: "d03bdc40".to_owned(),
        since: NOW.before(minutes(12)),
        tallies,
        by_fsp: vec![("KBZPay", 150, Minor::new(2_190_000_000), 120, 5), ("Wave Money", 64, Minor::new(934_400_000), 40, 2)],
        currency: kyat(),
        rows: vec![
            row(7, "Daw Mya", TransferState::Failed, say!("Not paid: the number has no wallet (3204)")),
            row(21, "U Ba", TransferState::InDoubt, say!("The network has not answered yet; it is asked again")),
            row(22, "Ma Hla", TransferState::Succeeded, say!("Accepted by {fsp} at {time}", fsp = "KBZPay", time = "14:03")),
            row(23, "မောင်မောင်", TransferState::Sending, say!("Being paid")),
        ],
        pager: Pager { first: 6, last: 10, total: 62, previous: Some("?page=1".to_owned()), next: Some("?page=3".to_owned()), more: false },
    }
}

#[derive(Template)]
#[template(path = "upload.html", config = "tests/portal/gallery/askama.toml")]
struct Upload {
    page: Page,
    branches: Vec<Choice>,
    types: Vec<Choice>,
    channels: Vec<Choice>,
    fsps: Vec<Choice>,
}

fn upload() -> Upload {
    let problems = vec![
        Problem::new("payment_type", say!("Choose a payment type")),
        Problem::new("file", say!("Choose the file again")),
        Problem::new("", say!("The form was open for too long")),
    ];
    Upload {
        page: Page { problems, ..frame(Language::english()) },
        branches: ["Insein", "Hlaing Thar Yar", "Bago", "Pyay", "Dawei", "Mawlamyine"]
            .iter()
            .enumerate()
            .map(|(index, name)| Choice::new(index.to_string(), (*name).to_owned()))
            .collect(),
        types: PaymentType::PAYABLE.iter().map(|kind| Choice::new(kind.as_str(), Said::new(kind.label()))).collect(),
        channels: vec![Choice::new("mojaloop", "Mojaloop".to_owned())],
        fsps: vec![
            Choice::new("", say!("As in the file")).hinted(say!("Each row may name its own, or leave it to the network.")),
            Choice::new("kbzpay", "KBZPay".to_owned()),
            Choice::new("wave", "Wave Money".to_owned()),
        ],
    }
}

#[derive(Template)]
#[template(path = "submitted.html", config = "tests/portal/gallery/askama.toml")]
struct Submitted {
    page: Page,
    reference: String,
}

#[derive(Template)]
#[template(path = "findings.html", config = "tests/portal/gallery/askama.toml")]
struct Findings {
    page: Page,
}

#[derive(Template)]
#[template(path = "empty.html", config = "tests/portal/gallery/askama.toml")]
pub struct Empty {
    pub page: Page,
    pager: Pager,
}

pub fn empty(language: Language) -> Empty {
    Empty { page: frame(language), pager: Pager::default() }
}

/// What the browser gets.
pub fn rendered(page: &Page, template: &impl Template) -> String {
    let response = page::html(StatusCode::OK, page, template);
    assert_eq!(response.status(), StatusCode::OK, "the template renders");
    String::from_utf8(response.into_body().try_into_bytes().unwrap().to_vec()).unwrap()
}

pub fn pages() -> Vec<(&'static str, String)> {
    let english = Language::english;
    let (sign_in, tasks, batch, upload) = (sign_in(english()), tasks(), batch(), upload());
    let submitted = Submitted { page: frame(english()), reference: "d03bdc40".to_owned() };
    let findings = Findings { page: frame(english()) };
    let empty = empty(english());
    let error = ErrorPage {
        page: frame(english()),
        title: say!("Page not found"),
        message: vec![say!("It may also be that you have no right to see it. Your account managers can tell you.")],
        ways: vec![WayOn { label: say!("Go to the first page"), path: "/".to_owned() }],
        kept: vec![page::Kept { label: say!("Reason"), value: "The sum is not the one we agreed on".to_owned() }],
    };
    vec![
        ("sign-in", rendered(&sign_in.page, &sign_in)),
        ("tasks", rendered(&tasks.page, &tasks)),
        ("batch", rendered(&batch.page, &batch)),
        ("upload", rendered(&upload.page, &upload)),
        ("submitted", rendered(&submitted.page, &submitted)),
        ("findings", rendered(&findings.page, &findings)),
        ("empty", rendered(&empty.page, &empty)),
        ("error", rendered(&error.page, &error)),
    ]
}

/// Links as files, so that a browser can show the folder; a copy of the sheet with the dark scheme always on stands beside.
fn write_to(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let sheet = assets::style_sheet();
    fs::write(folder.join("light.css"), &sheet).unwrap();
    fs::write(folder.join("dark.css"), sheet.replace("screen and (prefers-color-scheme: dark)", "screen")).unwrap();
    fs::write(folder.join("icon.svg"), fs::read("static/img/icon.svg").unwrap()).unwrap();
    for (name, html) in pages() {
        for scheme in ["light", "dark"] {
            let html = html.replace(assets::css_path(), &format!("{scheme}.css"));
            fs::write(folder.join(format!("{name}-{scheme}.html")), html).unwrap();
        }
    }
}

fn selected<'a>(html: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

#[test]
fn every_part_renders_as_a_browser_and_a_screen_reader_need_it() {
    if let Some(folder) = std::env::var_os("OUTLAY_GALLERY") {
        write_to(Path::new(&folder));
    }
    for (name, text) in pages() {
        let html = Html::parse_document(&text);
        assert_eq!(selected(&html, "h1").len(), 1, "{name}: one h1");
        assert_eq!(selected(&html, "main").len(), 1, "{name}: one main");
        assert!(selected(&html, "[style], [onclick], [onsubmit], style, script:not([nonce])").is_empty(), "{name}: the CSP forbids it");
        let ids: Vec<_> = selected(&html, "[id]").iter().map(|element| element.value().attr("id").unwrap().to_owned()).collect();
        let unique: HashSet<_> = ids.iter().cloned().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: ids are unique: {ids:?}");
        for pointer in ["for", "aria-describedby", "aria-labelledby", "aria-controls"] {
            for element in selected(&html, &format!("[{pointer}]")) {
                for id in element.value().attr(pointer).unwrap().split_ascii_whitespace() {
                    assert!(unique.contains(id), "{name}: {pointer} names {id}, which is not there");
                }
            }
        }
        for link in selected(&html, "a[href^='#']") {
            let id = link.value().attr("href").unwrap().trim_start_matches('#').to_owned();
            assert!(unique.contains(&id), "{name}: a link to #{id}, which is not there");
        }
        for cell in selected(&html, "tbody td") {
            assert!(cell.value().attr("data-label").is_some_and(|label| !label.is_empty()), "{name}: a cell without its label");
        }
    }
}

#[test]
fn a_problem_stands_in_the_title_on_top_and_at_its_field_in_the_same_words() {
    let upload = upload();
    let html = Html::parse_document(&rendered(&upload.page, &upload));
    let text = |selector: &str| selected(&html, selector)[0].text().collect::<String>();
    assert!(text("title").starts_with("Error: Bulk Payment"));
    assert_eq!(text(".error-summary a[href='#file']"), "Choose the file again");
    assert_eq!(text("#file-error").trim(), "Error: Choose the file again");
    assert_eq!(selected(&html, "#file")[0].value().attr("aria-describedby"), Some("file-hint file-error"));
}

#[derive(Template)]
#[template(
    source = "{{ at|time }}|{{ at|date }}|{{ at|clock }}|{{ at|ago }}|{{ at|waited }}|{{ sum|money(currency) }}|{{ sum|amount(currency) }}|\
              {{ 1234567|number }}|{{ 1|plural(\"1 day\", \"{count} days\") }}|{{ 2000|plural(\"1 day\", \"{count} days\") }}|\
              {{ \"Line {line} of {file}\"|t|with(\"line\", 7)|with(\"file\", \"<{line}>.csv\") }}",
    ext = "html"
)]
struct Printed {
    at: Instant,
    sum: Minor,
    currency: Currency,
}

#[test]
fn times_are_the_institutions_and_numbers_are_grouped() {
    let printed = Printed { at: NOW.before(minutes(61)), sum: Minor::new(124_000_050), currency: kyat() };
    assert_eq!(
        rendered(&frame(Language::english()), &printed),
        "20 Oct 2022, 10:22|20 Oct 2022|10:22:05|1 h ago|1 h|1,240,000.50 MMK|1,240,000.50|1,234,567|1 day|2,000 days|\
         Line 7 of &#60;{line}&#62;.csv"
    );
}

#[test]
fn a_fragment_is_sent_again_only_when_it_changed_and_says_when_it_will_not() {
    let (page, empty) = (frame(Language::english()), empty(Language::english()));
    let header =
        |response: &actix_web::HttpResponse, name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let asking = |tag: Option<&str>| {
        let request = actix_web::test::TestRequest::get();
        if let Some(tag) = tag { request.insert_header(("if-none-match", tag)) } else { request }.to_http_request()
    };
    let first = page::fragment(&asking(None), &page, &empty, true);
    let tag = header(&first, "etag").unwrap();
    assert_eq!((first.status(), header(&first, "outlay-poll")), (StatusCode::OK, None));
    assert_eq!(page::fragment(&asking(Some(&tag)), &page, &empty, true).status(), StatusCode::NOT_MODIFIED);
    assert_eq!(page::fragment(&asking(Some("W/\"other\"")), &page, &empty, true).status(), StatusCode::OK);

    let last = page::fragment(&asking(Some(&tag)), &page, &empty, false);
    assert_eq!((last.status(), header(&last, "outlay-poll").as_deref()), (StatusCode::OK, Some("stop")));
}
