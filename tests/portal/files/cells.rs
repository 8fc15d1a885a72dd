//! Values of a row: what is read, what is refused and what is said about it.

use super::*;
use outlay::payees::PartyIdType;

/// The one error of a file of one row, with the cell as typed.
fn error(text: &str) -> (FindingKind, String) {
    let (kept, summary) = taken(text, &payroll());
    assert!(kept.rows.is_empty(), "{text}");
    assert_eq!((summary.good, summary.errors), (0, 1), "{:?}", kept.findings);
    let finding = &kept.findings[0];
    (finding.kind, finding.value.clone().unwrap_or_default())
}

fn note(text: &str) -> FindingKind {
    let (kept, _) = taken(text, &payroll());
    assert_eq!((kept.rows.len(), kept.findings.len()), (1, 1), "{:?}", kept.findings);
    kept.findings[0].kind
}

#[test]
fn phones_are_one_number_however_they_are_typed() {
    for typed in ["09770123456", "09 770-123-456", "+959770123456", "'+959770123456", "959770123456", "၀၉၇၇၀၁၂၃၄၅၆"] {
        let (kept, _) = taken(payee("MSISDN", typed), &payroll());
        assert_eq!(kept.row(2).party.value, "959770123456", "{typed}");
        assert!(kept.findings.is_empty(), "{typed}: {:?}", kept.findings);
    }
}

#[test]
fn what_a_spreadsheet_does_to_phones_is_noticed() {
    assert_eq!(error(&payee("MSISDN", "9.59E+11")), (FindingKind::DigitsLost, "9.59E+11".to_owned()));
    assert_eq!(note(&payee("MSISDN", "9770123456")), FindingKind::LostZero);
    assert_eq!(error(&payee("MSISDN", "363")).0, FindingKind::PhoneInvalid);
    assert_eq!(note(&payee("MSISDN", "+27713803912")), FindingKind::ForeignPhone);
    assert_eq!(note(&payee("MSISDN", "27713803912")), FindingKind::ForeignPhoneGuessed);
    assert_eq!(error(&payee("MSISDN", "9607712345")).0, FindingKind::PhoneAmbiguous);
}

#[test]
fn accounts_keep_their_zeros_and_cards_have_one_form() {
    let (kept, _) = taken(payee("ACCOUNT_ID", " 0030010038731106 "), &payroll());
    assert_eq!(kept.row(2).party.value, "0030010038731106");
    let (kept, _) = taken(payee("NRC", "၁၂/OuKaMa(နိုင်)၁၂၃၄၅၆"), &payroll());
    let party = &kept.row(2).party;
    assert_eq!(
        (party.id_type, party.value.as_str(), party.sub_id.as_deref()),
        (PartyIdType::Nrc, "12/OUKAMA(N)123456", Some("NATIONAL_REGISTRATION"))
    );
    assert_eq!(error(&payee("NRC", "12/OUKAMA 123456")).0, FindingKind::NrcInvalid);
    assert_eq!(error(&payee("ACCOUNT_ID", "3.001E+15")).0, FindingKind::DigitsLost);
    assert_eq!(error(&payee("wallet", "09770123456")).0, FindingKind::IdTypeUnknown);
}

#[test]
fn amounts_are_read_only_where_they_mean_one_thing() {
    let (kept, _) = taken(amount("1,240,000"), &payroll());
    assert_eq!(kept.row(2).amount.units(), 124_000_000);
    assert_eq!(kept.findings[0].hint().unwrap().english(), "Read as 1240000.00");
    assert_eq!(note(&amount("1.240.000,50")), FindingKind::AmountGrouped);
    assert_eq!(error(&amount("1,24")), (FindingKind::AmountAmbiguous, "1,24".to_owned()));
    for (typed, kind) in [
        ("-5", FindingKind::AmountNegative),
        ("0", FindingKind::AmountZero),
        ("1.5E+05", FindingKind::AmountExponent),
        ("1500.005", FindingKind::AmountTooPrecise),
        ("99999999999999999999", FindingKind::AmountTooLarge),
        ("$5", FindingKind::AmountOtherCurrency),
        ("", FindingKind::MissingValue),
    ] {
        assert_eq!(error(&amount(typed)).0, kind, "{typed}");
    }
    let (kept, _) = taken(amount("၁၅၀၀၀၀ Ks"), &payroll());
    assert_eq!(kept.row(2).amount.units(), 15_000_000);
}

#[test]
fn thousands_without_quotes_are_seen_to_move_the_cells() {
    let (kept, _) = taken("payee_name,id_type,id_value,amount\nU Ba,MSISDN,09770123456,1,240,000\n", &payroll());
    assert!(kept.rows.is_empty());
    assert_eq!(kept.kinds(), [(2, FindingKind::ExtraCells)]);
}

#[test]
fn an_apostrophe_we_wrote_is_taken_off_again() {
    let (kept, _) = taken(with_header("'-R1,'=cmd,MSISDN,09770123456,,1,MMK,'@note,,,"), &payroll());
    let row = kept.row(2);
    assert_eq!((row.reference.as_str(), row.payee_name.as_str(), row.note.as_str()), ("-R1", "=cmd", "@note"));
    let (kept, _) = taken(with_header("'R1,O'Brien,MSISDN,09770123456,,1,MMK,,,,"), &payroll());
    assert_eq!((kept.row(2).reference.as_str(), kept.row(2).payee_name.as_str()), ("'R1", "O'Brien"));
}

#[test]
fn a_wallet_is_found_by_id_or_name_and_another_is_refused_with_the_list() {
    for typed in ["kbzpay", "KBZPay", "KBZ Pay"] {
        let (kept, _) = taken(with_header(&format!("R1,U Ba,MSISDN,09770123456,{typed},1,MMK,,,,")), &payroll());
        assert_eq!(kept.row(2).to_fsp.as_ref().map(FspId::as_str), Some("kbzpay"));
    }
    let unknown = with_header("R1,U Ba,MSISDN,09770123456,OK Dollar,1,MMK,,,,");
    assert_eq!(error(&unknown), (FindingKind::FspUnknown, "OK Dollar".to_owned()));
    let (kept, _) = taken(unknown, &payroll());
    assert_eq!(
        kept.findings[0].hint().unwrap().english(),
        "Known here: KBZPay (kbzpay), WaveMoney (wavemoney), AYA Pay (ayapay), CB Bank (cbbank)"
    );
}

#[test]
fn a_name_that_two_wallets_share_names_neither() {
    let fsps = [("a-b", "Wave"), ("ab", "wave "), ("wave", "KBZPay")].map(|(id, name)| (FspId::from(id), name.to_owned()));
    let directory = Directory::new(fsps);
    let found = |typed: &str| directory.find(typed).map(FspId::as_str);
    // An id as it is written is always that FSP.
    assert_eq!((found("A-B"), found("ab"), found("Wave"), found("kbz pay")), (Some("a-b"), Some("ab"), Some("wave"), Some("wave")));
    assert_eq!((found("a b"), found("w ave")), (None, None));
}

#[test]
fn a_batch_to_one_fsp_takes_no_row_of_another() {
    let expected = Expected { to_fsp: Some(FspId::from("wavemoney")), ..payroll() };
    let rows = "R1,U Ba,MSISDN,09770123456,,1,MMK,,,,\nR2,U Hla,MSISDN,09770123457,wavemoney,1,MMK,,,,\nR3,Ma Su,MSISDN,09770123458,kbzpay,1,MMK,,,,";
    let (kept, _) = taken(with_header(rows), &expected);
    assert_eq!(kept.rows.iter().map(|row| row.to_fsp.clone()).collect::<Vec<_>>(), vec![Some(FspId::from("wavemoney")); 2]);
    assert_eq!(kept.kinds(), [(4, FindingKind::FspOther)]);
}

#[test]
fn a_row_stays_in_the_batches_currency_and_in_the_makers_branches() {
    assert_eq!(error(&with_header("R1,U Ba,MSISDN,09770123456,,1,USD,,,,")), (FindingKind::CurrencyOther, "USD".to_owned()));
    assert_eq!(error(&with_header("R1,U Ba,MSISDN,09770123456,,1,MMK,,HLN-2,,")), (FindingKind::BranchUnknown, "HLN-2".to_owned()));
    let (kept, _) = taken(with_header("R1,U Ba,MSISDN,09770123456,,1,mmk,,ins-1,S-7,2026-10"), &payroll());
    let row = kept.row(2);
    assert_eq!(row.branch.as_ref().map(BranchId::as_str), Some("insein"));
    assert_eq!(row.extra, [("staff_no", "S-7".to_owned()), ("pay_period", "2026-10".to_owned())]);
}

#[test]
fn every_problem_of_a_row_is_told_at_once() {
    let (kept, summary) = taken(with_header(&format!("R1,,NRC,1,nobody,x,USD,{},HLN-2,,", "n".repeat(129))), &payroll());
    let kinds: Vec<_> = kept.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(
        kinds,
        [
            FindingKind::MissingValue,
            FindingKind::NrcInvalid,
            FindingKind::FspUnknown,
            FindingKind::AmountInvalid,
            FindingKind::CurrencyOther,
            FindingKind::ValueTooLong,
            FindingKind::BranchUnknown
        ]
    );
    assert_eq!((summary.rows, summary.good), (1, 0));
}

#[test]
fn notes_and_names_end_at_128_characters_not_bytes() {
    let longest = "မ".repeat(128);
    let (kept, _) = taken(with_header(&format!("R1,{longest},MSISDN,09770123456,,1,MMK,{longest},,,")), &payroll());
    assert_eq!((kept.row(2).payee_name.chars().count(), kept.row(2).note.chars().count()), (128, 128));
    assert_eq!(error(&with_header(&format!("R1,U Ba,MSISDN,09770123456,,1,MMK,{longest}မ,,,"))).0, FindingKind::ValueTooLong);
}

#[test]
fn paying_somebody_twice_waits_for_the_makers_word() {
    let rows = "R1,U Ba,MSISDN,09770123456,,5,MMK,,,,\nR1,U Ba,MSISDN,+959770123456,,7,MMK,,,,\nR3,U Ba,MSISDN,09770123456,,7.00,MMK,,,,";
    let (kept, summary) = taken(with_header(rows), &payroll());
    assert_eq!(kept.kinds(), [(3, FindingKind::RepeatedReference), (3, FindingKind::RepeatedPayee), (4, FindingKind::RepeatedPayment)]);
    assert_eq!(kept.findings[2].hint().unwrap().english(), "First in line 3");
    assert_eq!((summary.good, summary.errors, summary.warnings, summary.notes), (3, 0, 1, 2));
}

#[test]
fn every_kind_of_finding_says_what_it_is_and_what_to_do() {
    for kind in FindingKind::ALL {
        assert!(!kind.sentence().english().contains('{'), "{kind:?}");
        assert!(!kind.what_to_do().english().contains('{'), "{kind:?}");
    }
}
