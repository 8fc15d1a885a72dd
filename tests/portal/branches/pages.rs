//! The pages of branches, as an account manager uses them.

use outlay::audit::By;
use outlay::branches::{self, NewBranch};

use crate::support::batches::{WAGES, drafted};
use crate::support::cast::{AYE, HLA, THIRI};
use crate::support::portal::Portal;

const FIELDS: [(&str, &str); 4] = [("region", "Yangon"), ("township", "Insein"), ("code", "YGN-02"), ("name", "Branch 1")];

#[tokio::test]
async fn an_account_manager_adds_a_branch_and_finds_it() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get("/branches/new").await;
    assert_eq!(
        page.texts(".menu-link[aria-current]"),
        ["Add New Branch", "Add New Branch"],
        "and not Search Branches, which it lies below"
    );
    assert_eq!(page.text("[data-preview]"), "As in YANGON - INSEIN - Branch 1");
    let page = aye.post_form("/branches", &[("region", "Yangon"), ("name", "Branch 1"), ("code", "ygn-01")]).await;
    page.assert_status(422).assert_says("Write the township, as in Insein");
    assert_eq!(page.text("[data-preview]"), "YANGON - … - Branch 1", "always there after it was sent");
    let page = aye.post_form("/branches", &[("township", "Insein")]).await;
    page.assert_status(422).assert_says("YANGON - HLAING - Hlaing has the code YGN-01 already. Choose another one.");
    let mut second = aye.second();
    let page = aye.post_form("/branches", &FIELDS).await;
    page.assert_status(200).assert_says("YANGON - INSEIN - Branch 1 is added. Now add its people.");
    let path = page.path.clone();
    second.post_form("/branches", &FIELDS).await.assert_path(&path);
    let page = aye.get("/branches?region=yan&name=branch&status=active").await;
    let rows = page.rows("table");
    assert_eq!(rows.len(), 1, "{page}");
    assert_eq!(rows[0][..4], ["YGN-02", "YANGON - INSEIN - Branch 1", "0", "Active"]);
    page.assert_says("Showing 1 to 1 of 1 entries");
    aye.get("/branches?code=%25").await.assert_says("No branches match");
    aye.get(&format!("{path}/edit")).await;
    let page = aye.post_form(&format!("{path}/edit"), &[("name", "Market")]).await;
    page.assert_path(&path).assert_says("YANGON - INSEIN - Market is saved.");
    aye.get(&format!("{path}/edit")).await;
    aye.post_form(&format!("{path}/edit"), &[("code", "MDY-01")]).await.assert_status(422).assert_says("has the code MDY-01 already");
}

#[tokio::test]
async fn a_branch_with_something_open_says_what() {
    let (portal, _) = Portal::open().await;
    drafted(&portal, &THIRI, &WAGES).await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = aye.get("/branches?code=YGN-01").await.attribute("table a", "href");
    let page = aye.get(&format!("{path}/deactivation")).await;
    page.assert_says("YANGON - HLAING - Hlaing cannot be deactivated yet")
        .assert_says("1 batch")
        .assert_says("Its maker deletes or submits it");
    page.assert_says("5 active people belong to it");
    let of_hla = format!("a[href='/users/{}']", crate::support::links::user(&portal, &HLA).await.id);
    assert_eq!(page.text(&of_hla), HLA.full_name);
    assert!(!page.has(&format!("form[action='{path}/deactivation']")), "no button that would be refused");
    let token = page.attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef")];
    aye.post_bare(&format!("{path}/deactivation"), &fields).await.assert_status(409).assert_says("cannot be deactivated yet");
}

#[tokio::test]
async fn an_empty_branch_is_deactivated_and_activated_again() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/branches/new").await;
    let path = aye.post_form("/branches", &FIELDS).await.path.clone();
    let page = aye.get(&format!("{path}/deactivation")).await;
    page.assert_says("Deactivate YANGON - INSEIN - Branch 1?").assert_says("Nothing is open in this branch.");
    let page = aye.post_form(&format!("{path}/deactivation"), &[]).await;
    page.assert_path(&path).assert_says("is deactivated. Nothing new can begin there.").assert_says("Not active");
    aye.get(&format!("{path}/deactivation")).await.assert_path(&path);
    aye.get("/branches?status=inactive").await.assert_says("YANGON - INSEIN - Branch 1");
    aye.get(&path).await;
    let page = aye.post_form(&format!("{path}/activation"), &[]).await;
    page.assert_path(&path).assert_says("is active again.");
}

#[tokio::test]
async fn five_hundred_branches_are_paged_and_narrowed() {
    let (portal, _) = Portal::open().await;
    let added = portal.institution.db.write(|tx| {
        for n in 0..500 {
            let text = |word: &str| format!("{word} {n:03}");
            let new = NewBranch { code: format!("B-{n:03}"), region: text("Region"), township: text("Township"), name: text("Branch") };
            branches::add_branch(tx, &By::operator("a test"), &new)?;
        }
        Ok::<_, branches::BranchRefusal>(())
    });
    added.await.unwrap();
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/branches").await.assert_says("Showing 1 to 25 of 502 entries");
    let page = aye.get("/branches?page=21").await;
    page.assert_says("Showing 501 to 502 of 502 entries");
    aye.get("/branches?township=499")
        .await
        .assert_says("REGION 499 - TOWNSHIP 499 - Branch 499")
        .assert_says("Showing 1 to 1 of 1 entries");
}

#[tokio::test]
async fn only_account_managers_have_these_pages() {
    let (portal, _) = Portal::open().await;
    let path = portal.signed_in(&AYE).await.get("/branches?code=YGN-01").await.attribute("table a", "href");
    let mut hla = portal.signed_in(&HLA).await;
    for page in ["/branches", "/branches/new", &path, &format!("{path}/edit"), &format!("{path}/deactivation")] {
        hla.get(page).await.assert_status(404);
    }
}
