//! Cells to values: one row of the file becomes a [`Row`], or findings that say why not.

use std::collections::HashMap;
use std::io::BufRead;

use super::amount;
use super::columns::{Column, Layout, Meaning};
use super::records::{Records, meant};
use super::repeats::{Repeat, Repeats};
use super::{Channel, Expected, MAX_NOTE_CHARS, MAX_ROW_BYTES, MAX_TEXT_CHARS, Profile, Row};
use crate::batches::finding::{Finding, FindingKind};
use crate::ids::{BranchId, FspId};
use crate::money::{Currency, Minor};
use crate::payees::{MAX_NAME_CHARS, NotAPhone, NotAnAccount, PartyId, PartyIdType, Phones, Written, tidy_name};

/// What is known while the rows of one file are read.
pub struct Rows<'a> {
    expected: &'a Expected,
    layout: Layout,
    phones: Phones,
    branches: HashMap<String, BranchId>,
    repeats: Repeats,
}

/// One row while it is read. A value that cannot be read leaves a finding and `None`; all are read before the row is given up.
struct Reading<'a, B> {
    line: i64,
    layout: &'a Layout,
    records: &'a Records<B>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Rows<'a> {
    pub fn new(expected: &'a Expected, layout: Layout) -> Self {
        let branches = expected.branches.iter().map(|(code, branch)| (code.trim().to_lowercase(), branch.clone())).collect();
        Self { expected, layout, phones: Phones::new(expected.country), branches, repeats: Repeats::default() }
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The row the records stand at. `None` with at least one error among `findings`.
    pub fn read<B: BufRead>(&mut self, line: i64, records: &Records<B>, findings: &mut Vec<Finding>) -> Option<Row> {
        let mut reading = Reading { line, layout: &self.layout, records, findings };
        if !reading.is_whole() {
            return None;
        }
        let reference = reading.text(Column::Reference, MAX_TEXT_CHARS);
        let repeated = reference.as_deref().is_some_and(|reference| self.repeats.reference(reference));
        if repeated {
            reading.find(FindingKind::RepeatedReference, Column::Reference);
        }
        let payee_name = reading.payee_name();
        let party = reading.party(&self.phones);
        let to_fsp = reading.fsp(self.expected);
        let amount = reading.amount(self.expected.currency);
        let currency = reading.currency(self.expected.currency);
        let note = reading.text(Column::Note, MAX_NOTE_CHARS).map(|note| tidy_name(&note));
        let branch = reading.branch(&self.branches);
        let channel = reading.channel(self.expected.channel);
        let extra = reading.extra();
        let row = Row {
            line,
            reference: reference?,
            payee_name: payee_name?,
            party: party?,
            to_fsp: to_fsp?,
            amount: amount?,
            note: note?,
            branch: branch?,
            extra: extra?,
        };
        currency.and(channel)?;
        match self.repeats.payment(line, &row.party, row.amount) {
            None => {}
            Some(Repeat::Payee) => reading.find(FindingKind::RepeatedPayee, Column::IdValue),
            Some(Repeat::Payment(first)) => {
                let finding = reading.found(FindingKind::RepeatedPayment, Column::IdValue);
                reading.findings.push(finding.detail("first_line", first));
            }
        }
        Some(row)
    }
}

impl<B: BufRead> Reading<'_, B> {
    /// The cell as meant; empty where the column or the cell is not there.
    fn cell(&self, column: Column) -> &str {
        self.layout.place(column).map_or("", |place| meant(self.records.cell(place)))
    }

    fn found(&self, kind: FindingKind, column: Column) -> Finding {
        Finding::new(self.line, kind).at(self.layout.name(column)).saw(self.cell(column))
    }

    fn find(&mut self, kind: FindingKind, column: Column) {
        self.findings.push(self.found(kind, column));
    }

    /// An error: nothing was read.
    fn refuse<T>(&mut self, kind: FindingKind, column: Column) -> Option<T> {
        self.find(kind, column);
        None
    }

    /// Whether the row has the shape of the header, and cells of readable text.
    fn is_whole(&mut self) -> bool {
        if self.records.too_long() {
            self.findings.push(Finding::new(self.line, FindingKind::RowTooLong).detail("limit", MAX_ROW_BYTES));
            return false;
        }
        let before = self.findings.len();
        let columns = self.layout.meanings.len();
        let mut errors = false;
        for (place, cell) in self.records.cells().enumerate() {
            let meaning = self.layout.meanings.get(place).copied().unwrap_or(Meaning::Nameless);
            let Some(kind) = cell_problem(meaning, cell) else { continue };
            let mut finding = Finding::new(self.line, kind).saw(cell.trim());
            if let Some(name) = self.layout.header.get(place).filter(|name| !name.is_empty()) {
                finding = finding.at(name);
            }
            if kind == FindingKind::ExtraCells {
                finding = finding.detail("cells", self.records.len()).detail("columns", columns);
            }
            errors |= kind != FindingKind::LineBreakElsewhere;
            self.findings.push(finding);
            if kind == FindingKind::ExtraCells {
                break;
            }
        }
        before == self.findings.len() || !errors
    }

    fn text(&mut self, column: Column, limit: usize) -> Option<String> {
        let text = self.cell(column).to_owned();
        if text.len() > limit && text.chars().count() > limit {
            self.findings.push(self.found(FindingKind::ValueTooLong, column).detail("limit", limit));
            return None;
        }
        Some(text)
    }

    /// Our templates must name the payee; Payment Hub's files have no names.
    fn payee_name(&mut self) -> Option<String> {
        let name = self.text(Column::PayeeName, MAX_NAME_CHARS)?;
        if name.is_empty() && self.layout.profile == Profile::Outlay {
            return self.refuse(FindingKind::MissingValue, Column::PayeeName);
        }
        Some(tidy_name(&name))
    }

    fn party(&mut self, phones: &Phones) -> Option<PartyId> {
        let typed_type = self.cell(Column::IdType);
        let id_type = PartyIdType::named(typed_type);
        let missing_type = typed_type.is_empty();
        let value = self.cell(Column::IdValue).to_owned();
        if value.is_empty() {
            self.find(FindingKind::MissingValue, Column::IdValue);
        }
        if missing_type {
            return self.refuse(FindingKind::MissingValue, Column::IdType);
        }
        let Some((id_type, sub_id)) = id_type else { return self.refuse(FindingKind::IdTypeUnknown, Column::IdType) };
        if value.is_empty() {
            return None;
        }
        match id_type {
            PartyIdType::Msisdn => self.phone(phones, &value),
            PartyIdType::Nrc => PartyId::nrc(&value).ok().or_else(|| self.refuse(FindingKind::NrcInvalid, Column::IdValue)),
            _ => match PartyId::account(id_type, sub_id, &value) {
                Ok(party) => Some(party),
                Err(NotAnAccount::DigitsLost) => self.refuse(FindingKind::DigitsLost, Column::IdValue),
                Err(NotAnAccount::TooLong) => {
                    let limit = crate::payees::MAX_PARTY_VALUE_CHARS;
                    self.findings.push(self.found(FindingKind::ValueTooLong, Column::IdValue).detail("limit", limit));
                    None
                }
                Err(NotAnAccount::Invalid) => self.refuse(FindingKind::AccountInvalid, Column::IdValue),
            },
        }
    }

    fn phone(&mut self, phones: &Phones, typed: &str) -> Option<PartyId> {
        let phone = match phones.read(typed) {
            Ok(phone) => phone,
            Err(NotAPhone::NotANumber) => return self.refuse(FindingKind::PhoneInvalid, Column::IdValue),
            Err(NotAPhone::DigitsLost) => return self.refuse(FindingKind::DigitsLost, Column::IdValue),
            Err(NotAPhone::TwoReadings(one, other)) => {
                let finding = self.found(FindingKind::PhoneAmbiguous, Column::IdValue);
                self.findings.push(finding.detail("one", format!("+{one}")).detail("other", format!("+{other}")));
                return None;
            }
        };
        let kind = match (phone.written, self.layout.profile) {
            (Written::Home, _) => None,
            (Written::HomeWithoutZero, _) => Some(FindingKind::LostZero),
            // Payment Hub's files write every number in international form, without +.
            (Written::Foreign, _) | (Written::ForeignBare, Profile::PaymentHub) => Some(FindingKind::ForeignPhone),
            (Written::ForeignBare, Profile::Outlay) => Some(FindingKind::ForeignPhoneGuessed),
        };
        if let Some(kind) = kind {
            self.findings.push(self.found(kind, Column::IdValue).detail("read", format!("+{}", phone.msisdn)));
        }
        Some(PartyId { id_type: PartyIdType::Msisdn, value: phone.msisdn, sub_id: None })
    }

    /// `Some(None)`: the network finds it.
    fn fsp(&mut self, expected: &Expected) -> Option<Option<FspId>> {
        let typed = self.cell(Column::ToFsp);
        if typed.is_empty() {
            return Some(expected.to_fsp.clone());
        }
        let Some(fsp) = expected.fsps.find(typed) else {
            self.findings.push(self.found(FindingKind::FspUnknown, Column::ToFsp).detail("known", expected.fsps.listed()));
            return None;
        };
        if let Some(only) = expected.to_fsp.as_ref().filter(|only| *only != fsp) {
            self.findings.push(self.found(FindingKind::FspOther, Column::ToFsp).detail("fsp", only));
            return None;
        }
        Some(Some(fsp.clone()))
    }

    fn amount(&mut self, currency: Currency) -> Option<Minor> {
        let typed = self.cell(Column::Amount);
        if typed.is_empty() {
            return self.refuse(FindingKind::MissingValue, Column::Amount);
        }
        match amount::read(typed, currency) {
            Ok(amount) => {
                if amount.grouped {
                    let read = currency.plain(amount.minor);
                    self.findings.push(self.found(FindingKind::AmountGrouped, Column::Amount).detail("read", read));
                }
                Some(amount.minor)
            }
            Err(kind) => {
                let finding = self.found(kind, Column::Amount).detail("currency", currency.code()).detail("digits", currency.digits());
                self.findings.push(finding);
                None
            }
        }
    }

    /// The batch's, or none.
    fn currency(&mut self, currency: Currency) -> Option<()> {
        let typed = self.cell(Column::Currency);
        if typed.is_empty() || typed.eq_ignore_ascii_case(currency.code()) {
            return Some(());
        }
        self.findings.push(self.found(FindingKind::CurrencyOther, Column::Currency).detail("currency", currency.code()));
        None
    }

    /// `Some(None)`: the batch's own.
    fn branch(&mut self, branches: &HashMap<String, BranchId>) -> Option<Option<BranchId>> {
        let typed = self.cell(Column::BranchCode);
        if typed.is_empty() {
            return Some(None);
        }
        match branches.get(&typed.to_lowercase()) {
            Some(branch) => Some(Some(branch.clone())),
            None => self.refuse(FindingKind::BranchUnknown, Column::BranchCode),
        }
    }

    fn channel(&mut self, channel: Channel) -> Option<()> {
        let typed = self.cell(Column::PaymentMode);
        if typed.is_empty() || typed.eq_ignore_ascii_case(channel.as_str()) {
            return Some(());
        }
        self.refuse(FindingKind::ChannelUnknown, Column::PaymentMode)
    }

    fn extra(&mut self) -> Option<Vec<(&'static str, String)>> {
        let layout = self.layout;
        let mut extra = Vec::new();
        for meaning in &layout.meanings {
            let Meaning::Known(column) = meaning else { continue };
            if column.is_extra() && !self.cell(*column).is_empty() {
                extra.push((column.as_str(), self.text(*column, MAX_TEXT_CHARS)?));
            }
        }
        Some(extra)
    }
}

/// What is wrong with a cell before its value is looked at.
fn cell_problem(meaning: Meaning, cell: &str) -> Option<FindingKind> {
    if meaning == Meaning::Nameless {
        return (!meant(cell).is_empty()).then_some(FindingKind::ExtraCells);
    }
    // Nearly every cell: nothing below the space, nothing beyond ASCII.
    if cell.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return None;
    }
    let has_break = cell.trim().contains(['\n', '\r']);
    match meaning {
        Meaning::Known(_) if has_break => Some(FindingKind::LineBreak),
        _ if has_break => Some(FindingKind::LineBreakElsewhere),
        Meaning::Known(_)
            if cell.contains(|c: char| (c.is_control() && c != '\t' && c != '\n' && c != '\r') || c == char::REPLACEMENT_CHARACTER) =>
        {
            Some(FindingKind::UnreadableCharacter)
        }
        _ => None,
    }
}
