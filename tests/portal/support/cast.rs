//! The standing people of the stories, and where they work. All have the same password.

use std::sync::LazyLock;

use outlay::audit::By;
use outlay::branches::{self, NewBranch};
use outlay::db::{self, Failure, WriteTx};
use outlay::ids::BranchId;
use outlay::people::{self, Details, NewUser, PasswordHash};
use outlay::privileges::{self, Action, NewGrant};

pub const PASSWORD: &str = "Mingalaba-1";

#[derive(Debug, Clone, Copy)]
pub struct Office {
    pub code: &'static str,
    pub region: &'static str,
    pub township: &'static str,
}

pub const HLAING: Office = Office { code: "YGN-01", region: "Yangon", township: "Hlaing" };
pub const MANDALAY: Office = Office { code: "MDY-01", region: "Mandalay", township: "Chanayethazan" };

#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub user_name: &'static str,
    pub full_name: &'static str,
    /// Where they work, and hold their actions.
    pub office: Office,
    pub actions: &'static [Action],
    pub is_account_manager: bool,
}

const MAKES: &[Action] = &[
    Action::MakePayment,
    Action::DeletePayment,
    Action::MakePayroll,
    Action::MakeLoanDisbursement,
    Action::DownloadPayment,
    Action::ViewPayroll,
    Action::ViewLoanDisbursement,
];
const DECIDES: &[Action] =
    &[Action::ApprovePayment, Action::RejectPayment, Action::DownloadPayment, Action::ViewPayroll, Action::ViewLoanDisbursement];
const LOOKS: &[Action] = &[Action::DownloadPayment, Action::ViewPayroll, Action::ViewLoanDisbursement];

const fn person(user_name: &'static str, full_name: &'static str, office: Office, actions: &'static [Action]) -> Person {
    Person { user_name, full_name, office, actions, is_account_manager: false }
}

/// Makers.
pub const THIRI: Person = person("thiri", "Ma Thiri", HLAING, MAKES);
pub const ZAW: Person = person("zaw", "Ko Zaw Win", MANDALAY, MAKES);
/// Checkers; two in Hlaing, who may decide at the same moment.
pub const HLA: Person = person("hla", "Daw Hla Hla", HLAING, DECIDES);
pub const SU: Person = person("su", "Daw Su Su", HLAING, DECIDES);
pub const MOE: Person = person("moe", "U Moe Kyaw", MANDALAY, DECIDES);
/// Branch managers.
pub const TUN: Person = person("tun", "U Tun Aung", HLAING, LOOKS);
pub const MYINT: Person = person("myint", "Daw Myint Myint", MANDALAY, LOOKS);
/// An account manager: sees no payment.
pub const AYE: Person = Person { is_account_manager: true, ..person("aye", "Daw Aye Aye Mon", HLAING, &[]) };

/// The other one, who confirms what the first asks for.
pub const KYI: Person = Person { is_account_manager: true, ..person("kyi", "U Kyi Win", MANDALAY, &[]) };

pub const EVERYBODY: [Person; 9] = [THIRI, ZAW, HLA, SU, MOE, TUN, MYINT, AYE, KYI];

/// Hashed once for all tests, as it takes its time on purpose.
static PASSWORD_HASH: LazyLock<PasswordHash> = LazyLock::new(|| PasswordHash::of_new(&PASSWORD.into(), "").unwrap());

/// A refusal of a verb that sets the stage; no test expects one.
#[derive(Debug, thiserror::Error)]
pub enum NotSetUp {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for NotSetUp {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

pub fn refused(error: impl std::fmt::Display) -> NotSetUp {
    NotSetUp::Refused(error.to_string())
}

/// Adds both branches and everybody, by the verbs an operator uses.
pub fn arrive(tx: &mut WriteTx<'_>, by: &By) -> Result<(), NotSetUp> {
    for office in [HLAING, MANDALAY] {
        let branch = add_branch(tx, by, office)?;
        for person in EVERYBODY.iter().filter(|person| person.office.code == office.code) {
            add_person(tx, by, person, &branch)?;
        }
    }
    Ok(())
}

fn add_branch(tx: &mut WriteTx<'_>, by: &By, office: Office) -> Result<BranchId, NotSetUp> {
    let new = NewBranch {
        code: office.code.to_owned(),
        region: office.region.to_owned(),
        township: office.township.to_owned(),
        name: office.township.to_owned(),
    };
    Ok(branches::add_branch(tx, by, &new).map_err(refused)?.id)
}

/// Adds a person to a branch, with their actions there.
pub fn add_person(tx: &mut WriteTx<'_>, by: &By, person: &Person, branch: &BranchId) -> Result<(), NotSetUp> {
    let new = NewUser {
        details: Details::named(person.user_name, person.full_name).map_err(|wrong| refused(format!("{wrong:?}")))?,
        branch: branch.clone(),
        is_account_manager: person.is_account_manager,
        password: PASSWORD_HASH.clone(),
        must_set_password: false,
    };
    let user = people::add_user(tx, by, &new).map_err(refused)?;
    if person.actions.is_empty() {
        return Ok(());
    }
    let grant = NewGrant { user: user.id, branch: branch.clone(), actions: person.actions.to_vec(), until: None };
    privileges::grant(tx, by, &grant).map_err(refused)
}
