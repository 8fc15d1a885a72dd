//! Our templates, and Payment Hub EE's files.

use super::*;
use outlay::batches::file::Profile;

#[test]
fn the_templates_are_known_and_empty() {
    for (template, payment_type) in [("payroll.csv", PaymentType::Payroll), ("loan-disbursement.csv", PaymentType::LoanDisbursement)] {
        let path = format!("{}/csv-templates/{template}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(&path).unwrap();
        let expected = Expected { payment_type, ..payroll() };
        assert_eq!(refused(&bytes, &expected).why, outlay::batches::file::Unreadable::NoRows);
        let filled = [bytes, b"R1,U Ba,MSISDN,09770123456,,1,MMK,,,a,b\r\n".to_vec()].concat();
        let (kept, _) = taken(filled, &expected);
        assert!(kept.findings.is_empty(), "{template}: {:?}", kept.findings);
        assert_eq!(kept.row(2).extra.len(), 2);
    }
}

#[test]
fn filled_templates_are_read_without_a_finding() {
    for (file, payment_type, sum) in
        [("payroll.csv", PaymentType::Payroll, 491_350_050), ("loan-disbursement.csv", PaymentType::LoanDisbursement, 800_000_025)]
    {
        let bytes = std::fs::read(format!("{}/tests/files/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (kept, summary) = taken(bytes, &Expected { payment_type, ..payroll() });
        assert!(kept.findings.is_empty(), "{file}: {:?}", kept.findings);
        assert_eq!((summary.profile, summary.good, summary.sum.units()), (Profile::Outlay, 12, sum));
    }
}

#[test]
fn a_loan_column_in_a_payroll_is_not_used() {
    let (kept, _) = taken("payee_name,id_type,id_value,amount,loan_account\nU Ba,MSISDN,09770123456,1,L1\n", &payroll());
    assert_eq!(kept.kinds(), [(1, FindingKind::UnknownColumn)]);
}

fn hub(name: &str) -> (Kept, Summary) {
    taken(std::fs::read(format!("{}/tests/files/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap(), &in_dollars())
}

#[test]
fn payment_hub_phones_of_another_country_are_read_in_international_form() {
    let (kept, summary) = hub("payment-hub-phones.csv");
    assert_eq!((summary.profile, summary.good, summary.errors, summary.warnings), (Profile::PaymentHub, 8, 0, 0));
    let row = kept.row(2);
    assert_eq!((row.reference.as_str(), row.party.value.as_str(), row.payee_name.as_str()), ("3f2a-77e1", "27715550100", ""));
    assert_eq!(row.extra, [("id", "0".to_owned())]);
    assert!(kept.kinds().contains(&(6, FindingKind::RepeatedReference)));
}

#[test]
fn payment_hub_accounts_keep_their_zeros_and_the_payer_is_shown() {
    let (kept, summary) = hub("payment-hub-accounts.csv");
    assert_eq!((summary.good, summary.errors, summary.warnings), (10, 0, 0));
    let row = kept.row(2);
    assert_eq!(row.party.value, "004005006007000");
    assert_eq!(
        row.extra[1..],
        [("payer_identifier_type", "accountNumber".to_owned()), ("payer_identifier", "0020030040050060".to_owned())]
    );
}

#[test]
fn payment_hub_rows_we_cannot_pay_are_errors_of_their_own() {
    let (kept, summary) = hub("payment-hub-refused.csv");
    assert_eq!(kept.kinds()[..2], [(2, FindingKind::ChannelUnknown), (3, FindingKind::PhoneInvalid)]);
    assert_eq!((summary.rows, summary.good, summary.errors), (3, 1, 2));
}
