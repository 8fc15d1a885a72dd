use proptest::prelude::*;

use super::*;

struct Sample {
    line: i64,
    home: HomeTransactionId,
    id_type: PartyIdType,
    id_value: String,
    sub_id: Option<String>,
    to_fsp: Option<FspId>,
    amount: Minor,
    currency: Currency,
    note: String,
}

impl Sample {
    fn new() -> Self {
        Self {
            line: 2,
            home: HomeTransactionId::from("0b8e7a52-2f0e-5d0c-9a41-1f3c6f6f9d01"),
            id_type: PartyIdType::Msisdn,
            id_value: "959770123456".to_owned(),
            sub_id: None,
            to_fsp: Some(FspId::from("kbzpay")),
            amount: Minor::new(15_000_000),
            currency: Currency::find("MMK").unwrap(),
            note: "October salary".to_owned(),
        }
    }

    fn digest(&self) -> String {
        row_digest(&SealedRow {
            line: self.line,
            home: &self.home,
            id_type: self.id_type,
            id_value: &self.id_value,
            sub_id: self.sub_id.as_deref(),
            to_fsp: self.to_fsp.as_ref(),
            amount: self.amount,
            currency: self.currency,
            note: &self.note,
        })
    }
}

fn batch(rows: u64) -> SealedBatch<'static> {
    static IDS: std::sync::LazyLock<(BatchId, BranchId, FundingAccountId)> =
        std::sync::LazyLock::new(|| (BatchId::from("batch-1"), BranchId::from("branch-1"), FundingAccountId::from("account-1")));
    SealedBatch {
        batch: &IDS.0,
        branch: &IDS.1,
        payment_type: PaymentType::Payroll,
        channel: Channel::Mojaloop,
        funding_account: &IDS.2,
        fee_limit: Minor::new(50_000),
        schedule: None,
        rows,
    }
}

fn seal(header: &SealedBatch<'_>, rows: &[(i64, String)]) -> Result<String, NotSealed> {
    let mut sealer = Sealer::new(header);
    for (line, digest) in rows {
        sealer.row(*line, digest)?;
    }
    sealer.finish()
}

/// The layout is a promise: approvals of years ago must verify. These digests were computed by a second program (Python's hashlib).
#[test]
fn the_layout_never_changes() {
    assert_eq!(Sample::new().digest(), "e058fb5a680db512ce3baa7928d741b3cde8ae2712a3a7e63616860bdd8236c5");
    let rows = [(2, Sample::new().digest())];
    assert_eq!(seal(&batch(1), &rows).unwrap(), "204138f5ead92355e9369674b686a00a233f6ca7b11143b7d1cef3cb340b85b6");
}

#[test]
fn a_seal_needs_every_row_once_in_order() {
    let digest = Sample::new().digest();
    assert_eq!(seal(&batch(2), &[(2, digest.clone())]), Err(NotSealed::Count { declared: 2, counted: 1 }));
    assert_eq!(seal(&batch(2), &[(3, digest.clone()), (2, digest.clone())]), Err(NotSealed::OutOfOrder(2)));
    assert_eq!(seal(&batch(2), &[(2, digest.clone()), (2, digest)]), Err(NotSealed::OutOfOrder(2)));
}

#[test]
fn what_is_around_the_rows_is_sealed_too() {
    let rows = [(2, Sample::new().digest())];
    let plain = batch(1);
    let other_branch = BranchId::from("branch-2");
    let other_account = FundingAccountId::from("account-2");
    let other_batch = BatchId::from("batch-2");
    let others = [
        SealedBatch { batch: &other_batch, ..plain },
        SealedBatch { branch: &other_branch, ..plain },
        SealedBatch { payment_type: PaymentType::LoanDisbursement, ..plain },
        SealedBatch { funding_account: &other_account, ..plain },
        SealedBatch { fee_limit: Minor::new(50_001), ..plain },
        SealedBatch { schedule: Some(Instant::from_micros(0)), ..plain },
    ];
    let sealed = seal(&plain, &rows).unwrap();
    for other in others {
        assert_ne!(seal(&other, &rows).unwrap(), sealed, "{other:?}");
    }
}

#[test]
fn the_same_letters_composed_in_another_way_are_the_same() {
    let composed = Sample { note: "caf\u{e9}".to_owned(), ..Sample::new() };
    let decomposed = Sample { note: "cafe\u{301}".to_owned(), ..Sample::new() };
    assert_eq!(composed.digest(), decomposed.digest());
}

#[test]
fn text_cannot_move_from_one_field_into_the_next() {
    let one = Sample { id_value: "12".to_owned(), sub_id: Some("3".to_owned()), ..Sample::new() };
    let other = Sample { id_value: "1".to_owned(), sub_id: Some("23".to_owned()), ..Sample::new() };
    assert_ne!(one.digest(), other.digest());
}

proptest! {
    #[test]
    fn any_changed_field_changes_the_digest(
        line in 3..i64::MAX,
        home in "[0-9a-f]{8}",
        id_value in "[0-9]{1,11}",
        sub_id in "[A-Z_]{1,20}",
        to_fsp in prop::option::of("[a-j]{1,12}"),
        amount in 1..15_000_000_i64,
        note in "[a-z ]{0,30}",
    ) {
        let digest = Sample::new().digest();
        let changed = [
            Sample { line, ..Sample::new() },
            Sample { home: HomeTransactionId::from(home), ..Sample::new() },
            Sample { id_type: PartyIdType::AccountId, ..Sample::new() },
            Sample { id_value, ..Sample::new() },
            Sample { sub_id: Some(sub_id), ..Sample::new() },
            Sample { to_fsp: to_fsp.map(FspId::from), ..Sample::new() },
            Sample { amount: Minor::new(amount), ..Sample::new() },
            Sample { currency: Currency::find("USD").unwrap(), ..Sample::new() },
            Sample { note, ..Sample::new() },
        ];
        for sample in changed {
            prop_assert_ne!(sample.digest(), digest.clone());
        }
    }
}
