//! Files that cannot be read at all: nothing is kept, and the page can say why.

use super::*;
use outlay::batches::file::Unreadable;

#[test]
fn a_file_with_nothing_in_it_says_so() {
    assert_eq!(refused("", &payroll()).why, Unreadable::Empty);
    assert_eq!(refused("\u{feff}", &payroll()).why, Unreadable::Empty);
    assert_eq!(refused("\r\n\r\n", &payroll()).why, Unreadable::Empty);
    assert_eq!(refused(HEADER, &payroll()).why, Unreadable::NoRows);
    assert_eq!(refused(with_header(",,,,,,,,,,\n\n"), &payroll()).why, Unreadable::NoRows);
}

#[test]
fn a_workbook_is_known_by_its_first_bytes() {
    assert_eq!(refused(b"PK\x03\x04\x14\x00\x06\x00\x08\x00", &payroll()).why, Unreadable::Workbook);
    assert_eq!(refused(b"PK\x03\x04\x14\x00\x01\x00\x08\x00", &payroll()).why, Unreadable::PasswordProtected);
    let ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    assert_eq!(refused(&ole, &payroll()).why, Unreadable::OldWorkbook);
    let protected: Vec<u8> = ole.into_iter().chain("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(refused(protected, &payroll()).why, Unreadable::PasswordProtected);
    assert_eq!(refused(b"%PDF-1.7\n", &payroll()).why, Unreadable::Binary);
    assert_eq!(refused(b"\x00\x01\x02\x03\xff\x10", &payroll()).why, Unreadable::Binary);
}

#[test]
fn a_missing_column_is_named_and_the_first_lines_are_shown() {
    let refusal = refused("payee_name,id_type,amount\nU Ba,MSISDN,1\n\n4\n5\n6\n7", &payroll());
    assert_eq!(refusal.why, Unreadable::MissingColumns(vec!["id_value".to_owned()]));
    assert_eq!(refusal.why.sentence().english(), "The selected file has no column id_value");
    assert_eq!(refusal.first_lines, ["payee_name,id_type,amount", "U Ba,MSISDN,1", "", "4", "5"]);
    let hub = refused("id,request_id,payment_mode,payee_identifier_type,amount\n", &in_dollars());
    assert_eq!(hub.why, Unreadable::MissingColumns(vec!["payee_identifier".to_owned()]));
}

#[test]
fn a_file_without_a_header_or_with_one_name_twice_is_refused() {
    assert_eq!(refused("U Ba,09770123456,150000\n", &payroll()).why, Unreadable::NoHeader);
    let twice = "payee_name,id_type,id_value,amount,Amount\nU Ba,MSISDN,09770123456,1,2\n";
    assert!(matches!(refused(twice, &payroll()).why, Unreadable::RepeatedColumn(_)));
    assert_eq!(refused(HEADER, &Expected { payment_type: PaymentType::LoanRepayment, ..payroll() }).why, Unreadable::NotForFiles);
}
