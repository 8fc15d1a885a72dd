//! From an invitation on paper to the last day: the people of an institution and its two account managers, each in a browser.

use fantoccini::Locator;
use outlay::audit::By;
use totp_rs::{Builder, Secret, Totp};

use crate::support::batches::{File, WAGES, branch, drafted, submitted};
use crate::support::browser::{Browser, Scripts};
use crate::support::cast::{AYE, HLA, HLAING, KYI, Office, PASSWORD, Person, THIRI, TUN, add_person};
use crate::support::links::user;
use crate::support::portal::Portal;

const STEP_SECONDS: u64 = 30;

/// A phone with an app that scanned one QR code. It waits for no clock: a code counts once, so the next one is typed a step early.
struct Phone {
    totp: Totp,
    last_step: u64,
}

impl Phone {
    /// Points its camera at the picture on the screen.
    async fn scans(browser: &Browser) -> Self {
        browser.find("svg.qr").await;
        let shot = browser.picture(1280, "light").await;
        let url = reqwest::Url::parse(&read_qr_code(&shot)).unwrap();
        assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));
        let secret = url.query_pairs().find(|(name, _)| name == "secret").unwrap().1.into_owned();
        let totp = Builder::new().with_secret(Secret::try_from_base32(&secret).unwrap()).build().unwrap();
        Self { totp, last_step: 0 }
    }

    fn code(&mut self) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        self.last_step = (now / STEP_SECONDS).max(self.last_step + 1);
        self.totp.generate(self.last_step * STEP_SECONDS).to_string()
    }
}

/// The words in the one QR code of a PNG.
fn read_qr_code(png: &[u8]) -> String {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (usize::try_from(frame.width).unwrap(), usize::try_from(frame.height).unwrap());
    let samples = frame.color_type.samples();
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * frame.line_size + x * samples]);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code is on the picture");
    grids[0].decode().unwrap().1
}

/// Types a name and a password at the sign-in page.
async fn password(browser: &Browser, portal: &Portal, user_name: &str, password: &str) {
    browser.go(&portal.url("/sign-in")).await;
    browser.fill("user_name", user_name).await;
    browser.fill("password", password).await;
    browser.press("Sign in").await;
}

/// Scans the QR code, types what the app shows and goes on from the recovery codes.
async fn set_up_phone(browser: &Browser) -> Phone {
    browser.sees("Set up your authenticator app").await;
    let mut phone = Phone::scans(browser).await;
    browser.fill("code", &phone.code()).await;
    browser.press("Confirm").await;
    browser.sees("Your recovery codes").await;
    let codes = browser.client.find_all(Locator::Css(".codes code")).await.unwrap();
    assert_eq!(codes.len(), 10);
    browser.press("I have kept them, continue").await;
    browser.sees("Home").await;
    phone
}

/// Whoever signs in from now on needs an app. The account managers who are signed in already stay so.
async fn everybody_needs_an_app(aye: &Browser, portal: &Portal) {
    aye.go(&portal.url("/settings/security")).await;
    aye.choose("Everybody").await;
    aye.press("Save").await;
    aye.sees("Saved.").await;
}

/// Chooses a branch on the page Add Permission.
async fn tick_branch(browser: &Browser, portal: &Portal, office: Office) {
    let id = branch(portal, office).await;
    browser.tick(&format!("[name=branch][value='{id}'] + label")).await;
}

async fn path_of(portal: &Portal, person: &Person, more: &str) -> String {
    portal.url(&format!("/users/{}{more}", user(portal, person).await.id))
}

#[tokio::test]
async fn one_is_invited_granted_and_sees_what_was_granted_with_scripts() {
    the_first_day(Scripts::On).await;
}

#[tokio::test]
async fn one_is_invited_granted_and_sees_what_was_granted_without_scripts() {
    the_first_day(Scripts::Off).await;
}

async fn the_first_day(scripts: Scripts) {
    const OWN: &str = "Thanaka-tree-7";
    let portal = Portal::open_now().await;
    let (aye, kyi, phyu) = (Browser::open(scripts).await, Browser::open(scripts).await, Browser::open(scripts).await);
    aye.sign_in(&portal, &AYE).await;
    kyi.sign_in(&portal, &KYI).await;
    everybody_needs_an_app(&aye, &portal).await;
    aye.go(&portal.url("/users/new")).await;
    aye.fill("full_name", "Ma Phyu Phyu").await;
    aye.fill("user_name", "phyu").await;
    let home = format!("[name=branch] option[value='{}']", branch(&portal, HLAING).await);
    aye.tick(&home).await;
    aye.press("Save and grant rights").await;
    aye.sees("Ma Phyu Phyu is added with the user name phyu").await;
    let privileges = portal.url(&aye.path().await);
    aye.go(privileges.trim_end_matches("/privileges")).await;
    aye.press("Invite").await;
    aye.sees("so a code is printed").await;
    aye.press("Invite").await;
    aye.sees("Print this now").await;
    let code = aye.find(".slip-code").await.text().await.unwrap();

    phyu.go(&portal.url("/sign-in")).await;
    phyu.press("I have a code on paper").await;
    phyu.fill("user_name", "phyu").await;
    phyu.fill("code", &code).await;
    phyu.fill("new_password", OWN).await;
    phyu.press("Set the password").await;
    let mut phone = set_up_phone(&phyu).await;
    phyu.sees("You hold no privilege yet").await;
    phyu.press("Sign out").await;
    phyu.sees("You are signed out.").await;

    aye.go(&privileges).await;
    aye.press("Add Permission").await;
    aye.choose("Checker").await;
    aye.press("Tick this role").await;
    tick_branch(&aye, &portal, HLAING).await;
    aye.press("Check").await;
    aye.sees("It waits until U Kyi Win confirms it").await;
    aye.press("Save these privileges").await;
    aye.sees("waits to be confirmed").await;
    kyi.go(&portal.url("/confirmations")).await;
    kyi.follow_in_row("Ma Phyu Phyu").await;
    kyi.sees("Approve Payment").await;
    kyi.press("Confirm").await;
    kyi.sees("Confirmed.").await;

    password(&phyu, &portal, "phyu", OWN).await;
    phyu.sees("Code from your app").await;
    phyu.fill("code", &phone.code()).await;
    phyu.press("Sign in").await;
    phyu.sees("Ma Phyu Phyu").await;
    let menu = phyu.find(".sidebar").await.text().await.unwrap();
    assert!(menu.contains("Task") && !menu.contains("Bulk Payment") && !menu.contains("Users"), "{menu}");
    phyu.follow(".sidebar a[href='/tasks']").await;
    phyu.sees("Nothing waits for you").await;
    for closed in ["/users", "/batches/new"] {
        phyu.go(&portal.url(closed)).await;
        phyu.sees("not found").await;
    }
}

#[tokio::test]
async fn the_permissions_of_one_are_copied_to_another() {
    let portal = Portal::open_now().await;
    let (aye, tun) = (Browser::open(Scripts::On).await, Browser::open(Scripts::On).await);
    tun.sign_in(&portal, &TUN).await;
    assert!(!tun.find(".sidebar").await.text().await.unwrap().contains("Bulk Payment"));
    aye.sign_in(&portal, &AYE).await;
    aye.go(&path_of(&portal, &TUN, "/privileges").await).await;
    aye.press("Copy Permission").await;
    let from = format!("[name=from] option[value='{}']", user(&portal, &THIRI).await.id);
    aye.tick(&from).await;
    aye.press("Check").await;
    aye.sees("Copied from Ma Thiri. Nothing is saved yet.").await;
    aye.sees("Make Payroll").await;
    tun.go(&portal.url("/")).await;
    assert!(!tun.find(".sidebar").await.text().await.unwrap().contains("Bulk Payment"), "a look saves nothing");
    aye.press("Save these privileges").await;
    aye.sees("The privileges of U Tun Aung are changed.").await;
    tun.go(&portal.url("/")).await;
    tun.follow(".sidebar a[href='/batches/new']").await;
    tun.sees("Upload and check").await;
}

#[tokio::test]
async fn a_lost_phone_is_replaced_by_a_new_qr_code() {
    let portal = Portal::open_now().await;
    let (aye, kyi, hla) = (Browser::open(Scripts::On).await, Browser::open(Scripts::On).await, Browser::open(Scripts::On).await);
    aye.sign_in(&portal, &AYE).await;
    kyi.sign_in(&portal, &KYI).await;
    everybody_needs_an_app(&aye, &portal).await;
    password(&hla, &portal, HLA.user_name, PASSWORD).await;
    let mut lost = set_up_phone(&hla).await;
    hla.press("Sign out").await;

    password(&hla, &portal, HLA.user_name, PASSWORD).await;
    hla.press("I lost my phone").await;
    hla.fill("reason", "It fell into the Hlaing river").await;
    hla.press("Ask for a new QR code").await;
    hla.sees("Your request waits for an account manager").await;

    aye.go(&portal.url("/qr-code-requests")).await;
    aye.press(HLA.full_name).await;
    aye.sees("It fell into the Hlaing river").await;
    aye.choose("Allow a new QR code").await;
    aye.choose("I spoke to Daw Hla Hla and it is them").await;
    aye.press("Confirm decision").await;
    aye.sees("as soon as another account manager confirms it").await;
    kyi.go(&portal.url("/confirmations")).await;
    kyi.follow_in_row("Daw Hla Hla").await;
    kyi.press("Confirm").await;
    kyi.sees("New QR code allowed").await;
    let one_time = kyi.find(".panel-reference code").await.text().await.unwrap();

    password(&hla, &portal, HLA.user_name, PASSWORD).await;
    hla.sees("One-time code").await;
    hla.fill("one_time_code", &one_time).await;
    let mut new = set_up_phone(&hla).await;
    hla.sees(HLA.full_name).await;
    hla.press("Sign out").await;
    password(&hla, &portal, HLA.user_name, PASSWORD).await;
    hla.fill("code", &lost.code()).await;
    hla.press("Sign in").await;
    hla.comes_to("Code from your app").await;
    assert_eq!(hla.path().await, "/sign-in/code", "the lost phone opens nothing");
    hla.fill("code", &new.code()).await;
    hla.press("Sign in").await;
    hla.sees(HLA.full_name).await;
}

/// Another maker in Hlaing, who can take a draft over.
const NAN: Person = Person { user_name: "nan", full_name: "Nan Su", ..THIRI };

/// The network pays it and never says so.
const ADVANCE: File<'_> = File {
    name: "advance.csv",
    payment_type: outlay::batches::PaymentType::Payroll,
    lines: &["A-1,Daw Mya,MSISDN,09770011001,,50000,MMK,,", "A-2,U Ba,MSISDN,09770019013,,60000,MMK,,"],
};
const BONUS: File<'_> = File {
    name: "bonus.csv",
    payment_type: outlay::batches::PaymentType::Payroll,
    lines: &["B-1,Daw Mya,MSISDN,09770011001,,20000,MMK,,", "B-2,U Ba,MSISDN,09770011002,,30000,MMK,,"],
};

async fn approve(checker: &Browser, portal: &Portal, name: &str, button: &str) {
    checker.go(&portal.url("/tasks")).await;
    checker.press(name).await;
    checker.choose("Approve").await;
    checker.press("Confirm decision").await;
    checker.press(button).await;
    checker.sees("Outlay pays each payment once").await;
}

#[tokio::test]
async fn one_leaves_while_their_batch_is_paid() {
    let (portal, network) = Portal::paying().await;
    let hlaing = branch(&portal, HLAING).await;
    let nan = portal.institution.db.write(move |tx| add_person(tx, &By::operator("a test"), &NAN, &hlaing));
    nan.await.unwrap();
    drafted(&portal, &THIRI, &WAGES).await;
    let running = submitted(&portal, &THIRI, &ADVANCE).await;
    let waiting = submitted(&portal, &THIRI, &BONUS).await;
    let (thiri, hla, aye) = (Browser::open(Scripts::On).await, Browser::open(Scripts::On).await, Browser::open(Scripts::On).await);
    thiri.sign_in(&portal, &THIRI).await;
    hla.sign_in(&portal, &HLA).await;
    approve(&hla, &portal, "advance", "Approve 2 payments, 110,000 MMK").await;
    thiri.go(&portal.url(&format!("/batches/{running}"))).await;
    thiri.sees("advance").await;

    aye.sign_in(&portal, &AYE).await;
    aye.go(&path_of(&portal, &THIRI, "/deactivation").await).await;
    for words in ["1 draft of theirs", "These go on without them", "advance", "bonus", "Waiting for approval"] {
        aye.sees(words).await;
    }
    aye.choose("Hand over to Nan Su").await;
    aye.fill("reason", "She moved to Bago").await;
    aye.press("Deactivate Ma Thiri").await;
    aye.sees("Ma Thiri is not active any more").await;
    aye.sees("She moved to Bago").await;

    thiri.client.refresh().await.unwrap();
    thiri.sees("I forgot my password").await;
    assert!(thiri.path().await.starts_with("/sign-in"));
    approve(&hla, &portal, "bonus", "Approve 2 payments, 50,000 MMK").await;
    hla.go(&portal.url(&format!("/batches/{waiting}"))).await;
    hla.comes_to("Processed").await;
    hla.sees(THIRI.full_name).await;
    let paid = |payee: &str| network.ledger().iter().filter(|row| row.state.is_paid() && row.payee.contains(payee)).count();
    assert_eq!([paid("9770011001"), paid("9770011002"), paid("9770019013")], [2, 1, 1], "each once for each batch");
    hla.go(&portal.url(&format!("/batches/{running}"))).await;
    hla.sees(THIRI.full_name).await;

    let heir = Browser::open(Scripts::On).await;
    heir.sign_in(&portal, &NAN).await;
    heir.sees("payroll-oct is not submitted yet").await;
}
