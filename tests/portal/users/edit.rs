//! Adding a person, and editing one.

use diesel::prelude::*;
use futures_util::future::join_all;
use outlay::audit::What;
use outlay::confirmations;
use outlay::db::Conn;
use outlay::db::schema::{outbox, user_periods, users};
use outlay::privileges::Action;

use super::desk::{confirm_all, events, fill_in, grant, id_of, kept, option, path_of, retire};
use crate::support::cast::{AYE, HLA, HLAING, KYI, MANDALAY, SU, THIRI, TUN, ZAW};
use crate::support::portal::Portal;

#[tokio::test]
async fn an_account_manager_adds_a_person_who_has_no_password_yet() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let page = fill_in(&mut aye, HLAING, &[("full_name", "Daw  Nu Nu"), ("phone", "09 770 000 123"), ("last_name", "Nu")]).await;
    page.assert_status(200).assert_says("Daw Nu Nu is added with the user name nu.nu.");
    let nu = kept(&portal, "nu.nu").await;
    assert_eq!((nu.details.phone(), nu.details.last_name(), nu.details.first_name()), (Some("959770000123"), Some("Nu"), None));
    assert!(nu.user.is_active && !nu.has_password);
    assert_eq!(events(&portal, &nu.user.id).await, [What::UserAdded]);
    let mut stranger = portal.stranger();
    stranger.get("/sign-in").await;
    stranger.post_form("/sign-in", &[("user_name", "nu.nu"), ("password", "")]).await.assert_status(422);
}

#[tokio::test]
async fn a_form_with_mistakes_comes_back_with_all_of_them_and_loses_nothing() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/users/new").await;
    let fields = [("user_name", "two words"), ("phone", "12"), ("email", "at home"), ("job_title", "Cashier")];
    let page = aye.post_form("/users", &fields).await;
    page.assert_status(422);
    assert!(page.text("title").starts_with("Error:"));
    let links = page.texts(".error-summary li");
    assert_eq!(links.len(), 5, "{links:?}");
    for field in ["full_name", "user_name", "phone", "email", "branch"] {
        assert!(page.has(&format!(".error-summary a[href='#{field}']")) && page.has(&format!("#{field}-error")), "{field}");
    }
    assert_eq!(page.attribute("#job_title", "value"), "Cashier");
    assert_eq!(page.attribute("#email", "value"), "at home");
}

#[tokio::test]
async fn a_user_name_or_phone_that_somebody_has_leads_to_them() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    fill_in(&mut aye, HLAING, &[("full_name", "Ma Nu"), ("phone", "09770000123")]).await.assert_status(200);
    retire(&portal, &ZAW).await;
    let page = fill_in(&mut aye, HLAING, &[("full_name", "Ko Zaw"), ("user_name", "ZAW")]).await;
    page.assert_status(422).assert_says("Ko Zaw Win has the user name zaw already");
    let of_zaw = path_of(&portal, &ZAW, "").await;
    assert!(page.has(&format!("a[href='{of_zaw}']")), "one who left keeps their user name");
    let page = fill_in(&mut aye, HLAING, &[("full_name", "Ma Ni"), ("phone", "+95 9770000123")]).await;
    page.assert_status(422).assert_says("Ma Nu has this phone already");
    aye.get(&path_of(&portal, &THIRI, "/edit").await).await;
    let path = path_of(&portal, &THIRI, "/edit").await;
    aye.post_form(&path, &[("phone", "9770000123")]).await.assert_status(422).assert_says("Ma Nu has this phone already");
}

#[tokio::test]
async fn a_second_click_adds_nobody_twice() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let form = aye.get("/users/new").await.clone();
    let branch = option(&form, "select#branch", HLAING.code);
    let fields = [("full_name", "Ma Nu"), ("user_name", "nu"), ("branch", branch.as_str())];
    let mut again = aye.second();
    let first = aye.post_form("/users", &fields).await.path.clone();
    assert_eq!(again.post_form("/users", &fields).await.assert_status(200).path, first);
    assert_eq!(events(&portal, &kept(&portal, "nu").await.user.id).await, [What::UserAdded]);
}

#[tokio::test]
async fn the_third_account_manager_is_refused_by_the_names_of_the_two() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/users/new").await.assert_says("2 of 2 used");
    let page = fill_in(&mut aye, HLAING, &[("full_name", "Ma Nu"), ("account_manager", "yes")]).await;
    page.assert_status(422).assert_says("Only 2 account managers are allowed. They are Daw Aye Aye Mon, U Kyi Win.");
    let path = path_of(&portal, &TUN, "/edit").await;
    aye.get(&path).await;
    aye.post_form(&path, &[("account_manager", "yes")]).await.assert_status(422).assert_says("Only 2 account managers");
}

#[tokio::test]
async fn of_twenty_confirmed_at_the_same_moment_one_becomes_the_second_account_manager() {
    let (portal, _) = Portal::open().await;
    retire(&portal, &KYI).await;
    let mut aye = portal.signed_in(&AYE).await;
    let form = aye.get("/users/new").await.assert_says("1 of 2 used").clone();
    let branch = option(&form, "select#branch", HLAING.code);
    let mut tabs = Vec::new();
    for number in 0..20 {
        let mut tab = aye.second();
        tab.get("/users/new").await;
        tabs.push((format!("manager{number}"), tab));
    }
    let posts = tabs.iter_mut().map(|(name, tab)| {
        let fields = [("full_name", name.as_str()), ("user_name", name.as_str()), ("branch", &branch), ("account_manager", "yes")];
        async move { tab.post_form("/users", &fields).await.clone() }
    });
    let pages = join_all(posts).await;
    for page in pages {
        page.assert_status(200);
    }
    assert_eq!(confirm_all(&portal).await, 1);
    let count = |conn: &mut Conn| {
        let managers = users::table.filter(users::is_account_manager.eq(true)).filter(users::is_active.eq(true));
        Ok::<i64, outlay::db::Error>(managers.count().get_result(conn)?)
    };
    assert_eq!(portal.institution.db.read(count).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_forms_for_an_account_manager_at_the_same_moment_one_is_the_second_and_the_others_are_told_who_they_are() {
    let (portal, _) = Portal::open().await;
    retire(&portal, &KYI).await;
    // An institution that has no second word: each form would make one at once.
    let relax = "INSERT INTO settings (name, value, changed_by, changed_at) VALUES ('confirmations', 'off', 'a test', 0)";
    crate::support::database::run(&portal.institution.db, relax).await;
    let mut aye = portal.signed_in(&AYE).await;
    let branch = option(aye.get("/users/new").await, "select#branch", HLAING.code);
    let posts = (0..20).map(|number| {
        let (mut tab, branch) = (aye.second(), branch.clone());
        tokio::spawn(async move {
            tab.get("/users/new").await;
            let name = format!("Manager {number}");
            tab.post_form("/users", &[("full_name", &name), ("branch", &branch), ("account_manager", "yes")]).await.clone()
        })
    });
    let mut refused = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        let page = post.await.unwrap();
        if page.status != 200 {
            refused.push(page);
        }
    }
    assert_eq!(refused.len(), 19);
    let now = |conn: &mut Conn| outlay::people::account_managers(conn);
    let managers = portal.institution.db.read(now).await.unwrap();
    assert_eq!(managers.len(), 2);
    for page in refused {
        let both = format!("They are {}.", managers.iter().map(|one| one.full_name.as_str()).collect::<Vec<_>>().join(", "));
        page.assert_status(422).assert_says("Only 2 account managers are allowed").assert_says(&both);
    }
}

#[tokio::test]
async fn what_is_edited_is_kept_with_its_old_value() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &THIRI, "/edit").await;
    let form = aye.get(&path).await.assert_status(200).clone();
    assert!(!form.has("input[name=user_name]"), "the user name stays");
    let mandalay = option(&form, "select#branch", MANDALAY.code);
    let fields = [("full_name", "Daw Thiri"), ("branch", mandalay.as_str()), ("email", "thiri@example.org"), ("user_name", "other")];
    aye.post_form(&path, &fields).await.assert_status(200).assert_says("Daw Thiri is saved.");
    let thiri = kept(&portal, "thiri").await;
    assert_eq!((thiri.user.full_name.as_str(), thiri.details.email()), ("Daw Thiri", Some("thiri@example.org")));
    assert_eq!(thiri.user.branch.as_str(), mandalay);
    aye.get("/users?q=daw+thiri").await.assert_says("thiri@example.org");
    let id = thiri.user.id;
    assert_eq!(events(&portal, &id).await, [What::UserAdded, What::GrantGiven, What::UserEdited, What::UserEdited]);
}

#[tokio::test]
async fn a_new_address_of_one_who_can_approve_waits_for_the_other_account_manager() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &HLA, "/edit").await;
    aye.get(&path).await;
    let page = aye.post_form(&path, &[("email", "thief@example.org"), ("job_title", "Cashier")]).await;
    page.assert_status(200).assert_says("waits until the other account manager confirms it");
    let hla = kept(&portal, "hla").await;
    assert_eq!((hla.details.email(), hla.details.job_title()), (None, Some("Cashier")), "everything else is saved");
    assert_eq!(letters(&portal).await, Vec::<String>::new());

    let su = id_of(&portal, &SU).await;
    set_address(&portal, &su, Some("su@example.org")).await;
    set_address(&portal, &hla.user.id, Some("hla@example.org")).await;
    set_address(&portal, &hla.user.id, Some("hla@example.com")).await;
    assert_eq!(kept(&portal, "hla").await.details.email(), Some("hla@example.com"));
    let told = letters(&portal).await;
    for address in ["hla@example.org", "hla@example.com", "su@example.org"] {
        assert!(told.iter().any(|told| told == address), "{address} is not told: {told:?}");
    }
}

async fn set_address(portal: &Portal, user: &outlay::ids::UserId, to: Option<&'static str>) {
    let (by, user) = (outlay::audit::By::operator("a test"), user.clone());
    portal.institution.db.write(move |tx| outlay::people::set_email(tx, &by, &user, to)).await.unwrap();
}

/// Addresses of the letters in the outbox.
async fn letters(portal: &Portal) -> Vec<String> {
    let read = |conn: &mut Conn| Ok::<_, outlay::db::Error>(outbox::table.order(outbox::id).select(outbox::address).load(conn)?);
    portal.institution.db.read(read).await.unwrap()
}

#[tokio::test]
async fn the_address_of_an_account_manager_waits_too() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &KYI, "/edit").await;
    aye.get(&path).await;
    aye.post_form(&path, &[("email", "mine@example.org")]).await.assert_says("waits until the other account manager");
    assert_eq!(kept(&portal, "kyi").await.details.email(), None, "else one could take over the other's account");
}

#[tokio::test]
async fn nobody_changes_their_own_privileges_and_a_payer_is_no_account_manager() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let own = path_of(&portal, &AYE, "/edit").await;
    let form = aye.get(&own).await.clone();
    assert!(!form.has("input[name=account_manager]") && !form.has("input[name=active]"));
    aye.post_form(&own, &[("account_manager", ""), ("active", "no")]).await.assert_status(200);
    let kept_aye = kept(&portal, "aye").await;
    assert!(kept_aye.user.is_account_manager && kept_aye.user.is_active);

    retire(&portal, &KYI).await;
    let path = path_of(&portal, &HLA, "/edit").await;
    aye.get(&path).await;
    let page = aye.post_form(&path, &[("account_manager", "yes")]).await;
    page.assert_status(422).assert_says("An account manager holds no payment action").assert_says("Approve Payment (YGN-01)");
    assert!(!kept(&portal, "hla").await.user.is_account_manager);
}

#[tokio::test]
async fn the_other_account_manager_can_be_one_no_more_and_both_times_are_kept() {
    let (portal, clock) = Portal::open().await;
    clock.advance(std::time::Duration::from_secs(60));
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &KYI, "/edit").await;
    aye.get(&path).await;
    let page = aye.post_form(&path, &[("account_manager", "")]).await;
    page.assert_status(200).assert_says("Account manager stays as it was until whoever runs Outlay confirms the change");
    assert!(kept(&portal, "kyi").await.user.is_account_manager);
    assert_eq!(confirm_all(&portal).await, 1);
    let id = id_of(&portal, &KYI).await;
    let periods = move |conn: &mut Conn| {
        let rows = user_periods::table.filter(user_periods::user_id.eq(&id)).order(user_periods::from_at);
        Ok::<Vec<(bool, bool)>, outlay::db::Error>(
            rows.select((user_periods::is_account_manager, user_periods::until_at.is_null())).load(conn)?,
        )
    };
    assert_eq!(portal.institution.db.read(periods).await.unwrap(), [(true, false), (false, true)]);
    // One who looks only may become one; her rights to look at payments are payment actions too.
    grant(&portal, &AYE, &TUN, Action::ViewReports).await;
    let path = path_of(&portal, &TUN, "/edit").await;
    aye.get(&path).await;
    aye.post_form(&path, &[("account_manager", "yes")])
        .await
        .assert_status(422)
        .assert_says("View Payroll (YGN-01)")
        .assert_says_not("View Reports (");
    let needed = |conn: &mut Conn| confirmations::is_needed(conn, &outlay::audit::By::operator("x"));
    assert!(!portal.institution.db.read(needed).await.unwrap());
}
