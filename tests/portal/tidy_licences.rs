//! Every library that is built in has a licence that `deny.toml` allows.

use std::collections::BTreeSet;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
}

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[test]
fn every_library_has_an_allowed_licence() {
    let listed = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--all-features"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let Metadata { packages } = serde_json::from_slice(&listed.stdout).unwrap();
    let Deny { licenses } = toml::from_str(include_str!("../../deny.toml")).unwrap();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let refused: Vec<_> = packages
        .iter()
        .filter(|package| {
            let exception = licenses.exceptions.iter().find(|exception| exception.name == package.name);
            let allowed = |licence: &str| licenses.allow.contains(licence) || exception.is_some_and(|e| e.allow.contains(licence));
            !package.license.as_deref().is_some_and(|expression| allows(expression, &allowed))
        })
        .map(|package| format!("{}: {}", package.name, package.license.as_deref().unwrap_or("no licence")))
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml:\n{}", refused.join("\n"));
}

/// Whether an SPDX expression leaves a way that is allowed. Without brackets AND binds closer than OR; `/` is an old OR.
fn allows(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.replace('/', " OR ");
    let any = |text: &str| text.split(" OR ").any(|all| all.split(" AND ").all(|one| allowed(one.trim())));
    match (expression.find('('), expression.find(')')) {
        (Some(open), Some(close)) => {
            let verdict = if any(&expression[open + 1..close]) { "MIT" } else { "refused" };
            allows(&format!("{}{verdict}{}", &expression[..open], &expression[close + 1..]), allowed)
        }
        _ => any(&expression),
    }
}

#[test]
fn a_licence_must_leave_an_allowed_way() {
    let allowed = |licence: &str| ["MIT", "Apache-2.0", "ISC"].contains(&licence);
    for fine in ["MIT", "GPL-3.0-or-later OR MIT", "MIT/Unlicense", "(MIT OR GPL-3.0) AND ISC", "Apache-2.0 AND ISC"] {
        assert!(allows(fine, &allowed), "{fine}");
    }
    for refused in ["GPL-3.0-or-later", "MIT AND GPL-3.0", "(MIT OR ISC) AND MPL-2.0", "Apache-2.0 WITH a twist"] {
        assert!(!allows(refused, &allowed), "{refused}");
    }
}
