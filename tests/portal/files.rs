//! Payment files, as people really make them.

mod cells;
mod letters;
mod limits;
mod profiles;
mod results;
mod unreadable;

use std::collections::HashMap;

use outlay::batches::file::{Directory, Expected, Limits, ReadError, Refused, Row, Sink, Stopped, Summary, read};
use outlay::batches::{Channel, Finding, FindingKind, PaymentType};
use outlay::ids::{BranchId, FspId};
use outlay::money::Currency;
use outlay::payees::Country;

/// A payroll in kyat of an institution in Myanmar that knows four FSPs and may pay for Insein.
pub fn payroll() -> Expected {
    let fsps = [("kbzpay", "KBZPay"), ("wavemoney", "WaveMoney"), ("ayapay", "AYA Pay"), ("cbbank", "CB Bank")];
    Expected {
        payment_type: PaymentType::Payroll,
        channel: Channel::Mojaloop,
        currency: Currency::find("MMK").unwrap(),
        country: Country::find("MM").unwrap(),
        fsps: Directory::new(fsps.map(|(id, name)| (FspId::from(id), name.to_owned()))),
        branches: HashMap::from([("INS-1".to_owned(), BranchId::from("insein"))]),
        to_fsp: None,
        limits: Limits::default(),
    }
}

pub fn in_dollars() -> Expected {
    Expected { currency: Currency::find("USD").unwrap(), ..payroll() }
}

/// Keeps all it is given.
#[derive(Debug, Default, PartialEq)]
pub struct Kept {
    pub rows: Vec<Row>,
    pub findings: Vec<Finding>,
}

impl Sink for Kept {
    fn row(&mut self, row: Row) -> Result<(), Stopped> {
        self.rows.push(row);
        Ok(())
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stopped> {
        self.findings.push(finding);
        Ok(())
    }
}

impl Kept {
    /// What was found, as (line, kind).
    pub fn kinds(&self) -> Vec<(i64, FindingKind)> {
        self.findings.iter().map(|finding| (finding.line, finding.kind)).collect()
    }

    pub fn row(&self, line: i64) -> &Row {
        self.rows.iter().find(|row| row.line == line).unwrap_or_else(|| panic!("no row {line}: {:?}", self.findings))
    }
}

pub fn taken(bytes: impl AsRef<[u8]>, expected: &Expected) -> (Kept, Summary) {
    let mut kept = Kept::default();
    let summary = read(bytes.as_ref(), expected, &mut kept).unwrap_or_else(|error| panic!("{error}"));
    (kept, summary)
}

pub fn refused(bytes: impl AsRef<[u8]>, expected: &Expected) -> Refused {
    match read(bytes.as_ref(), expected, &mut Kept::default()) {
        Err(ReadError::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

pub const HEADER: &str = "reference,payee_name,id_type,id_value,to_fsp,amount,currency,note,branch_code,staff_no,pay_period";

/// A payroll of these rows under our header.
pub fn with_header(rows: &str) -> String {
    format!("{HEADER}\n{rows}\n")
}

/// One row with this party.
pub fn payee(id_type: &str, id_value: &str) -> String {
    with_header(&format!("R1,Daw Mya,{id_type},{id_value},,150000,MMK,,,,"))
}

/// One row with this amount, quoted.
pub fn amount(typed: &str) -> String {
    with_header(&format!("R1,Daw Mya,MSISDN,09770123456,,\"{typed}\",MMK,,,,"))
}
