//! Points at which a variable kills the program are for tests: a release has none, and cannot be built with any.

use std::path::Path;
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn a_release_cannot_be_built_with_crash_points() {
    let lib = read("src/lib.rs");
    // What stands before the first room: the house behind it need not be built to see whether one gets past this.
    let (gate, _) = lib.split_once("\npub mod ").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("gate.rs");
    std::fs::write(&source, gate).unwrap();
    let builds = |assertions: &str, features: &[&str]| {
        let mut compiler = Command::new(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()));
        compiler.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "-C", assertions]);
        let output = compiler.args(features).arg("--out-dir").args([folder.path(), &source]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() || said.contains("never in a release"), "{said}");
        output.status.success()
    };
    let crash_points = ["--cfg", "feature=\"crash-points\""];
    assert!(!builds("debug-assertions=off", &crash_points), "as a release is built");
    assert!(builds("debug-assertions=on", &crash_points) && builds("debug-assertions=off", &[]));
}

#[test]
fn no_build_of_a_release_asks_for_crash_points() {
    assert!(read("Cargo.toml").contains("\ncrash-points = []\n"));
    assert!(!read("Cargo.toml").contains("\ndefault = "), "no feature is on unless it is asked for");
    assert!(!read("Dockerfile").contains("crash-points"));
}
