//! `outlay admin institutions`: what the operator does from the command line, beside a running server.

use std::path::Path;

use crate::support::database::{Engine, TestDatabase};
use crate::support::process::{Ended, outlay, run};

/// A registry of two institutions that were just made.
struct Registry {
    folder: tempfile::TempDir,
    _databases: [TestDatabase; 2],
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
        let registry = Self { folder, _databases: databases };
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
    assert!(audit.out.contains("institution") || audit.status.code().is_some(), "{audit:?}");
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
