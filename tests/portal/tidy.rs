//! The house rules as code: each is a function from a file to complaints, and a sample shows that it complains.

use std::path::Path;
use std::process::Command;

use crate::tidy_source::{Literal, Source};

const LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// Files that are longer, and why. One that is short again must leave this list.
const LONG_FILES: &[(&str, &str)] = &[("src/db/schema.rs", "one list of all tables, as diesel wants it")];

/// Functions that are longer, and why. One that is short again must leave this list.
const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[("src/audit/what.rs", "label", "one line for each kind of event")];

/// Files besides each room's `store.rs` that speak to the database, and why.
const SPEAK_TO_THE_DATABASE: &[(&str, &str)] = &[];

/// Files besides `src/clock.rs` that ask for the time, and why.
const ASK_FOR_THE_TIME: &[(&str, &str)] = &[];

/// Tests that look again after a while, and why.
const LOOK_AGAIN: &[(&str, &str)] = &[
    ("tests/portal/crash.rs", "a wire is cut, and a disk is full, for a while"),
    ("tests/portal/crash/crew.rs", "whether another process died can only be seen by looking; and it is down or stopped for a while"),
    ("tests/portal/crash/two_workers.rs", "how far another process is can only be seen in the database"),
    ("tests/portal/crash/wire.rs", "a slow wire takes its time"),
    ("tests/portal/institutions/connections.rs", "that a worker keeps no connection open can only be seen by watching for a while"),
    ("tests/portal/sdk/real/house.rs", "whether another program is up, and how far it is, can only be seen by looking"),
    ("tests/portal/support/browser.rs", "Chromium does not tell when a page has changed"),
];

/// Modules that are not rooms: everyone may use the first ones, and the last ones may use everyone.
const VALUES: &[&str] = &["clock", "db", "ids", "money", "words"];
const ABOVE_THE_ROOMS: &[&str] = &["src/main.rs", "src/app.rs", "src/worker.rs", "src/worker/", "src/roles/"];

type Rule = fn(&Source) -> Vec<String>;

/// Each rule, and a file that breaks it.
const RULES: &[(&str, Rule, &str, &str)] = &[
    ("nothing unsafe", nothing_unsafe, "src/a/b.rs", "fn f() { unsafe { g() } }"),
    ("nothing unwrapped", nothing_unwrapped, "src/a/b.rs", "fn f() { g().unwrap(); }"),
    ("nothing unwrapped", nothing_unwrapped, "src/a/b.rs", "fn f() { g().expect(\"x\"); }"),
    ("time is injected", time_is_injected, "src/a/b.rs", "fn f() { std::time::Instant::now(); }"),
    ("time is injected", time_is_injected, "src/a/b.rs", "fn f() { SystemTime::now(); }"),
    ("no test sleeps", no_test_sleeps, "tests/portal/b.rs", "fn f() { std::thread::sleep(d); }"),
    ("only pages see the web", only_pages_see_the_web, "src/a/approve.rs", "use crate::web::Flash;"),
    ("only pages see the web", only_pages_see_the_web, "src/a/approve.rs", "use crate::{db, web::Flash};"),
    ("the database knows no room", the_database_knows_no_room, "src/db/write.rs", "use crate::people::User;"),
    ("only stores speak to the database", only_stores_speak_to_the_database, "src/a/approve.rs", "use diesel::prelude::*;"),
    (
        "only stores speak to the database",
        only_stores_speak_to_the_database,
        "src/a/approve.rs",
        "fn f(t: &mut WriteTx) { diesel::delete(x) }",
    ),
    ("writes need a WriteTx", writes_need_a_write_tx, "src/a/store.rs", "fn f(c: &mut Conn) { diesel::update(x) }"),
    ("writes need a WriteTx", writes_need_a_write_tx, "src/a/store.rs", "fn f(c: &mut Conn) { on!(c, c => diesel::insert_into(x)) }"),
    ("writes need a WriteTx", writes_need_a_write_tx, "src/a/store.rs", "fn f(c: &mut Conn) { sql_query(\"UPDATE t SET a = 1\") }"),
    ("writes need a WriteTx", writes_need_a_write_tx, "src/a/approve.rs", "const SQL: &str = \"DELETE FROM t\";"),
    ("writes need a WriteTx", writes_need_a_write_tx, "src/a/store.rs", "use diesel::{update, QueryDsl};"),
];

#[test]
fn the_house_rules_hold() {
    let files = rust_files();
    let mut complaints = Vec::new();
    for (name, rule, _, _) in RULES {
        complaints.extend(files.iter().flat_map(rule).map(|complaint| format!("{name}: {complaint}")));
    }
    complaints.sort();
    complaints.dedup();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn each_rule_sees_what_breaks_it() {
    for (name, rule, path, text) in RULES {
        assert!(!rule(&Source::of(path, *text)).is_empty(), "«{name}» has nothing against {text}");
        let in_its_tests = format!("#[cfg(test)]\nmod tests {{ {text} }}");
        assert!(rule(&Source::of(path, in_its_tests)).is_empty(), "«{name}» minds a test: {text}");
    }
}

#[test]
fn files_and_functions_are_short() {
    let (mut files, mut functions) = (Vec::new(), Vec::new());
    for source in rust_files() {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            files.push((source.path.clone(), lines));
        }
        for function in &source.functions {
            let lines = source.line(function.all.end) - source.line(function.all.start) + 1;
            if lines > FUNCTION_LINES_MAX {
                functions.push((source.path.clone(), function.name.clone(), lines));
            }
        }
    }
    files.retain(|(path, _)| !LONG_FILES.iter().any(|(allowed, _)| allowed == path));
    functions.retain(|(path, name, _)| !LONG_FUNCTIONS.iter().any(|(file, function, _)| file == path && function == name));
    assert!(files.is_empty() && functions.is_empty(), "longer than {LINES_MAX} and {FUNCTION_LINES_MAX} lines: {files:#?} {functions:#?}");
}

#[test]
fn no_exception_has_outlived_its_reason() {
    let files = rust_files();
    let find = |path: &str| files.iter().find(|source| source.path == path).unwrap_or_else(|| panic!("{path} is gone"));
    for (path, why) in LONG_FILES {
        assert!(find(path).text.lines().count() > LINES_MAX && !why.is_empty(), "{path} is short now");
    }
    for (path, name, why) in LONG_FUNCTIONS {
        let source = find(path);
        let long = |lines: usize| lines > FUNCTION_LINES_MAX;
        let mut named = source.functions.iter().filter(|function| function.name == *name);
        assert!(
            named.any(|function| long(source.code[function.all.clone()].lines().count())) && !why.is_empty(),
            "{path}: {name} is short now"
        );
    }
    let lists = [(SPEAK_TO_THE_DATABASE, words_of_the_database as Rule), (ASK_FOR_THE_TIME, words_of_time), (LOOK_AGAIN, words_of_sleep)];
    for (list, words) in lists {
        for (path, why) in list {
            assert!(!words(find(path)).is_empty() && !why.is_empty(), "{path} needs its exception no more: {why}");
        }
    }
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    // Taken apart, so that this file does not find itself.
    let traces =
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("C:\\Us", "ers"), concat!("/home/", "user")];
    let mut found = Vec::new();
    for path in tracked_files() {
        let Ok(text) = std::fs::read_to_string(top().join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if traces.iter().any(|trace| line.contains(trace)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_architecture_prints_the_allow_tables_of_the_code() {
    let page = std::fs::read_to_string(top().join("ARCHITECTURE.md")).unwrap();
    let batch = allow_table("batch", outlay::batches::State::ALL, outlay::batches::MOVES, |state| state.as_str());
    let transfer = allow_table("transfer", outlay::dispatch::TransferState::ALL, outlay::dispatch::MOVES, |state| state.as_str());
    let (states, moves) = (outlay::resolutions::State::ALL, outlay::resolutions::State::MOVES);
    let resolution = allow_table("resolution", states, moves, |state| state.as_str());
    for table in [batch, transfer, resolution] {
        assert!(page.contains(&table), "ARCHITECTURE.md must print this table:\n{table}");
    }
}

/// The allow-table as ARCHITECTURE.md prints it, a line a state.
fn allow_table<S: Copy + PartialEq>(what: &str, all: &[S], moves: &[(S, S)], name: fn(S) -> &'static str) -> String {
    let mut table = format!("| {what} | may become |\n|---|---|\n");
    for state in all {
        let next: Vec<_> = moves.iter().filter(|(from, _)| from == state).map(|(_, to)| format!("`{}`", name(*to))).collect();
        let next = if next.is_empty() { "nothing".to_owned() } else { next.join(", ") };
        table.push_str(&format!("| `{}` | {next} |\n", name(*state)));
    }
    table
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tracked_files() -> Vec<String> {
    let listed = Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(top()).output().unwrap();
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let mut files: Vec<_> = String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    files.retain(|path| top().join(path).is_file());
    assert!(files.iter().any(|path| path == "tests/portal/tidy.rs"));
    files
}

fn rust_files() -> Vec<Source> {
    let files = tracked_files().into_iter().filter(|path| path.ends_with(".rs"));
    files.map(|path| Source::read(top(), &path)).collect()
}

fn is_product(source: &Source) -> bool {
    source.is_under("src")
}

fn places(source: &Source, words: &[&str]) -> Vec<String> {
    words.iter().flat_map(|words| source.finds(words).into_iter().map(move |at| format!("{}: {words}", source.place(at)))).collect()
}

fn nothing_unsafe(source: &Source) -> Vec<String> {
    if is_product(source) { places(source, &["unsafe {", "unsafe fn", "unsafe impl"]) } else { Vec::new() }
}

fn nothing_unwrapped(source: &Source) -> Vec<String> {
    if is_product(source) { places(source, &[".unwrap()", ".expect("]) } else { Vec::new() }
}

fn listed(list: &[(&str, &str)], source: &Source) -> bool {
    list.iter().any(|(path, _)| *path == source.path)
}

fn words_of_time(source: &Source) -> Vec<String> {
    places(source, &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now"])
}

fn time_is_injected(source: &Source) -> Vec<String> {
    let may = !is_product(source) || source.path == "src/clock.rs" || listed(ASK_FOR_THE_TIME, source);
    if may { Vec::new() } else { words_of_time(source) }
}

fn words_of_sleep(source: &Source) -> Vec<String> {
    places(source, &["sleep("])
}

fn no_test_sleeps(source: &Source) -> Vec<String> {
    if source.is_under("tests") && !listed(LOOK_AGAIN, source) { words_of_sleep(source) } else { Vec::new() }
}

fn only_pages_see_the_web(source: &Source) -> Vec<String> {
    let may = source.is_named("pages.rs")
        || source.path.contains("/pages/")
        || source.is_under("src/web")
        || ABOVE_THE_ROOMS.iter().any(|above| source.path.starts_with(above))
        || !is_product(source);
    if may {
        return Vec::new();
    }
    source.uses().into_iter().filter(|(_, name)| name == "web").map(|(at, _)| format!("{}: uses crate::web", source.place(at))).collect()
}

fn the_database_knows_no_room(source: &Source) -> Vec<String> {
    if !source.is_under("src/db") {
        return Vec::new();
    }
    let mut uses = source.uses();
    uses.retain(|(_, name)| !VALUES.contains(&name.as_str()));
    uses.into_iter().map(|(at, name)| format!("{}: uses crate::{name}", source.place(at))).collect()
}

/// A store, the database itself, or a file of the list above.
fn may_speak_to_the_database(source: &Source) -> bool {
    let is_store = source.is_named("store.rs") || source.path.contains("/store/");
    is_store || source.is_under("src/db") || listed(SPEAK_TO_THE_DATABASE, source)
}

const WRITES: &[&str] = &[
    "diesel::insert_into(",
    "diesel::insert_or_ignore_into(",
    "diesel::replace_into(",
    "diesel::update(",
    "diesel::delete(",
    "copy_from(",
];

fn words_of_the_database(source: &Source) -> Vec<String> {
    let mut words = places(source, WRITES);
    words.extend(places(source, &["diesel::prelude", "RunQueryDsl", "sql_query("]));
    words
}

fn only_stores_speak_to_the_database(source: &Source) -> Vec<String> {
    if may_speak_to_the_database(source) || !is_product(source) { Vec::new() } else { words_of_the_database(source) }
}

/// Whether a text in the code is SQL that changes something.
fn writes(literal: &Literal) -> bool {
    let sql = &literal.text;
    sql.contains("INSERT INTO ") || sql.contains("DELETE FROM ") || (sql.contains("UPDATE ") && sql.contains(" SET "))
}

fn writes_need_a_write_tx(source: &Source) -> Vec<String> {
    if !is_product(source) || source.is_under("src/db") {
        return Vec::new();
    }
    let in_diesel = WRITES.iter().flat_map(|words| source.finds(words));
    let sql = source.literals.iter().filter(|literal| writes(literal) && literal.at < source.end_of_product()).map(|literal| literal.at);
    let unproven = |at: &usize| match source.function_around(*at) {
        Some(function) => !function.signature.contains("WriteTx"),
        None => !may_speak_to_the_database(source),
    };
    let mut complaints: Vec<_> = in_diesel
        .chain(sql)
        .filter(unproven)
        .map(|at| format!("{}: writes outside a function that takes a WriteTx", source.place(at)))
        .collect();
    complaints.extend(writes_by_another_name(source));
    complaints
}

/// `use diesel::update`, which would hide a write from the rule above.
fn writes_by_another_name(source: &Source) -> Vec<String> {
    let imports = source.finds("use diesel::").into_iter().filter(|at| {
        let import = source.product()[*at..].split(';').next().unwrap_or_default();
        import.split(|c: char| !c.is_alphanumeric() && c != '_').any(|name| WRITES.iter().any(|write| *write == format!("diesel::{name}(")))
    });
    imports.map(|at| format!("{}: write diesel::update and the like in full, so that they are found", source.place(at))).collect()
}
