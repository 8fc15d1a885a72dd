//! Limits at their edges, any bytes at all, and a long file in little memory.

use std::io::Read;

use proptest::prelude::*;

use super::*;
use outlay::batches::file::{MAX_COLUMNS, MAX_ROW_BYTES, Unreadable};

fn row(n: u32) -> String {
    format!("R{n},Daw Mya,MSISDN,0977{n:07},,150000,MMK,,,,\n")
}

fn with_limits(bytes: u64, rows: u64) -> Expected {
    Expected { limits: Limits { bytes, rows }, ..payroll() }
}

#[test]
fn the_last_row_allowed_is_read_and_the_next_refuses_the_file() {
    let text = with_header(&(row(1) + &row(2) + &row(3)));
    assert_eq!(taken(&text, &with_limits(1_000, 3)).1.rows, 3);
    assert_eq!(refused(&text, &with_limits(1_000, 2)).why, Unreadable::TooManyRows { limit: 2 });
}

#[test]
fn the_last_byte_allowed_is_read_and_the_next_refuses_the_file() {
    let text = with_header(&row(1));
    let size = u64::try_from(text.len()).unwrap();
    assert_eq!(taken(&text, &with_limits(size, 10)).1.bytes, size);
    assert_eq!(refused(&text, &with_limits(size - 1, 10)).why, Unreadable::TooManyBytes { limit: size - 1 });
    // Also where the limit is met long after the header.
    let long = with_header(&(0..5_000).map(row).collect::<String>());
    let refusal = refused(&long, &with_limits(200_000, 10_000));
    assert_eq!(refusal.why, Unreadable::TooManyBytes { limit: 200_000 });
    assert_eq!(refusal.first_lines.len(), 5);
    assert_eq!(refusal.why.sentence().english(), "The selected file must be smaller than 0.2 MB");
}

#[test]
fn a_row_too_long_is_named_and_the_rows_after_it_are_read() {
    let long = format!("R1,{},MSISDN,09770123456,,1,MMK,,,,\n", "x".repeat(MAX_ROW_BYTES));
    let (kept, _) = taken(with_header(&(long + &row(2))), &payroll());
    assert_eq!(kept.kinds(), [(2, FindingKind::RowTooLong)]);
    assert_eq!(kept.rows[0].line, 3);
    let many = format!("R1{}\n", ",".repeat(5_000));
    let (kept, _) = taken(with_header(&(many + &row(2))), &payroll());
    assert_eq!(kept.kinds(), [(2, FindingKind::RowTooLong)]);
}

#[test]
fn a_header_has_at_most_so_many_columns() {
    let header = |columns: usize| {
        format!(
            "payee_name,id_type,id_value,amount{}\nU Ba,MSISDN,09770123456,1\n",
            (4..columns).map(|n| format!(",c{n}")).collect::<String>()
        )
    };
    assert_eq!(taken(header(MAX_COLUMNS), &payroll()).1.good, 1);
    assert_eq!(refused(header(MAX_COLUMNS + 1), &payroll()).why, Unreadable::TooManyColumns { limit: MAX_COLUMNS });
}

#[test]
fn sums_that_do_not_fit_are_refused() {
    let big = (0..10).map(|n| format!("R{n},U Ba,ACCOUNT_ID,{n},,9999999999999999.99,MMK,,,,\n")).collect::<String>();
    assert_eq!(refused(with_header(&big), &payroll()).why, Unreadable::SumTooLarge);
}

/// A file that is never whole in memory: each row is made when it is read.
struct Endless {
    rows: std::ops::Range<u32>,
    left: std::io::Cursor<Vec<u8>>,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self.left.read(into)? {
            0 => match self.rows.next() {
                None => Ok(0),
                Some(n) => {
                    self.left = std::io::Cursor::new(row(n).into_bytes());
                    self.left.read(into)
                }
            },
            read => Ok(read),
        }
    }
}

/// Takes rows and keeps only their number.
struct Counted(u64);

impl Sink for Counted {
    fn row(&mut self, row: Row) -> Result<(), Stopped> {
        self.0 += 1;
        assert_eq!(row.line, i64::try_from(self.0).unwrap() + 1);
        Ok(())
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stopped> {
        panic!("{finding:?}")
    }
}

#[test]
fn a_hundred_thousand_rows_stream_through() {
    let file = Endless { rows: 0..100_000, left: std::io::Cursor::new(format!("{HEADER}\n").into_bytes()) };
    let mut counted = Counted(0);
    let summary = read(file, &payroll(), &mut counted).unwrap();
    assert_eq!((summary.good, counted.0, summary.sum.units()), (100_000, 100_000, 100_000 * 15_000_000));
}

/// Wants no more after the first row.
struct Impatient;

impl Sink for Impatient {
    fn row(&mut self, _: Row) -> Result<(), Stopped> {
        Err(Stopped)
    }

    fn finding(&mut self, _: Finding) -> Result<(), Stopped> {
        Ok(())
    }
}

#[test]
fn the_reader_stops_when_it_is_told_to() {
    assert!(matches!(read(with_header(&row(1)).as_bytes(), &payroll(), &mut Impatient), Err(ReadError::Stopped(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(bytes.as_slice(), &payroll(), &mut Kept::default());
        let below_a_header = [HEADER.as_bytes(), b"\n", &bytes].concat();
        let _ = read(below_a_header.as_slice(), &payroll(), &mut Kept::default());
    }

    #[test]
    fn any_cells_under_a_header_are_read_or_found_wrong(rows in prop::collection::vec(prop::collection::vec("[\\PC\n\r\t\"',;]{0,12}", 1..14), 1..6)) {
        let text = rows.iter().map(|cells| cells.join(",")).collect::<Vec<_>>().join("\n");
        let mut kept = Kept::default();
        if let Ok(summary) = read(with_header(&text).as_bytes(), &payroll(), &mut kept) {
            prop_assert_eq!(summary.good, u64::try_from(kept.rows.len()).unwrap());
            let bad = kept.findings.iter().filter(|finding| finding.severity == outlay::batches::Severity::Error).map(|finding| finding.line);
            let bad: std::collections::BTreeSet<_> = bad.collect();
            // A row is paid or has an error, never both, never neither.
            prop_assert_eq!(summary.rows, summary.good + u64::try_from(bad.len()).unwrap());
            prop_assert!(kept.rows.iter().all(|row| !bad.contains(&row.line)));
        }
    }
}
