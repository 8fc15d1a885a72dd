//! What an event changed, in words: each value by a name people know, the old one and the new one.

use serde_json::{Map, Value};

use super::Names;
use crate::clock::Instant;
use crate::confirmations::{self, Change};
use crate::money::{Currency, Minor};
use crate::privileges::Action;
use crate::say;
use crate::words::{Language, Said};

/// How values are printed for one reader.
pub struct Printer<'a> {
    pub language: &'a Language,
    pub names: &'a Names,
    /// A moment in the institution's zone.
    pub time: &'a dyn Fn(Instant) -> String,
}

/// One value that an event changed or tells, in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub label: String,
    /// What it was; none where it is only told.
    pub from: Option<String>,
    pub to: String,
}

/// What only an audit needs, or what another value says already.
const UNTOLD: [&str; 6] = ["currency", "bytes", "digest", "rows", "kind", "user"];
/// Names under which verbs keep amounts in minor units, of the currency beside them.
const AMOUNTS: [&str; 2] = ["sum", "fee_limit"];
/// Names under which verbs keep moments, in microseconds.
const MOMENTS: [&str; 4] = ["begins", "until", "resume_at", "pay_at"];
/// Characters of a seal or digest that people compare.
const DIGEST_CHARS: usize = 8;

/// The values of an event's changes, in their order. Nothing that is none or zero is told.
pub fn changed(changes: &Value, printer: &Printer<'_>) -> Vec<Line> {
    let Value::Object(fields) = changes else { return Vec::new() };
    let currency = fields.get("currency").and_then(Value::as_str).and_then(Currency::find);
    // One value that changed, as a setting does, stands there bare.
    let (from, to) = (fields.get("from"), fields.get("to"));
    let bare = from.zip(to).map(|(from, to)| Line {
        label: printer.said(&say!("Value")),
        from: Some(printer.value("value", from, currency)),
        to: printer.value("value", to, currency),
    });
    let is_told = |name: &str| !UNTOLD.contains(&name) && (bare.is_none() || !["from", "to"].contains(&name));
    let told = fields.iter().filter(|(name, value)| !is_nothing(value) && is_told(name));
    let told: Vec<Line> = told.map(|(name, value)| printer.line(name, value, currency)).collect();
    bare.into_iter().chain(told).collect()
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_i64() == Some(0) || value.as_array().is_some_and(Vec::is_empty)
}

impl Printer<'_> {
    fn line(&self, name: &str, value: &Value, currency: Option<Currency>) -> Line {
        let label = label(name).map_or_else(|| name.replace('_', " "), |said| self.said(&said));
        if let Value::Object(fields) = value
            && let (Some(from), Some(to), 2) = (fields.get("from"), fields.get("to"), fields.len())
        {
            return Line { label, from: Some(self.value(name, from, currency)), to: self.value(name, to, currency) };
        }
        Line { label, from: None, to: self.value(name, value, currency) }
    }

    fn said(&self, said: &Said) -> String {
        said.in_language(self.language)
    }

    fn value(&self, name: &str, value: &Value, currency: Option<Currency>) -> String {
        match (name, value) {
            (_, Value::Null) => self.said(&say!("none")),
            (_, Value::Bool(true)) => self.said(&say!("yes")),
            (_, Value::Bool(false)) => self.said(&say!("no")),
            ("change", change) => self.change(change),
            (_, Value::Number(number)) => match (number.as_i64(), currency) {
                (Some(units), Some(currency)) if AMOUNTS.contains(&name) => currency.show(Minor::new(units)),
                (Some(micros), _) if MOMENTS.contains(&name) => (self.time)(Instant::from_micros(micros)),
                _ => number.to_string(),
            },
            (_, Value::String(text)) => self.text(name, text),
            (_, Value::Array(values)) => values
                .iter()
                .map(|value| self.value(name, value, currency))
                .collect::<Vec<_>>()
                .join(if name == "given" { "; " } else { ", " }),
            (_, Value::Object(fields)) => self.grants(fields).unwrap_or_else(|| self.object(fields, currency)),
        }
    }

    fn text(&self, name: &str, text: &str) -> String {
        if name == "seal" || name.ends_with("digest") {
            return text.chars().take(DIGEST_CHARS).collect();
        }
        if self.names.has(text) {
            return self.names.get(text).to_owned();
        }
        if let Ok(action) = text.parse::<Action>() {
            return self.said(&Said::new(action.label()));
        }
        match (name, text) {
            ("way", "mail") => self.said(&say!("by mail")),
            ("way", "slip") => self.said(&say!("printed")),
            ("kinds" | "from" | "mode" | "second_factor" | "outcome", text) => text.replace('_', " "),
            (_, text) => text.to_owned(),
        }
    }

    /// What waits for confirmation.
    fn change(&self, change: &Value) -> String {
        let change = serde_json::from_value::<Change>(change.clone());
        change.map_or_else(|error| error.to_string(), |change| self.said(&confirmations::words(&change)))
    }

    /// Actions in branches: `Approve Payment, View Payroll in YGN-01, MDY-01, until 31 Dec 2026, 23:59`.
    fn grants(&self, fields: &Map<String, Value>) -> Option<String> {
        let actions = fields.get("actions").or_else(|| fields.get("action"))?;
        let branches = fields.get("branches").or_else(|| fields.get("branch"))?;
        let (actions, branches) = (self.value("actions", actions, None), self.value("branches", branches, None));
        let until = match fields.get("until") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_i64).min(),
            Some(one) => one.as_i64(),
            None => None,
        };
        Some(self.said(&match until {
            Some(until) => {
                let time = (self.time)(Instant::from_micros(until));
                say!("{actions} in {branches}, until {time}", actions = actions, branches = branches, time = time)
            }
            None => say!("{actions} in {branches}", actions = actions, branches = branches),
        }))
    }

    fn object(&self, fields: &Map<String, Value>, currency: Option<Currency>) -> String {
        let told = fields.iter().filter(|(_, value)| !is_nothing(value)).map(|(name, value)| {
            let Line { label, from, to } = self.line(name, value, currency);
            from.map_or_else(|| format!("{label} {to}"), |from| format!("{label} {from} → {to}"))
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// What a value is called; none for one that this version has no word for.
fn label(name: &str) -> Option<Said> {
    of_people(name).or_else(|| of_batches(name)).or_else(|| of_reports(name))
}

fn of_reports(name: &str) -> Option<Said> {
    Some(match name {
        "begins" => say!("From"),
        "made_up" => say!("Made up later"),
        "paid" => say!("Paid"),
        "failed" => say!("Failed"),
        "unresolved" => say!("Unresolved"),
        "content_digest" => say!("Digest"),
        "people" => say!("Told"),
        _ => return None,
    })
}

fn of_people(name: &str) -> Option<Said> {
    Some(match name {
        "full_name" => say!("Full name"),
        "first_name" => say!("First name"),
        "middle_name" => say!("Middle name"),
        "last_name" => say!("Last name"),
        "user_name" => say!("User name"),
        "phone" => say!("Phone"),
        "email" => say!("Email"),
        "job_title" => say!("Job title"),
        "branch" => say!("Branch"),
        "account_manager" => say!("Account manager"),
        "region" => say!("Region"),
        "township" => say!("Township"),
        "code" => say!("Code"),
        "name" => say!("Name"),
        "actions" => say!("Actions"),
        "until" => say!("Until"),
        "given" => say!("Given"),
        "taken" => say!("Ended"),
        "shortened" => say!("Ends earlier"),
        "copied_from" => say!("Copied from"),
        "change" => say!("What"),
        "asked_by" => say!("Asked by"),
        "confirmed_by" => say!("Confirmed by"),
        "proposed_by" => say!("Asked by"),
        "way" => say!("How"),
        "address" => say!("Address of the computer"),
        "sessions" => say!("Sessions ended"),
        "links" => say!("Invitations and resets ended"),
        "second_factor" => say!("Second factor"),
        "qr_requests" => say!("QR code requests ended"),
        "confirmations" => say!("Confirmations withdrawn"),
        "drafts_handed_over" => say!("Drafts handed over"),
        "drafts_deleted" => say!("Drafts deleted"),
        "batches_paused" => say!("Batches paused"),
        "grants_left" => say!("Payment actions that stay"),
        "left" => say!("Left"),
        "value" => say!("Value"),
        "host" => say!("Host"),
        "mode" => say!("Mode"),
        _ => return None,
    })
}

fn of_batches(name: &str) -> Option<Said> {
    Some(match name {
        "payments" => say!("Payments"),
        "line" => say!("Line"),
        "outcome" => say!("Outcome"),
        "left_out" => say!("Left out"),
        "of" => say!("Which"),
        "sum" => say!("Sum"),
        "fee_limit" => say!("Highest fee of a payment"),
        "seal" => say!("Seal"),
        "errors" => say!("Errors"),
        "warnings" => say!("Warnings"),
        "kinds" => say!("Warnings"),
        "file" => say!("File"),
        "from" => say!("Was"),
        "resume_at" => say!("Goes on"),
        "pay_at" => say!("Pay on"),
        "succeeded" => say!("Success"),
        "failed" => say!("Failed"),
        "needs_attention" => say!("Needs attention"),
        "cancelled" => say!("Cancelled"),
        "excluded" => say!("Excluded"),
        "total" => say!("Total"),
        "fsp" => say!("Provider"),
        "sdk" => say!("SDK"),
        "looked_up" => say!("A payee was looked up"),
        "instead_of" => say!("Instead of"),
        "asked" => say!("Payments asked about"),
        "too_old" => say!("Too old to ask about"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(changes: &Value) -> Vec<(String, Option<String>, String)> {
        let printer = Printer { language: &Language::english(), names: &Names::default(), time: &|at| format!("@{}", at.micros()) };
        changed(changes, &printer).into_iter().map(|line| (line.label, line.from, line.to)).collect()
    }

    fn one(changes: &Value) -> String {
        let told = told(changes);
        assert_eq!(told.len(), 1, "{told:?}");
        let (label, from, to) = told.into_iter().next().unwrap();
        from.map_or_else(|| format!("{label}: {to}"), |from| format!("{label}: {from} → {to}"))
    }

    #[test]
    fn old_and_new_stand_side_by_side() {
        assert_eq!(one(&json!({ "job_title": { "from": null, "to": "Cashier" } })), "Job title: none → Cashier");
        assert_eq!(one(&json!({ "from": "on", "to": "off" })), "Value: on → off");
        assert_eq!(one(&json!({ "account_manager": { "from": false, "to": true } })), "Account manager: no → yes");
    }

    #[test]
    fn grants_are_told_as_actions_in_branches() {
        let given = json!({ "given": [{ "actions": ["approve_payment", "view_payroll"], "until": [null, 7], "branches": ["YGN-01"] }] });
        assert_eq!(one(&given), "Given: Approve Payment, View Payroll in YGN-01, until @7");
        assert_eq!(one(&json!({ "actions": ["make_payroll"] })), "Actions: Make Payroll");
    }

    #[test]
    fn money_is_printed_and_seals_are_cut_and_nothing_is_left_out_silently() {
        let approved = json!({ "payments": 22, "sum": 124_000_000, "currency": "MMK", "seal": "0123456789abcdef", "failed": 0 });
        let all = told(&approved).into_iter().map(|(label, _, to)| format!("{label}: {to}")).collect::<Vec<_>>();
        assert_eq!(all, ["Payments: 22", "Seal: 01234567", "Sum: 1,240,000 MMK"]);
        assert_eq!(one(&json!({ "something_new": "kept" })), "something new: kept");
    }
}
