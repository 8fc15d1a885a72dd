//! The demo as a newcomer starts it: the real program, with nothing set up.

use std::path::{Path, PathBuf};
use std::process::Command;

use outlay::db::{self, Access, Conn, DatabaseUrl};
use serde_json::Value;

use crate::support::database::{Engine, TestDatabase};
use crate::support::process::{Ended, Process, outlay, run};
use crate::support::tab::Tab;

/// A file beside the tests.
fn given(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

/// `outlay demo` with its data in a folder, and where this run is about PostgreSQL with a database there.
fn demo(data: &Path, database: Option<&TestDatabase>) -> Command {
    let mut command = outlay(["demo", "--data"]);
    // The servers that tests run on need not survive a power failure.
    command.arg(data).env("OUTLAY_REHEARSAL_FORGETS", "yes");
    if let Some(database) = database {
        command.args(["--database", &database.url_text()]);
    }
    command
}

fn pay(data: &Path, database: Option<&TestDatabase>, file: &Path, more: &[&str]) -> Ended {
    run(demo(data, database).args(["--json", "--run"]).arg(file).args(more))
}

/// A PostgreSQL database where this run is about one; the demo makes its own SQLite file.
fn database() -> Option<TestDatabase> {
    (Engine::under_test() == Engine::Postgres).then(TestDatabase::bare)
}

fn count(report: &Value, name: &str) -> u64 {
    report["counts"][name].as_u64().unwrap_or_else(|| panic!("no count «{name}» in {report}"))
}

/// The object on standard output, in which every count fits the rows.
fn report(ended: &Ended) -> Value {
    let report: Value = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", ended.out, ended.err));
    let rows = report["rows"].as_array().unwrap();
    let names = ["waiting", "paying", "succeeded", "failed", "in_doubt", "needs_attention", "cancelled", "excluded"];
    assert_eq!(names.iter().map(|name| count(&report, name)).sum::<u64>(), count(&report, "total"), "{report}");
    assert_eq!(u64::try_from(rows.len()).unwrap(), count(&report, "total"), "{report}");
    for name in ["succeeded", "failed", "in_doubt", "needs_attention", "cancelled", "excluded"] {
        let told = rows.iter().filter(|row| row["status"] == name).count();
        assert_eq!(u64::try_from(told).unwrap(), count(&report, name), "{name}: {report}");
    }
    report
}

/// Pays a file in a demo of its own, to the end.
fn paid(file: &str, more: &[&str]) -> Value {
    let (data, database) = (tempfile::tempdir().unwrap(), database());
    let ended = pay(data.path(), database.as_ref(), &given(file), more);
    assert!(ended.status.success(), "{}\n{}\n{}", ended.status, ended.out, ended.err);
    let report = report(&ended);
    assert_eq!(report["status"], "processed");
    assert!(report["transfers_per_second"].as_f64().unwrap() > 0.0 && report["seconds"].is_number(), "{report}");
    assert_eq!(report["reference"].as_str().unwrap().len(), 8);
    report
}

fn assert_all_paid(report: &Value, rows: u64, first_line: u64) {
    assert_eq!((count(report, "succeeded"), count(report, "total")), (rows, rows), "{report}");
    for (row, line) in report["rows"].as_array().unwrap().iter().zip(first_line..) {
        assert_eq!((row["line"].as_u64(), row["status"].as_str()), (Some(line), Some("succeeded")), "{row}");
        assert_eq!(row["transfer_id"].as_str().map(str::len), Some(36), "{row}");
        assert!(row["code"].is_null() && row["reason"].is_null(), "{row}");
    }
}

#[test]
fn a_filled_in_payroll_is_paid() {
    let report = paid("payroll.csv", &[]);
    assert_all_paid(&report, 12, 2);
    assert_eq!(report["rows"][0]["reference"], "OCT-001");
}

#[test]
fn filled_in_loans_are_paid() {
    let report = paid("loan-disbursement.csv", &["--type", "loan-disbursement"]);
    assert_all_paid(&report, 12, 2);
}

#[test]
fn files_of_payment_hub_are_paid() {
    assert_all_paid(&paid("payment-hub-accounts.csv", &[]), 10, 2);
    assert_all_paid(&paid("payment-hub-phones.csv", &[]), 8, 2);
}

#[test]
fn what_the_network_refuses_is_told_row_by_row() {
    let (data, database) = (tempfile::tempdir().unwrap(), database());
    let file = data.path().join("wages.csv");
    let header = "reference,payee_name,id_type,id_value,to_fsp,amount,currency";
    std::fs::write(&file, format!("{header}\nA,Daw Mya,MSISDN,09770123456,,1000,MMK\nB,U Ba,MSISDN,09770129003,,2000,MMK\n")).unwrap();
    let ended = pay(data.path(), database.as_ref(), &file, &[]);
    assert!(ended.status.success(), "a failed payment is an outcome like another: {}", ended.err);
    let report = report(&ended);
    assert_eq!((count(&report, "succeeded"), count(&report, "failed")), (1, 1));
    let refused = &report["rows"][1];
    assert_eq!(
        (refused["reference"].as_str(), refused["status"].as_str(), refused["code"].as_str()),
        (Some("B"), Some("failed"), Some("5104"))
    );
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{refused}");
    // Without --json, the same as a table.
    let table = run(demo(data.path(), database.as_ref()).arg("--run").arg(&file));
    assert!(table.status.success(), "{}", table.err);
    assert!(table.out.contains("is processed: 2 payments") && table.out.contains("5104"), "{}", table.out);
}

#[test]
fn a_file_with_errors_is_not_paid() {
    let (data, database) = (tempfile::tempdir().unwrap(), database());
    let ended = pay(data.path(), database.as_ref(), &given("payment-hub-refused.csv"), &[]);
    assert_eq!((ended.status.code(), ended.out.as_str()), (Some(1), ""));
    for words in ["line 2", "closedloop", "line 3", "363", "nothing was paid"] {
        assert!(ended.err.contains(words), "«{words}» is not in\n{}", ended.err);
    }
    let missing = pay(data.path(), database.as_ref(), &given("no-such-file.csv"), &[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(missing.err.contains("cannot read") && missing.err.contains("no-such-file.csv"), "{}", missing.err);
}

#[test]
fn who_does_not_wait_is_told_what_is_open() {
    let (data, database) = (tempfile::tempdir().unwrap(), database());
    let ended = pay(data.path(), database.as_ref(), &given("payroll.csv"), &["--wait", "0"]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    let report = report(&ended);
    assert!(count(&report, "waiting") + count(&report, "paying") > 0, "{report}");
    assert!(ended.err.contains("after 0 s the batch is not Processed"), "{}", ended.err);
}

#[tokio::test]
async fn a_second_start_keeps_the_data() {
    let (data, database) = (tempfile::tempdir().unwrap(), database());
    let first = pay(data.path(), database.as_ref(), &given("payroll.csv"), &[]);
    let reference = report(&first)["reference"].as_str().unwrap().to_owned();
    let mut process = Process::start(demo(data.path(), database.as_ref()).args(["--port", "0"]), data.path());
    let line = process.says("Outlay is open at http://127.0.0.1:");
    let address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    for sign_in in ["maker", "checker", "manager", "accounts"] {
        process.says(sign_in);
    }
    process.says("What to try");
    let mut maker = Tab::at(address, "127.0.0.1");
    maker.get("/sign-in").await;
    maker.post_form("/sign-in", &[("user_name", "maker"), ("password", "Mingalaba-1")]).await.assert_status(200);
    maker.get("/search/batches").await.assert_status(200).assert_says(&reference).assert_says("Processed");
    let mut stranger = Tab::at(address, "pay.example.org");
    assert_eq!(stranger.get("/sign-in").await.status, 421, "it answers only 127.0.0.1 and localhost");
    assert!(process.stop().success(), "{}", process.said());
}

#[test]
fn a_taken_port_is_named() {
    let data = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(demo(data.path(), None).args(["--port", &port]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.err.contains(&format!("cannot listen on 127.0.0.1:{port}")) && ended.err.contains("--port 0"), "{}", ended.err);
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "and nothing was made");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // A file where a folder is asked for: root may write into any folder.
    let file = folder.path().join("data");
    std::fs::write(&file, "").unwrap();
    let ended = run(demo(&file, None).args(["--port", "0"]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.err.contains("cannot write to") && ended.err.contains("--data"), "{}", ended.err);
}

#[test]
fn a_second_process_on_the_same_file_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let mut first = Process::start(demo(data.path(), None).args(["--port", "0"]), data.path());
    first.says("Outlay is open");
    let second = run(demo(data.path(), None).args(["--port", "0"]));
    assert_eq!(second.status.code(), Some(1));
    assert!(second.err.contains("another Outlay process works on") && second.err.contains("outlay.sqlite3"), "{}", second.err);
    // What died lets go of it.
    first.kill();
    let mut third = Process::start(demo(data.path(), None).args(["--port", "0"]), data.path());
    third.says("Outlay is open");
}

/// The demo's SQLite file after one start.
fn made(data: &Path) -> Conn {
    let mut process = Process::start(demo(data, None).args(["--port", "0"]), data);
    process.says("Outlay is open");
    process.kill();
    Conn::open(&DatabaseUrl::Sqlite(data.join("training/outlay.sqlite3")), Access::Write).unwrap()
}

#[test]
fn a_newer_database_is_refused() {
    let data = tempfile::tempdir().unwrap();
    db::batch_execute(&mut made(data.path()), "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')").unwrap();
    let ended = run(demo(data.path(), None).args(["--port", "0"]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.err.contains("made by a newer Outlay") && ended.err.contains("29990101000000"), "{}", ended.err);
}

#[test]
fn an_older_database_is_brought_up_to_date_by_the_demo_and_refused_by_serve() {
    let folder = tempfile::tempdir().unwrap();
    let database = DatabaseUrl::Sqlite(folder.path().join("training/outlay.sqlite3"));
    std::fs::create_dir(folder.path().join("training")).unwrap();
    let DatabaseUrl::Sqlite(path) = &database else { unreachable!() };
    // As old as can be: no step was ever taken.
    db::create_sqlite(path).unwrap();
    std::fs::write(folder.path().join("key"), "0123456789abcdef".repeat(4)).unwrap();
    let settings = "name = 'Upendo'\nmode = 'training'\nhosts = ['localhost']\npublic_url = 'http://localhost'\n\
        database = 'sqlite:training/outlay.sqlite3'\nkey_file = 'key'\nepoch_file = 'epoch'\n";
    std::fs::write(folder.path().join("upendo.toml"), settings).unwrap();
    let served = run(outlay(["serve", "--listen", "127.0.0.1:0", "--registry"]).arg(folder.path()));
    assert_eq!(served.status.code(), Some(1));
    assert!(served.err.contains("older than this Outlay") && served.err.contains("outlay migrate"), "{}", served.err);
    let mut process = Process::start(demo(folder.path(), None).args(["--port", "0"]), folder.path());
    process.says("Outlay is open");
}

#[test]
fn serve_names_every_setting() {
    let help = run(&mut outlay(["serve", "--help"]));
    assert!(help.status.success());
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md")).unwrap();
    for (argument, variable) in [
        ("--registry", "OUTLAY_REGISTRY"),
        ("--listen", "OUTLAY_LISTEN"),
        ("--proxies", "OUTLAY_PROXIES"),
        ("--threads", "OUTLAY_THREADS"),
        ("--log", "OUTLAY_LOG"),
        ("--log-json", "OUTLAY_LOG_JSON"),
    ] {
        assert!(help.out.contains(argument) && help.out.contains(variable), "{argument}, {variable}: {}", help.out);
        assert!(page.contains(argument) && page.contains(variable), "docs/settings.md is silent about {argument}, {variable}");
    }
    // Nothing it takes is missing from the list above, or from the documentation.
    for word in help.out.split_whitespace().filter(|word| word.starts_with("[env:") || word.starts_with("OUTLAY_")) {
        let name = word.trim_matches(|c: char| !c.is_ascii_uppercase() && c != '_');
        assert!(name.is_empty() || page.contains(&format!("`{name}`")), "docs/settings.md is silent about {name}");
    }
}
