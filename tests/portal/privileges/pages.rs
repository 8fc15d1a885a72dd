//! Add Permission and Copy Permission as an account manager clicks through them.

use outlay::audit::What;
use outlay::db::{self, Conn};
use outlay::privileges::{Action, Mode};

use super::desk::{change, chosen, matrix, may, user_id, waiting};
use crate::authorisation::places::one;
use crate::support::batches::branch;
use crate::support::cast::{AYE, HLA, HLAING, KYI, MANDALAY, THIRI, TUN};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

async fn events(portal: &Portal, what: What) -> i64 {
    let sql =
        format!("SELECT CAST(COUNT(*) AS TEXT) AS found FROM audit_events WHERE action = '{}' AND actor_kind = 'user'", what.as_str());
    one(portal, &sql).await.parse().unwrap()
}

/// To the check page of actions in an office.
async fn check(
    portal: &Portal,
    tab: &mut Tab,
    path: &str,
    office: crate::support::cast::Office,
    actions: &[Action],
    more: &[(&str, &str)],
) {
    let new = format!("{path}/new");
    let branch = branch(portal, office).await;
    tab.get(&new).await.assert_status(200);
    let mut fields = vec![("branch", branch.as_str()), ("step", "check")];
    fields.extend(actions.iter().map(|action| ("action", action.as_str())));
    fields.extend(more);
    tab.post_form(&new, &fields).await;
}

#[tokio::test]
async fn an_account_manager_sees_what_would_change_before_it_is_saved() {
    let (portal, _) = Portal::open().await;
    let path = matrix(&portal, &TUN).await;
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get(&path).await;
    page.assert_says("Can download, see payroll, see loan disbursements in Hlaing.");
    page.assert_says("Cannot make payments.").assert_says("Cannot approve.");
    assert_eq!(page.rows(".matrix table").len(), 1);
    check(&portal, &mut aye, &path, MANDALAY, &[Action::MakePayroll], &[("until", "2025-12-31")]).await;
    let page = aye.page();
    page.assert_status(200).assert_says("Make Payroll, until 31 Dec 2025").assert_says("MANDALAY").assert_says_not("Removed");
    page.assert_says("ticked along, as another action needs it");
    assert!(!may(&portal, &TUN, Action::MakePayroll, MANDALAY).await, "a look saves nothing");
    let page = aye.post_form(&path, &[]).await;
    page.assert_status(200).assert_path(&path).assert_says("The privileges of U Tun Aung are changed.");
    let rows = page.rows(".matrix table");
    assert!(rows[0][0].starts_with("MANDALAY - CHANAYETHAZAN") && rows[0][1].contains("Payroll until 31 Dec 2025"), "{rows:?}");
    let mut tun = portal.signed_in(&TUN).await;
    let page = tun.get("/me/privileges").await;
    page.assert_says("Can make payroll in Chanayethazan.").assert_says("Nobody changes their own privileges.");
    assert!(!page.has(".actions a"), "there is nothing to click for changing it");
    tun.get("/batches/new").await.assert_status(200);
}

#[tokio::test]
async fn what_waits_is_shown_as_waiting_until_the_other_one_confirms() {
    let (portal, _) = Portal::open().await;
    let path = matrix(&portal, &TUN).await;
    let mut aye = portal.signed_in(&AYE).await;
    check(&portal, &mut aye, &path, HLAING, &[Action::ApprovePayment], &[]).await;
    aye.page().assert_says("Waits to be confirmed").assert_says("It waits until U Kyi Win confirms it");
    aye.post_form(&path, &[]).await.assert_says("It waits until U Kyi Win confirms it.").assert_says("1 privilege waits to be confirmed.");
    assert_eq!(aye.page().texts(".matrix .tag"), ["Waits"]);
    let asked = waiting(&portal).await.remove(0);
    let mut kyi = portal.signed_in(&KYI).await;
    kyi.get(&format!("/confirmations/{asked}")).await.assert_says(TUN.full_name);
    kyi.post_form(&format!("/confirmations/{asked}/confirmation"), &[]).await.assert_status(200);
    let page = aye.get(&path).await;
    page.assert_says_not("waits to be confirmed").assert_says("Can approve in Hlaing.");
    portal.signed_in(&TUN).await.get("/tasks").await.assert_status(200);
}

#[tokio::test]
async fn one_who_could_make_and_approve_is_an_interruption_and_is_listed() {
    let (portal, _) = Portal::open().await;
    let path = matrix(&portal, &HLA).await;
    let mut aye = portal.signed_in(&AYE).await;
    check(&portal, &mut aye, &path, HLAING, &[Action::MakePayroll], &[]).await;
    aye.page().assert_says("One person could make and approve").assert_says("Daw Hla Hla could make and approve payments");
    let page = aye.post_form(&path, &[]).await;
    page.assert_status(422).assert_says("Say that one person may make and approve in YANGON - HLAING - Hlaing");
    assert!(page.text("title").starts_with("Error:") && page.has("#both_hands"));
    assert!(!may(&portal, &HLA, Action::MakePayroll, HLAING).await);
    aye.post_form(&path, &[("both_hands", "yes")]).await.assert_status(200).assert_path(&path);
    let page = aye.get("/segregation").await;
    page.assert_says("Confirmations are on");
    let rows = page.rows("table");
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0][0].as_str(), rows[0][3].as_str(), rows[0][4].as_str()), (HLA.full_name, AYE.full_name, "a test"), "{rows:?}");
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said_at_its_field_and_nothing_typed_is_lost() {
    let (portal, _) = Portal::open().await;
    let path = matrix(&portal, &TUN).await;
    let new = format!("{path}/new");
    let hlaing = branch(&portal, HLAING).await;
    let mandalay = branch(&portal, MANDALAY).await;
    let mut aye = portal.signed_in(&AYE).await;
    let view = ("action", "view_payroll");
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: [Case<'_>; 7] = [
        (&[view], "branch", "Choose at least one branch."),
        (&[("branch", hlaing.as_str())], "action", "Choose at least one action."),
        (&[("branch", "none-of-ours"), view], "branch", "One of the branches does not exist."),
        (&[("branch", mandalay.as_str()), ("action", "approve_payment")], "action", "Approve Payment would show nothing in MANDALAY"),
        (&[("branch", mandalay.as_str()), ("action", "make_payment")], "action", "With Make Payment alone nothing can be made"),
        (&[("branch", hlaing.as_str()), view, ("until", "2025-11-20")], "until", "The last day is over."),
        (&[("branch", hlaing.as_str()), view, ("until", "soon")], "until", "Write a date such as 20/10/2022"),
    ];
    for (fields, field, sentence) in cases {
        aye.get(&new).await;
        let fields: Vec<_> = fields.iter().copied().chain([("step", "check")]).collect();
        let page = aye.post_form(&new, &fields).await;
        page.assert_status(422).assert_says(sentence);
        assert!(page.has(&format!(".error-summary a[href='#{field}']")) && page.has(&format!("#{field}")), "{field}\n{page}");
        for (name, value) in fields.iter().filter(|(name, value)| *name != "step" && *value != "none-of-ours") {
            let kept = format!("input[name={name}][value='{value}']");
            assert!(page.has(&kept) && (*name == "until" || page.has(&format!("{kept}[checked]"))), "{kept} is lost");
        }
    }
    aye.get(&new).await;
    let page = aye.post_form(&new, &[("branch", hlaing.as_str()), view, ("step", "check")]).await;
    page.assert_status(422).assert_says("This changes nothing: it is so already.");
}

#[tokio::test]
async fn roles_filters_and_select_all_work_without_scripts() {
    let (portal, _) = Portal::open().await;
    let new = format!("{}/new", matrix(&portal, &TUN).await);
    let mut aye = portal.signed_in(&AYE).await;
    aye.get(&new).await;
    let page = aye.post_form(&new, &[("role", "checker"), ("step", "role")]).await;
    let ticked: Vec<String> = ["approve_payment", "reject_payment", "download_payment", "view_payroll", "view_loan_disbursement"]
        .iter()
        .map(|action| format!("input[value={action}][checked]"))
        .collect();
    assert!(ticked.iter().all(|css| page.has(css)) && page.texts("input[name=action][checked]").len() == ticked.len(), "{page}");
    // Return in the filter's field presses the first button of the form, which is the one that checks.
    let page = aye.post_form(&new, &[("filter", "mandalay"), ("step", "check")]).await;
    page.assert_status(200).assert_says("MANDALAY - CHANAYETHAZAN").assert_says_not("YANGON - HLAING");
    let page = aye.post_form(&new, &[("step", "all")]).await;
    assert_eq!(page.texts("input[name=branch][checked]").len(), 1);
    let page = aye.post_form(&new, &[("filter", ""), ("step", "filter")]).await;
    assert_eq!(page.texts("input[type=checkbox][name=branch]").len(), 2);
    assert_eq!(page.texts("input[name=branch][checked]").len(), 1, "what was chosen stays chosen");
    let page = aye.post_form(&new, &[("filter", "hlaing"), ("step", "filter")]).await;
    page.assert_says("1 more branch is chosen and not shown by this filter.");
    let page = aye.post_form(&new, &[("step", "check")]).await;
    page.assert_says("Check the privileges of U Tun Aung").assert_says("MANDALAY - CHANAYETHAZAN").assert_says_not("YANGON - HLAING");
    let page = aye.post_form(&new.replace("/new", ""), &[]).await;
    page.assert_status(200).assert_says("Can reject in Chanayethazan.").assert_says_not("Error");
}

#[tokio::test]
async fn a_second_click_saves_nothing_twice_and_a_change_meanwhile_is_shown() {
    let (portal, _) = Portal::open().await;
    let path = matrix(&portal, &TUN).await;
    let mut aye = portal.signed_in(&AYE).await;
    check(&portal, &mut aye, &path, MANDALAY, &[Action::ViewPayroll], &[]).await;
    let mut second = aye.second();
    aye.post_form(&path, &[]).await.assert_says("are changed");
    second.post_form(&path, &[]).await.assert_status(200).assert_path(&path).assert_says("are changed");
    assert_eq!(events(&portal, What::GrantGiven).await, 1);
    check(&portal, &mut aye, &path, MANDALAY, &[Action::ViewLoanDisbursement], &[]).await;
    let way = chosen(&portal, Mode::Take, MANDALAY, &[Action::ViewPayroll]).await;
    change(&portal, &KYI, &TUN, way).await.unwrap();
    let page = aye.post_form(&path, &[]).await;
    page.assert_status(409).assert_says("Somebody changed these privileges since you looked").assert_says("View Loan Disbursement");
    assert!(!may(&portal, &TUN, Action::ViewLoanDisbursement, MANDALAY).await);
    aye.post_form(&path, &[]).await.assert_status(200).assert_says("are changed");
    assert!(may(&portal, &TUN, Action::ViewLoanDisbursement, MANDALAY).await);
}

#[tokio::test]
async fn one_changes_neither_oneself_nor_somebody_who_is_not_there_and_others_change_nobody() {
    let (portal, _) = Portal::open().await;
    let own = matrix(&portal, &AYE).await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get(&format!("{own}/new")).await.assert_status(403).assert_says("Nobody changes their own privileges");
    aye.get(&format!("{own}/copy")).await.assert_status(403);
    assert!(!aye.get(&own).await.has(".actions a"));
    let tun = matrix(&portal, &TUN).await;
    check(&portal, &mut aye, &tun, MANDALAY, &[Action::ViewReports], &[]).await;
    // The check page's form of somebody else, sent to one's own address.
    let page = aye.page().clone();
    let fields: Vec<(String, String)> = ["form_token", "once", "seen", "mode", "branch", "action"]
        .iter()
        .map(|name| ((*name).to_owned(), page.attribute(&format!("form[action='{tun}'] input[name={name}]"), "value")))
        .collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(aye.try_post(&own, &fields).await.status, 403);
    for nobody in ["/users/nobody/privileges", "/users/nobody/privileges/new", "/users/nobody/privileges/copy"] {
        aye.get(nobody).await.assert_status(404);
    }
    let mut thiri = portal.signed_in(&THIRI).await;
    for path in [tun.clone(), format!("{tun}/new"), matrix(&portal, &THIRI).await, "/roles".to_owned(), "/segregation".to_owned()] {
        thiri.get(&path).await.assert_status(404);
    }
    thiri.get("/me/privileges").await.assert_status(200).assert_says("Can delete drafts, make payroll, make loan disbursements in Hlaing.");
}

#[tokio::test]
async fn copy_permission_leads_over_the_same_check_page() {
    let (portal, _) = Portal::open().await;
    let (path, from) = (matrix(&portal, &TUN).await, user_id(&portal, &THIRI).await);
    let copy = format!("{path}/copy");
    let mut aye = portal.signed_in(&AYE).await;
    aye.get(&copy).await.assert_says("Ma Thiri (thiri)");
    aye.post_form(&copy, &[("from", ""), ("step", "check")]).await.assert_status(422).assert_says("Choose whom to copy from.");
    let page = aye.post_form(&copy, &[("from", from.as_str()), ("mode", "give"), ("step", "check")]).await;
    page.assert_status(200).assert_says("Copied from Ma Thiri.").assert_says("Make Payroll").assert_says_not("Download Payment");
    aye.post_form(&path, &[]).await.assert_path(&path).assert_says("are changed");
    assert!(may(&portal, &TUN, Action::MakeLoanDisbursement, HLAING).await);
    let from = user_id(&portal, &KYI).await;
    aye.get(&copy).await;
    let page = aye.post_form(&copy, &[("from", from.as_str()), ("mode", "exactly"), ("step", "check")]).await;
    page.assert_says("Removed").assert_says_not("Added");
    aye.post_form(&path, &[]).await.assert_says("No privileges yet");
}

#[tokio::test]
async fn an_institution_saves_its_own_roles() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get("/roles").await;
    assert_eq!(page.rows("table").len(), 4);
    let page = aye.post_form("/roles", &[("name", " checker "), ("action", "view_payroll")]).await;
    page.assert_status(422).assert_says("There is a role with this name already.");
    assert_eq!(page.attribute("#name", "value"), "checker");
    let page = aye.post_form("/roles", &[("name", "Rejecter"), ("action", "reject_payment")]).await;
    page.assert_status(422).assert_says("Reject Payment would show nothing");
    let page = aye.post_form("/roles", &[("name", "Teller"), ("action", "make_payroll")]).await;
    page.assert_status(200).assert_says("The role Teller is saved.");
    assert!(page.rows("table")[4][1].contains("Make Payment") && page.rows("table")[4][1].contains("View Payroll"), "with what it needs");
    let deletion = page.attribute("form[action*=deletion]", "action");
    let new = format!("{}/new", matrix(&portal, &TUN).await);
    let role = deletion.split('/').nth(2).unwrap().to_owned();
    aye.get(&new).await;
    let page = aye.post_form(&new, &[("role", role.as_str()), ("step", "role")]).await;
    assert_eq!(page.texts("input[name=action][checked]").len(), 3);
    aye.get("/roles").await;
    aye.post_form(&deletion, &[]).await.assert_says("The role Teller is deleted.");
    assert_eq!(aye.page().rows("table").len(), 4);
    assert_eq!((events(&portal, What::RoleSaved).await, events(&portal, What::RoleDeleted).await), (1, 1));
}

#[tokio::test]
async fn what_changed_is_told_by_mail_to_the_person() {
    let (portal, _) = Portal::open().await;
    let set = "UPDATE users SET email = 'tun@example.org' WHERE user_name = 'tun'";
    portal
        .institution
        .db
        .write(move |tx| {
            let conn: &mut Conn = tx;
            Ok::<_, db::Error>(diesel::RunQueryDsl::execute(diesel::sql_query(set), conn).map(drop)?)
        })
        .await
        .unwrap();
    let way = chosen(&portal, Mode::Give, MANDALAY, &[Action::ViewPayroll]).await;
    change(&portal, &AYE, &TUN, way).await.unwrap();
    let letter = one(&portal, "SELECT letter AS found FROM outbox WHERE address = 'tun@example.org'").await;
    assert!(letter.contains("changed what you may do") && letter.contains(AYE.full_name), "{letter}");
}
