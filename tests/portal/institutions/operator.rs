//! `outlay admin institutions`: what the operator does from the command line, beside a running server.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use diesel::prelude::*;
use outlay::audit::By;
use outlay::clock::SystemClock;
use outlay::confirmations::{self, Change};
use outlay::db::schema::second_factors;
use outlay::db::{self, Conn, Db, WriteTx};
use outlay::people::{self, User};

use crate::support::cast::PASSWORD;
use crate::support::database::{Engine, TestDatabase};
use crate::support::process::{Ended, outlay, run};

/// A registry of two institutions that were just made.
struct Registry {
    folder: tempfile::TempDir,
    databases: [TestDatabase; 2],
}

const UPENDO: &str = "# Known to everybody in Hlaing\nname = 'Upendo'\nmode = 'live'\nhosts = ['pay.upendo.example'] # on every slip\n\
    public_url = 'https://pay.upendo.example'\nkey_file = 'upendo.key'\nepoch_file = 'upendo.epoch'\n";

impl Registry {
    fn new() -> Self {
        let (folder, databases) = (tempfile::tempdir().unwrap(), [TestDatabase::new(), TestDatabase::new()]);
        let upendo = format!("{UPENDO}database = '{}'\n", databases[0].url_text());
        let zabu = UPENDO.replace("Upendo", "Zabu").replace("upendo", "zabu");
        let zabu = format!("{zabu}database = '{}'\n", databases[1].url_text());
        std::fs::write(folder.path().join("upendo.toml"), upendo).unwrap();
        std::fs::write(folder.path().join("zabu.toml"), zabu).unwrap();
        let registry = Self { folder, databases };
        for name in ["Upendo", "Zabu"] {
            let made = registry.admin(&["--institution", name, "add-institution"]);
            assert!(made.status.success(), "{made:?}");
        }
        registry
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn admin(&self, arguments: &[&str]) -> Ended {
        let mut command = outlay(["--log", "error", "admin", "--registry", self.path().to_str().unwrap()]);
        // The server of the tests may forget a commit, which is refused elsewhere.
        run(command.args(arguments).env("OUTLAY_REHEARSAL_FORGETS", "yes"))
    }

    /// The same for Upendo, which must succeed; returns what it said.
    fn done(&self, arguments: &[&str]) -> String {
        let ended = self.admin(&[&["--institution", "Upendo"], arguments].concat());
        assert!(ended.status.success(), "{arguments:?}: {ended:?}");
        ended.out
    }

    /// The same, where it must be refused; returns why.
    fn refused(&self, arguments: &[&str]) -> String {
        let ended = self.admin(&[&["--institution", "Upendo"], arguments].concat());
        assert!(!ended.status.success(), "{arguments:?}: {ended:?}");
        ended.err
    }

    /// Adds a person, whose first password comes over standard input.
    fn add_user(&self, user_name: &str, full_name: &str, more: &[&str]) {
        let mut command = outlay(["--log", "error", "admin", "--registry", self.path().to_str().unwrap()]);
        command.args(["--institution", "Upendo", "add-user", user_name, "--full-name", full_name, "--branch", "YGN-01"]).args(more);
        let mut child = command.env("OUTLAY_REHEARSAL_FORGETS", "yes").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// The database of Upendo, as a server beside would have it open.
    fn db(&self) -> Db {
        self.databases[0].db(Arc::new(SystemClock::new()))
    }
}

#[test]
fn institutions_are_listed_suspended_and_resumed() {
    let registry = Registry::new();
    let listed = registry.admin(&["institutions", "list"]);
    let engine = if Engine::under_test() == Engine::Sqlite { "SQLite" } else { "PostgreSQL" };
    assert!(listed.out.contains(&format!("Upendo (live, {engine}): pay.upendo.example")), "{listed:?}");
    assert_eq!(listed.out.matches("open, database up to date, nobody has signed in lately").count(), 2, "{listed:?}");

    let suspended = registry.admin(&["institutions", "suspend", "Zabu", "--because", "Bills are open"]);
    assert!(suspended.status.success() && suspended.out.contains("notice within 10 seconds"), "{suspended:?}");
    let listed = registry.admin(&["institutions", "list"]);
    assert!(listed.out.contains("suspended, ") && listed.out.contains("open, "), "{listed:?}");
    let twice = registry.admin(&["institutions", "suspend", "Zabu", "--because", "Again"]);
    assert!(!twice.status.success() && twice.err.contains("suspended already"), "{twice:?}");
    assert!(registry.admin(&["institutions", "resume", "Zabu"]).status.success());
    let nobody = registry.admin(&["institutions", "resume", "Nobody"]);
    assert!(nobody.err.contains("no institution «Nobody»") && nobody.err.contains("Upendo, Zabu"), "{nobody:?}");
    let audit = registry.admin(&["--institution", "Zabu", "verify-audit"]);
    assert!(audit.status.success(), "{audit:?}");
    let number = |after: &str| audit.out.split(after).next().unwrap().rsplit(' ').next().unwrap().parse::<i64>().unwrap();
    // Set up, suspended and resumed; nobody seals them while no server runs.
    assert_eq!((number(" events sealed"), number(" waiting")), (0, 3), "{audit:?}");
}

#[test]
fn a_host_is_renamed_in_its_file_and_nothing_else_in_it() {
    let registry = Registry::new();
    let before = std::fs::read_to_string(registry.path().join("upendo.toml")).unwrap();
    let taken = registry.admin(&["institutions", "rename-host", "Upendo", "pay.upendo.example", "pay.zabu.example"]);
    assert!(taken.err.contains("belongs to Zabu already"), "{taken:?}");
    let wrong = registry.admin(&["institutions", "rename-host", "Upendo", "pay.upendo.example", "Pay.Upendo.Example:80"]);
    assert!(wrong.err.contains("lower case"), "{wrong:?}");
    let unknown = registry.admin(&["institutions", "rename-host", "Upendo", "www.upendo.example", "new.upendo.example"]);
    assert!(unknown.err.contains("does not list"), "{unknown:?}");
    assert_eq!(std::fs::read_to_string(registry.path().join("upendo.toml")).unwrap(), before);

    let renamed = registry.admin(&["institutions", "rename-host", "Upendo", "pay.upendo.example", "money.upendo.example"]);
    assert!(renamed.status.success() && renamed.out.contains("once its servers have been restarted"), "{renamed:?}");
    let after = std::fs::read_to_string(registry.path().join("upendo.toml")).unwrap();
    assert_eq!(after.replace('"', "'"), before.replace("pay.upendo.example", "money.upendo.example"));
    assert!(registry.admin(&["institutions", "list"]).out.contains("money.upendo.example"));
    let left = std::fs::read_dir(registry.path()).unwrap().filter(|file| file.as_ref().unwrap().path().to_string_lossy().ends_with("new"));
    assert_eq!(left.count(), 0, "no half-written file stays");
}

async fn person(db: &Db, user_name: &'static str) -> User {
    db.read(move |conn| people::find_by_name(conn, user_name)).await.unwrap().unwrap()
}

/// They have an authenticator app.
async fn with_an_app(db: &Db, user: &User) {
    let id = user.id.clone();
    let written = db.write(move |tx| {
        let now = tx.now();
        diesel::insert_into(second_factors::table)
            .values((
                (second_factors::user_id.eq(&id), second_factors::version.eq(1), second_factors::state.eq("active")),
                (second_factors::key_id.eq("k"), second_factors::secret.eq(vec![1_u8, 2]), second_factors::first_at.eq(now)),
                (second_factors::confirmed_at.eq(now), second_factors::last_step.eq(0_i64), second_factors::wrong_codes.eq(0)),
            ))
            .execute(&mut **tx)?;
        Ok::<_, db::Error>(())
    });
    written.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_stands_in_for_account_managers_who_cannot_act() {
    let registry = Registry::new();
    registry.done(&["add-branch", "YGN-01", "--region", "Yangon", "--township", "Hlaing", "--name", "Branch 1"]);
    registry.add_user("aye", "Daw Aye Aye Mon", &["--account-manager"]);
    registry.add_user("kyi", "U Kyi Win", &["--account-manager"]);
    registry.add_user("hla", "Daw Hla Hla", &[]);
    assert!(registry.done(&["confirmations"]).contains("Nothing waits."));
    let db = registry.db();
    let (aye, hla) = (person(&db, "aye").await, person(&db, "hla").await);
    let by = By::user(aye.id.clone(), aye.full_name.clone());
    let about = hla.id.clone();
    let asked = db.write(move |tx: &mut WriteTx<'_>| confirmations::ask(tx, &by, Some(&about), &Change::PasswordCode)).await.unwrap();

    // There is another account manager, whose word it is.
    let listed = registry.done(&["confirmations"]);
    assert!(listed.contains(asked.as_str()) && listed.contains("Daw Hla Hla (hla)"), "{listed}");
    assert!(listed.contains("asked by Daw Aye Aye Mon; decided by U Kyi Win"), "{listed}");
    assert!(registry.refused(&["confirm", asked.as_str()]).contains("U Kyi Win can decide on this, so the operator does not"));

    // A third is not made; one who is gone is replaced, and told apart by a code that sets a password.
    let nu = ["recover", "nu", "--full-name", "Ma Nu", "--branch", "YGN-01"];
    assert!(registry.refused(&nu).contains("Daw Aye Aye Mon and U Kyi Win are active account managers"));
    let recovered = registry.done(&[&nu[..], &["--instead-of", "kyi"]].concat());
    assert!(recovered.contains("Ma Nu (nu) is an account manager"), "{recovered}");
    let code = recovered.trim_end().rsplit(' ').next().unwrap().trim();
    assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4], "{recovered}");
    let managers = db.read(|conn: &mut Conn| people::account_managers(conn)).await.unwrap();
    assert_eq!(managers.iter().map(|one| one.user_name.as_str()).collect::<Vec<_>>(), ["aye", "nu"]);

    // Nobody but who asked is left: the operator's word counts, once.
    assert!(registry.refused(&["confirm", asked.as_str()]).contains("Ma Nu can decide"));
    crate::support::database::run(&db, "UPDATE users SET is_active = FALSE WHERE user_name = 'nu'").await;
    assert!(registry.done(&["confirm", asked.as_str()]).contains("Confirmed."));
    assert!(registry.refused(&["confirm", asked.as_str()]).contains("does not wait any more"));

    assert!(registry.refused(&["reset-second-factor", "aye"]).contains("no second factor that could be reset"));
    with_an_app(&db, &aye).await;
    let reset = registry.done(&["reset-second-factor", "aye"]);
    assert!(reset.contains("Tell them this one-time code: "), "{reset}");
    assert!(registry.done(&["institutions", "list"]).contains("nobody has signed in lately"));
    assert!(registry.done(&["verify-audit"]).contains("waiting"));
}
