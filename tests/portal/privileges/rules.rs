//! Whatever account managers do, in whatever order: the rules hold after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use outlay::audit::By;
use outlay::clock::{Clock, Instant, ManualClock};
use outlay::confirmations;
use outlay::db::schema::{branches, confirmations as asked, grants, users};
use outlay::db::{self, Conn, Db, WriteTx};
use outlay::ids::{BranchId, ConfirmationId, UserId};
use outlay::institutions::{self, Mode as Real};
use outlay::people::{self, Deactivation, Details, Edit};
use outlay::privileges::{self, Action, Actions, Answer, Authorise, ChangeRefusal, Held, Mode, Rights, Wanted, Way, useless_ever};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::cast::{self, EVERYBODY, NotSetUp};
use crate::support::database::TestDatabase;
use crate::support::portal::morning;

const OFFICES: usize = 2;

/// What somebody does; people and branches by their place in the cast.
#[derive(Debug, Clone)]
enum Step {
    Change { by: usize, of: usize, mode: Mode, offices: BTreeSet<usize>, actions: Actions, hours: Option<u64> },
    Copy { by: usize, of: usize, from: usize, mode: Mode },
    Wait { hours: u64 },
    Confirm { by: Option<usize>, which: usize },
    Refuse { by: usize, which: usize },
    Deactivate { by: Option<usize>, of: usize },
    Reactivate { by: Option<usize>, of: usize },
    Manage { by: Option<usize>, of: usize, shall: bool },
}

fn step() -> impl Strategy<Value = Step> {
    // Mostly the account managers act; the others try it too.
    let person = || 0..EVERYBODY.len();
    let actor = || prop_oneof![6 => 7..EVERYBODY.len(), 1 => 0..EVERYBODY.len()];
    let or_operator = move || option::weighted(0.8, actor());
    let mode = || select(Mode::ALL);
    prop_oneof![
        8 => (actor(), person(), mode(), btree_set(0..OFFICES, 1..=OFFICES), btree_set(select(Action::ALL), 0..6), option::of(1..60_u64))
            .prop_map(|(by, of, mode, offices, actions, hours)| Step::Change { by, of, mode, offices, actions, hours }),
        2 => (actor(), person(), person(), mode()).prop_map(|(by, of, from, mode)| Step::Copy { by, of, from, mode }),
        2 => (1..30_u64).prop_map(|hours| Step::Wait { hours }),
        5 => (or_operator(), 0..4_usize).prop_map(|(by, which)| Step::Confirm { by, which }),
        1 => (actor(), 0..4_usize).prop_map(|(by, which)| Step::Refuse { by, which }),
        1 => (or_operator(), person()).prop_map(|(by, of)| Step::Deactivate { by, of }),
        2 => (or_operator(), person()).prop_map(|(by, of)| Step::Reactivate { by, of }),
        3 => (or_operator(), person(), any::<bool>()).prop_map(|(by, of, shall)| Step::Manage { by, of, shall }),
    ]
}

impl Step {
    /// The one person whose rights it may change; `None`: anybody's.
    fn about(&self) -> Option<usize> {
        match self {
            Self::Change { of, .. }
            | Self::Copy { of, .. }
            | Self::Deactivate { of, .. }
            | Self::Reactivate { of, .. }
            | Self::Manage { of, .. } => Some(*of),
            Self::Wait { .. } | Self::Confirm { .. } | Self::Refuse { .. } => None,
        }
    }
}

/// An institution without a server.
struct House {
    db: Db,
    clock: Arc<ManualClock>,
    people: Vec<UserId>,
    offices: Vec<BranchId>,
    /// How often each kind of step was not refused.
    done: BTreeMap<&'static str, usize>,
    _database: TestDatabase,
}

impl House {
    async fn open() -> Self {
        let clock = Arc::new(ManualClock::at(morning()));
        let database = TestDatabase::new();
        let db = database.db(clock.clone());
        let set_up = db.write(|tx| {
            let by = By::operator("a test");
            institutions::create(tx, &by, Real::Training).map_err(cast::refused)?;
            cast::arrive(tx, &by)?;
            let conn: &mut Conn = tx;
            let known: Vec<(UserId, String)> = users::table.select((users::id, users::user_name)).load(conn).map_err(db::Error::from)?;
            let find = |name: &str| known.iter().find(|(_, known)| known == name).unwrap().0.clone();
            let offices = branches::table.order(branches::code).select(branches::id).load(conn).map_err(db::Error::from)?;
            Ok::<_, NotSetUp>((EVERYBODY.iter().map(|person| find(person.user_name)).collect::<Vec<_>>(), offices))
        });
        let (people, offices) = set_up.await.unwrap();
        Self { db, clock, people, offices, done: BTreeMap::new(), _database: database }
    }

    fn by(&self, who: Option<usize>) -> By {
        who.map_or_else(|| By::operator("a test"), |who| By::user(self.people[who].clone(), EVERYBODY[who].full_name.to_owned()))
    }

    /// Who administers now. A user changes that only by confirming.
    async fn managers(&self) -> Vec<UserId> {
        let managers = self.db.read(|conn: &mut Conn| people::account_managers(conn)).await.unwrap();
        managers.into_iter().map(|manager| manager.id).collect()
    }

    async fn take(&mut self, step: &Step) {
        let before = self.managers().await;
        self.go(step).await;
        if matches!(step, Step::Manage { by: Some(_), .. } | Step::Deactivate { by: Some(_), .. } | Step::Reactivate { by: Some(_), .. }) {
            assert_eq!(self.managers().await, before, "one person alone changed who administers: {step:?}");
        }
    }

    async fn go(&mut self, step: &Step) {
        let (name, went) = match step {
            Step::Change { by, of, mode, offices, actions, hours } => {
                let way = Way::Chosen {
                    mode: *mode,
                    branches: offices.iter().map(|office| self.offices[*office].clone()).collect(),
                    actions: actions.clone(),
                    until: hours.map(|hours| self.clock.now().after(Duration::from_secs(hours * 3600))),
                };
                ("change", self.change(*by, *of, way).await)
            }
            Step::Copy { by, of, from, mode } => {
                let way = Way::Copied { from: self.people[*from].clone(), mode: *mode };
                ("copy", self.change(*by, *of, way).await)
            }
            Step::Wait { hours } => {
                self.clock.advance(Duration::from_secs(hours * 3600));
                ("wait", true)
            }
            Step::Confirm { by, which } => {
                let by = self.by(*by);
                let Some(id) = self.waiting().await.into_iter().nth(*which) else { return };
                let confirmed = self.db.write(move |tx| confirmations::confirm(tx, &by, &id)).await;
                ("confirm", matches!(confirmed, Ok(confirmations::Confirmed::Done { .. })))
            }
            Step::Refuse { by, which } => {
                let by = self.by(Some(*by));
                let Some(id) = self.waiting().await.into_iter().nth(*which) else { return };
                ("refuse", self.db.write(move |tx| confirmations::refuse(tx, &by, &id, "No")).await.is_ok())
            }
            Step::Deactivate { by, of } => {
                let by = self.by(*by);
                let order = Deactivation { user: self.people[*of].clone(), reason: None, drafts: BTreeMap::new(), pauses: Vec::new() };
                ("deactivate", self.db.write(move |tx| people::deactivate(tx, &by, &order)).await.is_ok())
            }
            Step::Reactivate { by, of } => {
                let (by, user) = (self.by(*by), self.people[*of].clone());
                ("reactivate", self.db.write(move |tx| people::reactivate(tx, &by, &user)).await.is_ok())
            }
            Step::Manage { by, of, shall } => ("manage", self.manage(*by, *of, *shall).await),
        };
        if went {
            *self.done.entry(name).or_default() += 1;
        }
    }

    async fn change(&self, by: usize, of: usize, way: Way) -> bool {
        let (id, user, way) = (self.people[by].clone(), self.people[of].clone(), way);
        let verb = move |tx: &mut WriteTx<'_>| {
            let Some(actor) = people::actor(tx, &id)? else { return Err(ChangeRefusal::NoSuchUser) };
            let now = tx.now();
            let wanted = Wanted { user: user.clone(), way: way.clone(), seen: String::new(), both_hands: true };
            let seen = privileges::draft(tx, &actor.by(), &wanted, now)?.seen;
            privileges::change(tx, &actor, &Wanted { seen, ..wanted })
        };
        match self.db.write(verb).await {
            Err(ChangeRefusal::Db(error)) => panic!("{error}"),
            done => done.is_ok(),
        }
    }

    async fn manage(&self, by: Option<usize>, of: usize, shall: bool) -> bool {
        let (by, user, person) = (self.by(by), self.people[of].clone(), &EVERYBODY[of]);
        let details = Details::named(person.user_name, person.full_name).unwrap();
        let office = usize::from(person.office.code == cast::HLAING.code);
        let edit = Edit { user, details, branch: self.offices[office].clone(), is_account_manager: shall };
        self.db.write(move |tx| people::edit_user(tx, &by, &edit)).await.is_ok()
    }

    async fn waiting(&self) -> Vec<ConfirmationId> {
        let find = |conn: &mut Conn| {
            let waiting = asked::table.filter(asked::state.eq("waiting")).order((asked::asked_at, asked::id)).select(asked::id);
            Ok::<_, db::Error>(waiting.load(conn)?)
        };
        self.db.read(find).await.unwrap()
    }

    /// The rules, by what stands in the tables, and by what verbs would be allowed.
    async fn check(&self, step: &Step) {
        let (people, offices, now) = (self.people.clone(), self.offices.clone(), self.clock.now());
        let asked_about = step.about().map_or_else(|| people.clone(), |of| vec![people[of].clone()]);
        let broken = self.db.write(move |tx| Ok::<_, db::Error>(broken(tx, &people, &asked_about, &offices, now))).await.unwrap();
        assert!(broken.is_empty(), "after {step:?}:\n{}", broken.join("\n"));
    }
}

#[derive(Debug, Clone, Queryable)]
struct Grant {
    user: UserId,
    branch: BranchId,
    action: Action,
    given_by: String,
    until: Option<Instant>,
    confirmed_by: Option<String>,
}

fn in_force(conn: &mut Conn, now: Instant) -> Vec<Grant> {
    grants::table
        .filter(grants::ended_at.is_null())
        .filter(grants::from_at.le(now))
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .select((grants::user_id, grants::branch_id, grants::action, grants::given_by, grants::until_at, grants::confirmed_by))
        .load(conn)
        .unwrap()
}

/// `asked_about`: whose every action is asked of authorise, Rights and Why.
fn broken(tx: &mut WriteTx<'_>, people: &[UserId], asked_about: &[UserId], offices: &[BranchId], now: Instant) -> Vec<String> {
    let mut broken = Vec::new();
    let grants = in_force(tx, now);
    let conn: &mut Conn = tx;
    let managers: Vec<UserId> =
        users::table.filter(users::is_active.eq(true)).filter(users::is_account_manager.eq(true)).select(users::id).load(conn).unwrap();
    if managers.len() > people::ACCOUNT_MANAGERS_MAX {
        broken.push(format!("{} active account managers", managers.len()));
    }
    for grant in &grants {
        let own = grant.given_by == grant.user.as_str() || grant.confirmed_by.as_deref() == Some(grant.user.as_str());
        let by_person = people.iter().any(|person| person.as_str() == grant.given_by);
        let agreed = grant.confirmed_by.as_ref().is_some_and(|confirmer| *confirmer != grant.given_by);
        if own {
            broken.push(format!("given to oneself: {grant:?}"));
        }
        if grant.action.is_sensitive() && by_person && !agreed {
            broken.push(format!("in force by one person's word: {grant:?}"));
        }
    }
    let mut held: BTreeMap<(UserId, BranchId), Held> = BTreeMap::new();
    for grant in &grants {
        held.entry((grant.user.clone(), grant.branch.clone())).or_default().insert(grant.action, grant.until);
    }
    broken.extend(held.iter().filter_map(|(of, held)| Some(format!("{:?} with {held:?} of {of:?}", useless_ever(held)?))));
    for person in asked_about {
        let rights = Rights::load(tx, person, now).unwrap();
        for office in offices {
            let facts = privileges::facts(tx, person, office, now, now).unwrap();
            for action in Action::ALL {
                let may = tx.authorise(person, *action, office).is_ok();
                let told = privileges::why(&facts, *action, now);
                if may != matches!(told, Answer::Allowed(_)) || may != rights.has(*action, office) {
                    broken.push(format!(
                        "{person} {action:?}: authorise says {may}, rights say {}, why says {told:?}",
                        rights.has(*action, office)
                    ));
                }
                if may && managers.contains(person) && !action.is_for_account_managers() {
                    broken.push(format!("{person} manages accounts and holds {action:?}"));
                }
            }
        }
    }
    broken
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn the_rules_hold_after_any_sequence_of_steps(steps in vec(step(), 30..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut house = House::open().await;
            for step in &steps {
                house.take(step).await;
                house.check(step).await;
            }
            println!("{:?}", house.done);
        });
    }
}
