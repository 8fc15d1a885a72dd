//! The largest form: every branch of a large institution times every action.

use outlay::audit::By;
use outlay::branches::{self, NewBranch};
use outlay::privileges::{Action, BRANCHES_MAX, Mode, Rights};

use super::desk::{change, matrix, user_id};
use crate::support::cast::{AYE, TUN, refused};
use crate::support::portal::Portal;

/// So many branches in all.
async fn many(portal: &Portal) {
    let add = |tx: &mut outlay::db::WriteTx<'_>| {
        for number in 3..=BRANCHES_MAX {
            let new = NewBranch {
                code: format!("B-{number:03}"),
                region: "Yangon".to_owned(),
                township: "Insein".to_owned(),
                name: format!("Branch {number}"),
            };
            branches::add_branch(tx, &By::operator("a test"), &new).map_err(refused)?;
        }
        Ok::<_, crate::support::cast::NotSetUp>(())
    };
    portal.institution.db.write(add).await.unwrap();
}

#[tokio::test]
async fn five_hundred_branches_and_every_action_are_checked_and_saved() {
    let (portal, _) = Portal::open().await;
    many(&portal).await;
    let path = matrix(&portal, &TUN).await;
    let new = format!("{path}/new");
    let mut aye = portal.signed_in(&AYE).await;
    aye.get(&new).await.assert_status(200);
    let page = aye.post_form(&new, &[("step", "all")]).await;
    assert_eq!(page.texts("input[name=branch][checked]").len(), BRANCHES_MAX);
    let all = Action::ALL.iter().map(|action| ("action", action.as_str()));
    let fields: Vec<_> = all.chain([("step", "check")]).collect();
    let page = aye.post_form(&new, &fields).await;
    page.assert_status(200).assert_says("One person could make and approve").assert_says("and 496 more branches");
    aye.post_form(&path, &[("both_hands", "yes")]).await.assert_status(200).assert_path(&path).assert_says("U Kyi Win");
    let (user, now) = (user_id(&portal, &TUN).await, portal.institution.clock().now());
    let rights = portal.institution.db.read(move |conn| Rights::load(conn, &user, now)).await.unwrap();
    for action in Action::ALL {
        let expected = if action.is_sensitive() { 0 } else { BRANCHES_MAX };
        assert_eq!(rights.branches(*action).count(), expected, "{action:?}");
    }
    let page = aye.page();
    page.assert_says("in every branch.").assert_says("1,500 privileges wait").assert_says("Showing 1 to 25 of 500 entries");
    let way = outlay::privileges::Way::Copied { from: user_id(&portal, &TUN).await, mode: Mode::Give };
    change(&portal, &AYE, &crate::support::cast::MYINT, way).await.unwrap();
}
