//! Branches: an account manager adds, changes and deactivates them; a branch in which something is open stays.

mod pages;

use outlay::audit::{By, What};
use outlay::batches::{self, Arrived, Channel, Choices, CreateRefusal, NewBatch, PaymentType, UploadRefusal};
use outlay::branches::{self, Branch, BranchRefusal, Field, NewBranch, Wrong};
use outlay::confirmations::{self, Change, GrantAsked};
use outlay::db::schema::audit_events;
use outlay::db::{self, Conn};
use outlay::ids::BranchId;
use outlay::people::Actor;
use outlay::privileges::{self, Action, NewGrant, NotAllowed};

use diesel::prelude::*;

use crate::support::batches::{HEADER, WAGES, account, actor, branch, drafted, submitted};
use crate::support::cast::{AYE, HLA, HLAING, KYI, MANDALAY, THIRI};
use crate::support::portal::Portal;

pub fn north() -> NewBranch {
    NewBranch { code: "MDY-07".to_owned(), region: "Mandalay".to_owned(), township: "Amarapura".to_owned(), name: "North".to_owned() }
}

async fn add(portal: &Portal, by: &By, new: NewBranch) -> Result<Branch, BranchRefusal> {
    let by = by.clone();
    portal.institution.db.write(move |tx| branches::add_branch(tx, &by, &new)).await
}

async fn edit(portal: &Portal, by: &By, id: &BranchId, new: NewBranch) -> Result<Branch, BranchRefusal> {
    let (by, id) = (by.clone(), id.clone());
    portal.institution.db.write(move |tx| branches::edit_branch(tx, &by, &id, &new)).await
}

async fn deactivate(portal: &Portal, by: &By, id: &BranchId) -> Result<Branch, BranchRefusal> {
    let (by, id) = (by.clone(), id.clone());
    portal.institution.db.write(move |tx| branches::deactivate_branch(tx, &by, &id)).await
}

async fn activate(portal: &Portal, by: &By, id: &BranchId) -> Result<Branch, BranchRefusal> {
    let (by, id) = (by.clone(), id.clone());
    portal.institution.db.write(move |tx| branches::activate_branch(tx, &by, &id)).await
}

/// What the log says was done to a branch: what, and what changed.
async fn events(portal: &Portal, id: &BranchId) -> Vec<(What, serde_json::Value)> {
    let id = id.to_string();
    let load = move |conn: &mut Conn| {
        let rows = audit_events::table.filter(audit_events::subject_id.eq(id)).order(audit_events::id);
        Ok::<_, db::Error>(rows.select((audit_events::action, audit_events::changes)).load::<(String, String)>(conn)?)
    };
    let rows = portal.institution.db.read(load).await.unwrap();
    rows.into_iter().map(|(what, changes)| (what.parse().unwrap(), serde_json::from_str(&changes).unwrap())).collect()
}

#[tokio::test]
async fn an_account_manager_adds_changes_deactivates_and_activates_a_branch() {
    let (portal, _) = Portal::open().await;
    let aye = actor(&portal, &AYE).await.by();
    let added = add(&portal, &aye, north()).await.unwrap();
    assert_eq!(added.full_name(), "MANDALAY - AMARAPURA - North");
    let new = NewBranch { code: "MDY-7".to_owned(), name: " North  Gate ".to_owned(), ..north() };
    assert_eq!(edit(&portal, &aye, &added.id, new.clone()).await.unwrap().name, "North Gate");
    edit(&portal, &aye, &added.id, new).await.unwrap();
    assert!(!deactivate(&portal, &aye, &added.id).await.unwrap().is_active);
    assert!(matches!(deactivate(&portal, &aye, &added.id).await, Err(BranchRefusal::AlreadySo(_))));
    assert!(activate(&portal, &aye, &added.id).await.unwrap().is_active);
    assert!(matches!(activate(&portal, &aye, &added.id).await, Err(BranchRefusal::AlreadySo(_))));
    let told = events(&portal, &added.id).await;
    let whats: Vec<What> = told.iter().map(|(what, _)| *what).collect();
    assert_eq!(
        whats,
        [What::BranchAdded, What::BranchEdited, What::BranchDeactivated, What::BranchReactivated],
        "nothing changed is no event"
    );
    let changed = serde_json::json!({ "code": { "from": "MDY-07", "to": "MDY-7" }, "name": { "from": "North", "to": "North Gate" } });
    assert_eq!(told[1].1, changed);
}

#[tokio::test]
async fn nobody_else_changes_branches() {
    let (portal, _) = Portal::open().await;
    let hlaing = branch(&portal, HLAING).await;
    for by in [actor(&portal, &THIRI).await.by(), actor(&portal, &HLA).await.by(), By::system()] {
        let refused = |refusal| matches!(refusal, Err(BranchRefusal::NotAllowed(NotAllowed::NotAccountManager)));
        assert!(refused(add(&portal, &by, north()).await));
        assert!(refused(edit(&portal, &by, &hlaing, north()).await));
        assert!(refused(deactivate(&portal, &by, &hlaing).await));
        assert!(refused(activate(&portal, &by, &hlaing).await));
    }
}

#[tokio::test]
async fn a_code_is_unlike_any_other_whatever_the_case_of_its_letters() {
    let (portal, _) = Portal::open().await;
    let aye = actor(&portal, &AYE).await.by();
    let same = NewBranch { code: "ygn-01".to_owned(), ..north() };
    let refused = add(&portal, &aye, same.clone()).await;
    let Err(BranchRefusal::CodeTaken(taken)) = refused else { panic!("{refused:?}") };
    assert_eq!(taken.code, HLAING.code);
    let mandalay = branch(&portal, MANDALAY).await;
    assert!(matches!(edit(&portal, &aye, &mandalay, same).await, Err(BranchRefusal::CodeTaken(_))));
    let own = NewBranch { code: MANDALAY.code.to_lowercase(), ..north() };
    assert_eq!(edit(&portal, &aye, &mandalay, own).await.unwrap().code, "mdy-01", "its own code in other letters is no other's");
    let empty = add(&portal, &aye, NewBranch { region: "x".repeat(61), ..NewBranch::default() }).await;
    let Err(BranchRefusal::Wrong(wrong)) = empty else { panic!("{empty:?}") };
    let missing = Wrong::Missing;
    assert_eq!(wrong, [Wrong::TooLong(Field::Region), missing(Field::Township), missing(Field::Code), missing(Field::Name)]);
    let db = portal.institution.db.clone();
    let tries = (0..20).map(|n: u32| {
        let (db, by) = (db.clone(), aye.clone());
        let new = NewBranch { code: if n.is_multiple_of(2) { "new-1".to_owned() } else { "NEW-1".to_owned() }, ..north() };
        tokio::spawn(async move { db.write(move |tx| branches::add_branch(tx, &by, &new)).await })
    });
    let mut added = 0;
    for one in tries.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(_) => added += 1,
            Err(BranchRefusal::CodeTaken(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(added, 1);
}

#[tokio::test]
async fn a_branch_in_which_something_is_open_stays() {
    let (portal, _) = Portal::open().await;
    let (aye, thiri) = (actor(&portal, &AYE).await, actor(&portal, &THIRI).await);
    let north = add(&portal, &aye.by(), north()).await.unwrap();
    let grant = |actions: &[Action]| NewGrant { user: thiri.id.clone(), branch: north.id.clone(), actions: actions.to_vec(), until: None };
    let may = grant(&[Action::MakePayment, Action::MakePayroll, Action::ViewPayroll, Action::DeletePayment]);
    portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &may)).await.unwrap();
    let batch = upload(&portal, &thiri, &north.id).await.unwrap();
    let open = still_open(deactivate(&portal, &aye.by(), &north.id).await);
    assert_eq!((open.batches.len(), open.batches_in_all, open.people.len(), open.grants), (1, 1, 0, 4));
    assert_eq!(open.batches[0].maker, thiri.id);
    let (deleter, id) = (thiri.clone(), batch);
    portal.institution.db.write(move |tx| batches::delete(tx, &deleter, &id)).await.unwrap();
    // What waits for a second account manager, and would grant something there.
    let (by, change, user) = (
        aye.by(),
        Change::Grants(vec![GrantAsked { branch: north.id.clone(), action: Action::ApprovePayment, until: None }]),
        actor(&portal, &HLA).await.id,
    );
    let asked = portal.institution.db.write(move |tx| confirmations::ask(tx, &by, Some(&user), &change)).await.unwrap();
    let open = still_open(deactivate(&portal, &aye.by(), &north.id).await);
    assert_eq!((open.batches.len(), open.confirmations.as_slice()), (0, &[asked.clone()][..]));
    let (by, id) = (aye.by(), asked);
    portal.institution.db.write(move |tx| confirmations::withdraw(tx, &by, &id)).await.unwrap();
    deactivate(&portal, &aye.by(), &north.id).await.unwrap();
    // The grants stay, and count for nothing.
    let refused = upload(&portal, &thiri, &north.id).await;
    assert!(matches!(refused, Err(UploadRefusal::NoSuchChoice)), "{refused:?}");
    activate(&portal, &aye.by(), &north.id).await.unwrap();
    upload(&portal, &thiri, &north.id).await.unwrap();
    let open = still_open(deactivate(&portal, &aye.by(), &branch(&portal, HLAING).await).await);
    assert!(open.people.iter().any(|(_, name)| name == THIRI.full_name), "people whose home it is");
}

#[tokio::test]
async fn a_file_that_was_read_before_the_branch_closed_makes_no_batch_in_it() {
    let (portal, _) = Portal::open().await;
    let (aye, thiri) = (actor(&portal, &AYE).await, actor(&portal, &THIRI).await);
    let north = add(&portal, &aye.by(), north()).await.unwrap();
    let may = NewGrant { user: thiri.id.clone(), branch: north.id.clone(), actions: THIRI.actions.to_vec(), until: None };
    portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &may)).await.unwrap();
    let new = new_batch(&portal, &north.id).await;
    let read = batches::read_file(&portal.institution, &thiri, &new.choices, arrived()).await.unwrap_or_else(|error| panic!("{error}"));
    deactivate(&portal, &aye.by(), &north.id).await.unwrap();
    let id = outlay::ids::BatchId::new(portal.institution.clock().now());
    let made = portal.institution.db.write(move |tx| batches::create(tx, &thiri, &id, &new, &read.summary)).await;
    // Their grant counts for nothing there now; without that, the branch itself would be the reason.
    let is_refused = matches!(made, Err(CreateRefusal::NotAllowed(NotAllowed::NoGrant(Action::MakePayment)) | CreateRefusal::BranchClosed));
    assert!(is_refused, "{made:?}");
}

#[tokio::test]
async fn a_batch_at_any_step_before_its_end_keeps_its_branch_open() {
    let (portal, _) = Portal::open().await;
    let aye = actor(&portal, &AYE).await;
    let hlaing = branch(&portal, HLAING).await;
    drafted(&portal, &THIRI, &WAGES).await;
    submitted(&portal, &THIRI, &WAGES).await;
    let open = still_open(deactivate(&portal, &aye.by(), &hlaing).await);
    assert_eq!(open.batches_in_all, 2);
    let kyi = actor(&portal, &KYI).await;
    assert!(matches!(deactivate(&portal, &kyi.by(), &BranchId::from("nothing")).await, Err(BranchRefusal::NoSuchBranch)));
}

fn still_open(refused: Result<Branch, BranchRefusal>) -> branches::Open {
    match refused {
        Err(BranchRefusal::StillOpen(open)) => *open,
        other => panic!("{other:?}"),
    }
}

fn arrived() -> Arrived {
    let text = format!("{HEADER}\n{}\n", WAGES.lines.join("\n"));
    Arrived::copy(std::io::Cursor::new(text.into_bytes()), 1_000_000).unwrap().unwrap()
}

async fn new_batch(portal: &Portal, branch: &BranchId) -> NewBatch {
    let choices = Choices {
        branch: branch.clone(),
        payment_type: PaymentType::Payroll,
        channel: Channel::Mojaloop,
        funding_account: account(portal).await,
        to_fsp: None,
    };
    let again = Some("It is another month".to_owned());
    NewBatch { choices, client_reference: None, file_name: WAGES.name.to_owned(), again }
}

async fn upload(portal: &Portal, maker: &Actor, branch: &BranchId) -> Result<outlay::ids::BatchId, UploadRefusal> {
    batches::upload(&portal.institution, maker, new_batch(portal, branch).await, arrived()).await
}
