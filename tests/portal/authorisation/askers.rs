//! Everybody who may try a door, and what each of them holds: written by hand, not read from the portal.

use std::time::Duration;

use outlay::audit::By;
use outlay::clock::{Clock as _, ManualClock};
use outlay::privileges::{self, Action, NewGrant};

use crate::support::cast::{self, AYE, HLA, HLAING, MANDALAY, MOE, MYINT, Office, Person, THIRI, TUN, ZAW};
use crate::support::database::run;
use crate::support::portal::Portal;
use crate::support::tab::Tab;
use crate::support::{batches, cast::add_person};

/// What each role may do. The second statement: the first is what the cast is granted.
const MAKER: &[Action] = &[
    Action::MakePayment,
    Action::DeletePayment,
    Action::MakePayroll,
    Action::MakeLoanDisbursement,
    Action::DownloadPayment,
    Action::ViewPayroll,
    Action::ViewLoanDisbursement,
];
const CHECKER: &[Action] =
    &[Action::ApprovePayment, Action::RejectPayment, Action::DownloadPayment, Action::ViewPayroll, Action::ViewLoanDisbursement];
const BRANCH_MANAGER: &[Action] = &[Action::DownloadPayment, Action::ViewPayroll, Action::ViewLoanDisbursement];
const AUDITOR: &[Action] =
    &[Action::DownloadPayment, Action::ViewPayroll, Action::ViewLoanDisbursement, Action::ViewReports, Action::ViewAuditLog];

/// Somebody signed in, as this test knows them.
pub struct Role {
    pub user_name: &'static str,
    /// Where they hold their actions.
    office: Office,
    actions: Vec<Action>,
    pub is_account_manager: bool,
}

impl Role {
    fn of(person: &Person, actions: &[Action]) -> Self {
        let is_account_manager = person.is_account_manager;
        Self { user_name: person.user_name, office: person.office, actions: actions.to_vec(), is_account_manager }
    }

    pub fn holds(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    pub fn holds_in(&self, action: Action, office: Office) -> bool {
        self.office.code == office.code && self.holds(action)
    }
}

pub enum Standing {
    /// Whoever they say they are.
    Nobody,
    /// In the middle of signing in.
    Halfway,
    Person(Role),
}

pub struct Asker {
    pub name: String,
    pub standing: Standing,
    pub tab: Tab,
}

impl Asker {
    fn new(name: &str, standing: Standing, tab: Tab) -> Self {
        Self { name: name.to_owned(), standing, tab }
    }

    pub fn person(&self) -> Option<&Role> {
        if let Standing::Person(role) = &self.standing { Some(role) } else { None }
    }
}

const fn extra(user_name: &'static str, full_name: &'static str, actions: &'static [Action]) -> Person {
    Person { user_name, full_name, office: HLAING, actions, is_account_manager: false }
}

const SABAI: Person = extra("sabai", "Daw Sabai", AUDITOR);
/// Their grants ran out, they were deactivated, they have to set a password: each was a maker with everything.
const PHYO: Person = extra("phyo", "Ko Phyo", &[]);
const WIN: Person = extra("win", "U Win", MAKER);
const EI: Person = extra("ei", "Ma Ei", MAKER);

pub async fn everybody(portal: &Portal, elsewhere: &Portal, clock: &ManualClock) -> Vec<Asker> {
    for person in [SABAI, PHYO, WIN, EI] {
        arrives(portal, person).await;
    }
    let mut askers = vec![
        Asker::new("nobody", Standing::Nobody, portal.stranger()),
        // The same person and the same user name, in another institution of the same server.
        Asker::new("a maker of another institution", Standing::Nobody, of_elsewhere(portal, elsewhere, &THIRI).await),
        Asker::new("an account manager of another institution", Standing::Nobody, of_elsewhere(portal, elsewhere, &AYE).await),
        Asker::new("one who was deactivated", Standing::Nobody, deactivated(portal).await),
        Asker::new("one who has to set a password first", Standing::Halfway, halfway(portal).await),
    ];
    let expired = expired(portal, clock).await;
    askers.push(Asker::new("one whose grants ran out", Standing::Person(Role::of(&PHYO, &[])), expired));
    let roles: [(&str, Person, &[Action]); 8] = [
        ("the maker", THIRI, MAKER),
        ("the checker", HLA, CHECKER),
        ("the branch manager", TUN, BRANCH_MANAGER),
        ("the auditor", SABAI, AUDITOR),
        ("the account manager", AYE, &[]),
        ("another branch's maker", ZAW, MAKER),
        ("another branch's checker", MOE, CHECKER),
        ("another branch's manager", MYINT, BRANCH_MANAGER),
    ];
    for (name, person, actions) in roles {
        askers.push(Asker::new(name, Standing::Person(Role::of(&person, actions)), portal.signed_in(&person).await));
    }
    for action in Action::ALL {
        askers.push(of_one_action(portal, *action).await);
    }
    askers
}

/// Somebody in Hlaing who holds this one action and nothing beside it.
async fn of_one_action(portal: &Portal, action: Action) -> Asker {
    let actions: &'static [Action] = std::slice::from_ref(Action::ALL.iter().find(|known| **known == action).unwrap());
    let person = Person { user_name: action.as_str(), full_name: action.label(), ..extra("", "", actions) };
    arrives(portal, person).await;
    let name = format!("one who holds {} alone", action.label());
    Asker::new(&name, Standing::Person(Role::of(&person, actions)), portal.signed_in(&person).await)
}

async fn arrives(portal: &Portal, person: Person) {
    let branch = batches::branch(portal, person.office).await;
    portal.institution.db.write(move |tx| add_person(tx, &By::operator("a test"), &person, &branch)).await.unwrap();
}

async fn of_elsewhere(portal: &Portal, elsewhere: &Portal, person: &Person) -> Tab {
    portal.stranger().with_cookies_of(&elsewhere.signed_in(person).await)
}

async fn deactivated(portal: &Portal) -> Tab {
    let tab = portal.signed_in(&WIN).await;
    // By the table, so that their session is still there: the pages' own way ends it too.
    run(&portal.institution.db, "UPDATE users SET is_active = FALSE WHERE user_name = 'win'").await;
    tab
}

async fn halfway(portal: &Portal) -> Tab {
    run(&portal.institution.db, "UPDATE users SET must_set_password = TRUE WHERE user_name = 'ei'").await;
    let mut tab = portal.stranger();
    tab.get("/sign-in").await;
    tab.post_form("/sign-in", &[("user_name", EI.user_name), ("password", cast::PASSWORD)]).await;
    tab
}

/// Granted everything a maker and a checker have, in both branches, until a minute ago.
async fn expired(portal: &Portal, clock: &ManualClock) -> Tab {
    let user = batches::actor(portal, &PHYO).await.id;
    let until = Some(clock.now().after(Duration::from_secs(60)));
    for office in [HLAING, MANDALAY] {
        let branch = batches::branch(portal, office).await;
        let grant = NewGrant { user: user.clone(), branch, actions: Action::ALL.to_vec(), until };
        let given = portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &grant).map_err(cast::refused));
        given.await.unwrap();
    }
    let tab = portal.signed_in(&PHYO).await;
    clock.advance(Duration::from_secs(120));
    tab
}
