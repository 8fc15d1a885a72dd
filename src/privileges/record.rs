//! What the audit log says of a change: one event for what is given and one for what is taken away, each with the branches that
//! change alike put together.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Action;
use super::draft::Draft;
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{Result, WriteTx};
use crate::people::User;

/// Actions with when they run out, as the log keeps them, and the codes of the branches they are in.
type Alike = BTreeMap<Vec<(Action, Option<i64>)>, Vec<String>>;

/// # Errors
/// The database's.
pub(super) fn changed(tx: &mut WriteTx<'_>, by: &By, draft: &Draft) -> Result<()> {
    let (mut given, mut taken, mut shortened) = (Alike::new(), Alike::new(), Alike::new());
    for (branch, plan) in &draft.branches {
        let now = plan.given.iter().filter(|(action, _)| !draft.waits_for_confirmation(&branch.id, **action));
        add(&mut given, &branch.code, now.map(|(action, given)| (*action, given.until.map(Instant::micros))).collect());
        add(&mut taken, &branch.code, plan.taken.keys().map(|action| (*action, None)).collect());
        add(&mut shortened, &branch.code, plan.shortened.iter().map(|(action, until)| (*action, Some(until.micros()))).collect());
    }
    let source = draft.source.as_ref().map(|source| source.user_name.as_str());
    if !given.is_empty() || !shortened.is_empty() {
        let changes = json!({ "given": list(&given), "shortened": list(&shortened), "copied_from": source });
        event(tx, by, What::GrantGiven, &draft.person, changes)?;
    }
    if !taken.is_empty() {
        event(tx, by, What::GrantEnded, &draft.person, json!({ "taken": list(&taken), "copied_from": source }))?;
    }
    Ok(())
}

fn add(alike: &mut Alike, code: &str, actions: Vec<(Action, Option<i64>)>) {
    if !actions.is_empty() {
        alike.entry(actions).or_default().push(code.to_owned());
    }
}

fn list(alike: &Alike) -> Value {
    let one = |(actions, branches): (&Vec<(Action, Option<i64>)>, &Vec<String>)| {
        let names: Vec<&str> = actions.iter().map(|(action, _)| action.as_str()).collect();
        let until: Vec<Option<i64>> = actions.iter().map(|(_, until)| *until).collect();
        json!({ "actions": names, "until": until, "branches": branches })
    };
    alike.iter().map(one).collect()
}

/// An event about a person, which those who read their home branch's log may read.
pub(super) fn event(tx: &mut WriteTx<'_>, by: &By, what: What, person: &User, changes: Value) -> Result<()> {
    let mut event = Event::new(by.clone(), what, Subject::new("user", &person.id)).changing(changes);
    event.branch = Some(person.branch.clone());
    audit::record(tx, &event)
}
