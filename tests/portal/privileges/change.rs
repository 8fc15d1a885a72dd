//! The verbs: what is given at once, what waits, and what is refused.

use std::time::Duration;

use outlay::audit::By;
use outlay::privileges::{self, Action, ChangeRefusal, GrantRefusal, Mode, NewGrant, NotAllowed, Useless, Wanted, Way};

use super::desk::{change, chosen, confirm, given, may, user_id, waiting};
use crate::support::batches::{actor, branch};
use crate::support::cast::{AYE, HLA, HLAING, KYI, MANDALAY, THIRI, TUN};
use crate::support::portal::Portal;

#[tokio::test]
async fn what_nobody_has_to_confirm_is_so_at_once_with_all_that_it_needs() {
    let (portal, _) = Portal::open().await;
    let way = chosen(&portal, Mode::Give, MANDALAY, &[Action::MakePayroll]).await;
    let changed = change(&portal, &AYE, &TUN, way).await.unwrap();
    assert_eq!((changed.waits, changed.all_waits), (0, false));
    for action in [Action::MakePayroll, Action::MakePayment, Action::ViewPayroll] {
        assert!(may(&portal, &TUN, action, MANDALAY).await, "{action:?}");
    }
    assert!(!may(&portal, &TUN, Action::MakeLoanDisbursement, MANDALAY).await);
    assert!(!may(&portal, &TUN, Action::MakePayroll, HLAING).await);
}

#[tokio::test]
async fn approve_waits_for_the_other_account_manager_and_the_rest_does_not() {
    let (portal, _) = Portal::open().await;
    let way = chosen(&portal, Mode::Give, HLAING, &[Action::ApprovePayment, Action::RejectPayment]).await;
    let changed = change(&portal, &AYE, &TUN, way.clone()).await.unwrap();
    assert_eq!((changed.waits, changed.all_waits, changed.confirmers), (1, false, vec![KYI.full_name.to_owned()]));
    assert!(may(&portal, &TUN, Action::RejectPayment, HLAING).await);
    assert!(!may(&portal, &TUN, Action::ApprovePayment, HLAING).await);
    let again = change(&portal, &KYI, &TUN, way).await;
    assert!(matches!(again, Err(ChangeRefusal::WaitsAlready)), "nobody is asked twice: {again:?}");
    let asked = waiting(&portal).await;
    assert_eq!(asked.len(), 1);
    assert!(confirm(&portal, &AYE, &asked[0]).await.is_err(), "who asked does not confirm");
    confirm(&portal, &KYI, &asked[0]).await.unwrap();
    assert!(may(&portal, &TUN, Action::ApprovePayment, HLAING).await);
}

#[tokio::test]
async fn a_longer_approve_waits_too_while_the_shorter_stays_and_a_shorter_one_is_so_at_once() {
    let (portal, clock) = Portal::open().await;
    let day = Duration::from_secs(24 * 3600);
    let now = portal.institution.clock().now();
    given(&portal, &TUN, HLAING, &[Action::ApprovePayment], Some(now.after(day))).await;
    let Way::Chosen { branches, .. } = chosen(&portal, Mode::Give, HLAING, &[]).await else { unreachable!() };
    let until = |days: u32| Way::Chosen {
        mode: Mode::Give,
        branches: branches.clone(),
        actions: super::desk::set(&[Action::ApprovePayment]),
        until: Some(now.after(day * days)),
    };
    let changed = change(&portal, &AYE, &TUN, until(3)).await.unwrap();
    assert!(changed.all_waits && changed.waits == 1);
    assert!(may(&portal, &TUN, Action::ApprovePayment, HLAING).await, "the old one goes on");
    clock.advance(day);
    assert!(!may(&portal, &TUN, Action::ApprovePayment, HLAING).await, "and runs out, as nobody has confirmed the new one");
    confirm(&portal, &KYI, &waiting(&portal).await[0]).await.unwrap();
    clock.advance(day);
    assert!(may(&portal, &TUN, Action::ApprovePayment, HLAING).await);
    let Way::Chosen { branches, .. } = until(1) else { unreachable!() };
    let held = [Action::ApprovePayment, Action::DownloadPayment, Action::ViewPayroll, Action::ViewLoanDisbursement];
    let soon = Some(portal.institution.clock().now().after(Duration::from_secs(3600)));
    let way = Way::Chosen { mode: Mode::Exactly, branches, actions: super::desk::set(&held), until: soon };
    assert_eq!(change(&portal, &AYE, &TUN, way).await.unwrap().waits, 0);
    clock.advance(Duration::from_secs(3600));
    assert!(!may(&portal, &TUN, Action::ApprovePayment, HLAING).await && !may(&portal, &TUN, Action::ViewPayroll, HLAING).await);
}

#[tokio::test]
async fn taking_a_view_away_takes_what_cannot_be_without_it_and_never_leaves_what_shows_nothing() {
    let (portal, _) = Portal::open().await;
    let way = chosen(&portal, Mode::Take, HLAING, &[Action::ViewPayroll]).await;
    change(&portal, &AYE, &THIRI, way).await.unwrap();
    assert!(!may(&portal, &THIRI, Action::MakePayroll, HLAING).await);
    assert!(may(&portal, &THIRI, Action::MakeLoanDisbursement, HLAING).await);
    let way = chosen(&portal, Mode::Take, HLAING, &[Action::ViewPayroll, Action::ViewLoanDisbursement]).await;
    let refused = change(&portal, &AYE, &HLA, way).await;
    assert!(matches!(refused, Err(ChangeRefusal::Useless { why: Useless::ShowsNothing(_), .. })), "{refused:?}");
    assert!(may(&portal, &HLA, Action::ViewPayroll, HLAING).await);
    let way = chosen(&portal, Mode::Give, MANDALAY, &[Action::MakePayment]).await;
    let refused = change(&portal, &AYE, &HLA, way).await;
    assert!(matches!(refused, Err(ChangeRefusal::Useless { why: Useless::MakesNothing, .. })), "{refused:?}");
}

#[tokio::test]
async fn nobody_changes_their_own_and_no_account_manager_gets_what_touches_payments() {
    let (portal, _) = Portal::open().await;
    let reports = chosen(&portal, Mode::Give, HLAING, &[Action::ViewReports]).await;
    assert!(matches!(change(&portal, &AYE, &AYE, reports.clone()).await, Err(ChangeRefusal::OwnGrant)));
    change(&portal, &AYE, &KYI, reports.clone()).await.unwrap();
    assert!(may(&portal, &KYI, Action::ViewReports, HLAING).await);
    let views = chosen(&portal, Mode::Give, HLAING, &[Action::ViewPayroll]).await;
    assert!(matches!(change(&portal, &AYE, &KYI, views).await, Err(ChangeRefusal::AccountManager(_))));
    let refused = change(&portal, &THIRI, &TUN, reports).await;
    assert!(matches!(refused, Err(ChangeRefusal::NotAllowed(NotAllowed::NotAccountManager))), "{refused:?}");
    let copied = Way::Copied { from: user_id(&portal, &THIRI).await, mode: Mode::Give };
    assert!(matches!(change(&portal, &AYE, &KYI, copied).await, Err(ChangeRefusal::AccountManager(_))));
}

#[tokio::test]
async fn only_the_operator_gives_without_asking_anybody() {
    let (portal, _) = Portal::open().await;
    let (aye, user, branch) = (actor(&portal, &AYE).await, user_id(&portal, &TUN).await, branch(&portal, HLAING).await);
    for by in [aye.by(), By::system()] {
        let new = NewGrant { user: user.clone(), branch: branch.clone(), actions: vec![Action::ApprovePayment], until: None };
        let refused = portal.institution.db.write(move |tx| privileges::grant(tx, &by, &new)).await;
        assert!(matches!(refused, Err(GrantRefusal::NotTheOperator)), "{refused:?}");
    }
    let gone = [Action::ViewPayroll].into_iter().collect();
    let (thiri, hlaing) = (user_id(&portal, &THIRI).await, branch.clone());
    let ended = portal.institution.db.write(move |tx| privileges::end_grant(tx, &By::operator("a test"), &thiri, &hlaing, &gone)).await;
    assert_eq!(ended.unwrap(), [Action::MakePayroll, Action::ViewPayroll]);
    assert!(!may(&portal, &THIRI, Action::MakePayroll, HLAING).await);
}

#[tokio::test]
async fn a_copy_has_the_same_branches_actions_and_last_days() {
    let (portal, clock) = Portal::open().await;
    let tomorrow = portal.institution.clock().now().after(Duration::from_secs(24 * 3600));
    given(&portal, &HLA, MANDALAY, &[Action::ViewPayroll], Some(tomorrow)).await;
    let way = Way::Copied { from: user_id(&portal, &HLA).await, mode: Mode::Exactly };
    change(&portal, &AYE, &THIRI, way).await.unwrap();
    assert!(!may(&portal, &THIRI, Action::MakePayment, HLAING).await, "what the other does not hold is gone");
    assert!(may(&portal, &THIRI, Action::RejectPayment, HLAING).await && may(&portal, &THIRI, Action::ViewPayroll, MANDALAY).await);
    assert!(!may(&portal, &THIRI, Action::ApprovePayment, HLAING).await, "approve waits here too");
    clock.advance(Duration::from_secs(24 * 3600));
    assert!(!may(&portal, &THIRI, Action::ViewPayroll, MANDALAY).await, "it runs out with the other's");
    assert!(may(&portal, &THIRI, Action::RejectPayment, HLAING).await);
    assert!(matches!(
        change(&portal, &AYE, &THIRI, Way::Copied { from: user_id(&portal, &THIRI).await, mode: Mode::Give }).await,
        Err(ChangeRefusal::CopyOfSelf)
    ));
}

#[tokio::test]
async fn nothing_is_saved_over_a_change_nobody_saw() {
    let (portal, _) = Portal::open().await;
    let aye = actor(&portal, &AYE).await;
    let way = chosen(&portal, Mode::Give, MANDALAY, &[Action::ViewPayroll]).await;
    let wanted = Wanted { user: user_id(&portal, &TUN).await, way, seen: String::new(), both_hands: false };
    let (by, asked, now) = (aye.by(), wanted.clone(), portal.institution.clock().now());
    let seen = portal.institution.db.read(move |conn| privileges::draft(conn, &by, &asked, now)).await.unwrap().seen;
    let way = chosen(&portal, Mode::Give, HLAING, &[Action::ViewReports]).await;
    change(&portal, &KYI, &TUN, way).await.unwrap();
    let wanted = Wanted { seen, ..wanted };
    let saved = portal.institution.db.write(move |tx| privileges::change(tx, &aye, &wanted)).await;
    assert!(matches!(saved, Err(ChangeRefusal::Changed)), "{saved:?}");
    assert!(!may(&portal, &TUN, Action::ViewPayroll, MANDALAY).await);
}
