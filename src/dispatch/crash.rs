//! Points between two durable steps at which a test may kill the process. Compiled to nothing without the feature `crash-points`.

/// `crash_point!("after-record")`: dies there at the passage that `OUTLAY_CRASH_AT=after-record:3` names (the third; without a
/// number the first).
#[cfg(feature = "crash-points")]
macro_rules! crash_point {
    ($name:literal) => {
        $crate::dispatch::crash::passed($name)
    };
}
#[cfg(not(feature = "crash-points"))]
macro_rules! crash_point {
    ($name:literal) => {};
}
pub(crate) use crash_point;

/// Every point, for a test that dies at each.
pub const POINTS: &[&str] = &[
    "after-start-of-batch",
    "after-claim",
    "after-agree",
    "before-record-commit",
    "after-record",
    "after-send",
    "before-settle-commit",
    "after-settle",
    "after-ask",
    "after-repeat",
    "after-epoch-file",
    "after-epoch",
];

#[cfg(feature = "crash-points")]
pub(crate) fn passed(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static LEFT: std::sync::LazyLock<Option<(String, AtomicU32)>> = std::sync::LazyLock::new(|| {
        let text = std::env::var("OUTLAY_CRASH_AT").ok()?;
        let (name, times) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), AtomicU32::new(times.parse().unwrap_or(1))))
    });
    let Some((wanted, left)) = &*LEFT else { return };
    if wanted == name && left.fetch_sub(1, Ordering::SeqCst) == 1 {
        // As SIGKILL would: no destructor, no flush, nothing.
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::POINTS;

    #[test]
    fn every_point_stands_in_the_code_and_in_the_list() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dispatch");
        let mut found = std::collections::BTreeSet::new();
        let within = std::fs::read_dir(folder.join("engine")).unwrap();
        for entry in std::fs::read_dir(folder).unwrap().chain(within) {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") || path.ends_with("crash.rs") {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            found.extend(text.split("crash_point!(\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
        let listed: std::collections::BTreeSet<_> = POINTS.iter().map(ToString::to_string).collect();
        assert_eq!(found, listed);
    }
}
