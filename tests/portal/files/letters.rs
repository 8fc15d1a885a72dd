//! Encodings, delimiters, line ends, blank rows, headers.

use super::*;
use outlay::batches::file::{Delimiter, Encoding};

const ROW: &str = "R1,ဒေါ်မြ,MSISDN,09770123456,,150000,MMK,,,,";

/// Reads as the one row of [`ROW`].
fn reads(bytes: impl AsRef<[u8]>) -> Summary {
    let (kept, summary) = taken(bytes, &payroll());
    assert_eq!(kept.rows.len(), 1, "{:?}", kept.findings);
    let row = &kept.rows[0];
    assert_eq!((row.payee_name.as_str(), row.party.value.as_str(), row.amount.units()), ("ဒေါ်မြ", "959770123456", 15_000_000));
    summary
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_header() {
    assert_eq!(reads(format!("\u{feff}{}", with_header(ROW))).encoding, Encoding::Utf8);
}

#[test]
fn excels_unicode_text_is_read() {
    let text = with_header(ROW).replace(',', "\t");
    let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let summary = reads(little);
    assert_eq!((summary.encoding, summary.delimiter), (Encoding::Utf16Le, Delimiter::Tab));
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    assert_eq!(reads(big).encoding, Encoding::Utf16Be);
    let unmarked: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(reads(unmarked).encoding, Encoding::Utf16Le);
}

#[test]
fn windows_letters_are_guessed_and_said() {
    let bytes: Vec<u8> =
        with_header("R1,Jos\u{e9},MSISDN,09770123456,,150000,MMK,,,,").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let (kept, summary) = taken(bytes, &payroll());
    assert_eq!(kept.rows[0].payee_name, "José");
    assert_eq!(summary.encoding, Encoding::Windows1252);
    assert_eq!(kept.kinds(), [(1, FindingKind::EncodingGuessed)]);
}

#[test]
fn the_first_letter_that_is_not_ascii_may_stand_far_below() {
    let plain = (0..4_000).map(|n| format!("R{n},Daw Mya,MSISDN,09770{n:06},,150000,MMK,,,,\n")).collect::<String>();
    let (kept, summary) = taken(with_header(&format!("{plain}{ROW}")), &payroll());
    assert_eq!(summary.encoding, Encoding::Utf8);
    assert_eq!(kept.rows.last().unwrap().payee_name, "ဒေါ်မြ");
    let mut bytes = with_header(&plain).into_bytes();
    bytes.extend(b"R,Jos\xe9,MSISDN,09771123456,,150000,MMK,,,,\n");
    let (kept, summary) = taken(bytes, &payroll());
    assert_eq!(summary.encoding, Encoding::Windows1252);
    assert_eq!(kept.rows.last().unwrap().payee_name, "José");
}

#[test]
fn a_letter_that_cannot_be_read_is_an_error_on_its_row() {
    let mut bytes = with_header(ROW).into_bytes();
    bytes.extend(b"R2,Jos\xe9,MSISDN,09770123457,,150000,MMK,,,,\n");
    let (kept, summary) = taken(&bytes, &payroll());
    assert_eq!((summary.encoding, kept.rows.len()), (Encoding::Utf8, 1));
    assert_eq!(kept.kinds(), [(3, FindingKind::UnreadableCharacter)]);
    // The same far below the piece of the file that decided what its letters are.
    let filler = (0..3_000).map(|n| format!("F{n},Daw Mya,MSISDN,09771{n:06},,150000,MMK,,,,\n")).collect::<String>();
    let at = bytes.len() - "R2,Jos_,MSISDN,09770123457,,150000,MMK,,,,\n".len();
    bytes.splice(at..at, filler.into_bytes());
    let (kept, _) = taken(bytes, &payroll());
    assert_eq!(kept.kinds(), [(3_003, FindingKind::UnreadableCharacter)]);
}

#[test]
fn any_delimiter_a_spreadsheet_writes_is_read() {
    for (mark, delimiter) in [(';', Delimiter::Semicolon), ('\t', Delimiter::Tab), ('|', Delimiter::Pipe), (',', Delimiter::Comma)] {
        let text = with_header(ROW).replace(',', &mark.to_string());
        assert_eq!(reads(&text).delimiter, delimiter);
        assert_eq!(reads(text.replace('\n', "\r\n")).delimiter, delimiter);
        assert_eq!(reads(text.replace('\n', "\r")).delimiter, delimiter);
    }
    let with_sep = format!("sep=;\r\n{}", with_header(ROW).replace(',', ";"));
    assert_eq!(reads(with_sep).delimiter, Delimiter::Semicolon);
}

#[test]
fn lines_are_those_a_spreadsheet_shows() {
    let rows = "R1,\"Daw\nMya\",MSISDN,09770123456,,150000,MMK,,,,\r\n\r\n,,,,,,,,,,\r\nR4,U Ba,MSISDN,09770123457,,1,MMK,,,,";
    let (kept, summary) = taken(format!("\r\n\n{HEADER}\r\n{rows}"), &payroll());
    assert_eq!(kept.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [7]);
    assert_eq!(kept.kinds(), [(4, FindingKind::LineBreak)]);
    assert_eq!(summary.rows, 2);
}

#[test]
fn a_missing_quotation_mark_never_swallows_a_row_in_silence() {
    let rows = "R1,U Ba,MSISDN,09770123456,,1,MMK,\"October,,,\nR2,U Hla,MSISDN,09770123457,,2,MMK,,,,";
    let (kept, _) = taken(with_header(rows), &payroll());
    assert!(kept.rows.is_empty());
    assert_eq!(kept.kinds(), [(2, FindingKind::LineBreak)]);
    // In a column we do not use it waits for the maker's word.
    let text = format!("{HEADER},remarks\nR1,U Ba,MSISDN,09770123456,,1,MMK,,,,,\"seen\nR2,U Hla,MSISDN,09770123457,,2,MMK,,,,,\n");
    let (kept, summary) = taken(text, &payroll());
    assert_eq!(kept.kinds(), [(1, FindingKind::UnknownColumn), (2, FindingKind::LineBreakElsewhere)]);
    assert_eq!(summary.warnings, 1);
}

#[test]
fn header_names_are_known_in_any_order_case_and_spacing() {
    let text = "AMOUNT, Payee Name ,ID-Type,id value,To FSP,Remarks\n150000,ဒေါ်မြ,msisdn,09770123456,,x\n";
    let (kept, _) = taken(text, &payroll());
    assert_eq!(kept.rows[0].payee_name, "ဒေါ်မြ");
    assert_eq!(kept.kinds(), [(1, FindingKind::UnknownColumn)]);
    assert_eq!(kept.findings[0].column.as_deref(), Some("Remarks"));
}

#[test]
fn a_title_above_the_header_is_left_out_and_said() {
    let (kept, _) = taken(format!("Payroll of October,,,\n\n{}", with_header(ROW)), &payroll());
    assert_eq!(kept.kinds(), [(3, FindingKind::LinesAboveHeader)]);
    assert_eq!(kept.rows[0].line, 4);
}

#[test]
fn the_digest_is_of_the_bytes_as_they_came() {
    let (_, summary) = taken("amount,payee_name,id_type,id_value\n1,U Ba,ACCOUNT_ID,0012\n", &payroll());
    // sha256sum of the same bytes.
    assert_eq!(summary.content_digest, "5d26d5268c09184dadc8e3e88fbef70cddbcbaab9b1d2982533798b0e8d7d295");
    assert_eq!(summary.bytes, 58);
}
