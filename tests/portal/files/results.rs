//! The results file: the maker's file again, with what came of each row.

use proptest::prelude::*;

use super::*;
use outlay::batches::file::{Outcome, safe_cell, write_results};

fn results(original: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut outcome = |line: i64| {
        Ok((line % 2 == 0).then(|| Outcome {
            status: "Succeeded".to_owned(),
            reason: "=paid, \"today\"".to_owned(),
            code: String::new(),
            transfer_id: format!("id-{line}"),
            payee_fsp: "kbzpay".to_owned(),
            settled_at: "2026-10-20 14:03".to_owned(),
        }))
    };
    write_results(original, PaymentType::Payroll, Limits::default(), &mut outcome, &mut out).unwrap();
    out
}

#[test]
fn outcomes_stand_beside_the_makers_own_columns() {
    let text = format!("{HEADER},remarks\nR1,U Ba,MSISDN,+959770123456,,1,MMK,\"a, b\",,,,-5\nR2,Ma Su,MSISDN,09770123457,,2,MMK\n");
    let out = String::from_utf8(results(text.as_bytes())).unwrap();
    let lines: Vec<_> = out.split("\r\n").collect();
    assert_eq!(
        lines,
        [
            format!(
                "\u{feff}{HEADER},remarks,outlay_status,outlay_reason,outlay_code,outlay_transfer_id,outlay_payee_fsp,outlay_settled_at"
            ),
            "R1,U Ba,MSISDN,'+959770123456,,1,MMK,\"a, b\",,,,'-5,Succeeded,\"'=paid, \"\"today\"\"\",,id-2,kbzpay,2026-10-20 14:03"
                .to_owned(),
            "R2,Ma Su,MSISDN,09770123457,,2,MMK,,,,,,,,,,,".to_owned(),
            String::new(),
        ]
    );
}

#[test]
fn results_of_a_results_file_are_the_same_file() {
    let text = format!("Title\n\n{HEADER}\r\n\r\n'=R1,U Ba,MSISDN,+959770123456,,1,MMK,,,,\n , \nR2,ဒေါ်မြ,MSISDN,09770123457,,2,MMK,,,,\n");
    let once = results(text.as_bytes());
    assert_eq!(String::from_utf8(results(&once)).unwrap(), String::from_utf8(once.clone()).unwrap());
    assert_eq!(taken(&once, &payroll()).0, taken(&text, &payroll()).0);
}

#[test]
fn a_semicolon_file_in_utf_16_comes_back_with_its_semicolons() {
    let text = with_header("R1,ဒေါ်မြ,MSISDN,09770123456,,1,MMK,,,,").replace(',', ";");
    let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let out = results(&bytes);
    assert_eq!(taken(&out, &payroll()).0.rows, taken(&bytes, &payroll()).0.rows);
    assert!(String::from_utf8(out).unwrap().contains("R1;ဒေါ်မြ;MSISDN"));
}

#[test]
fn a_failing_store_ends_the_writing() {
    let mut outcome = |_: i64| Err(std::io::Error::other("the database went away"));
    let text = with_header("R1,U Ba,MSISDN,09770123456,,1,MMK,,,,");
    assert!(write_results(text.as_bytes(), PaymentType::Payroll, Limits::default(), &mut outcome, Vec::new()).is_err());
}

#[test]
fn no_cell_starts_a_formula() {
    for cell in ["=1+1", "+1", "-1", "@x", "\tx", "\rx"] {
        assert_eq!(safe_cell(cell), format!("'{cell}"));
    }
    assert_eq!(safe_cell("'=1"), "'=1");
    assert_eq!(safe_cell(" =1"), " =1");
}

proptest! {
    #[test]
    fn whatever_was_read_is_read_again(cells in prop::collection::vec(("[ -~မ]{0,12}", "[0-9+=@\t' -]{0,12}", "[ -~]{0,8}"), 1..6)) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let rows = cells.iter().map(|(name, value, note)| format!("R,{},ACCOUNT_ID,{},,5,MMK,{},,,", quoted(name), quoted(value), quoted(note)));
        let text = with_header(&rows.collect::<Vec<_>>().join("\n"));
        let out = results(text.as_bytes());
        prop_assert_eq!(taken(&out, &payroll()).0, taken(&text, &payroll()).0);
    }
}
