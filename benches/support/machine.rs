//! What Linux says of a process; nothing elsewhere.

use std::path::Path;

/// Processor seconds (user and system) that a process has used.
pub fn cpu_seconds(pid: u32) -> f64 {
    cpu_of(&format!("/proc/{pid}/stat"))
}

/// Those of this process's threads of one name.
pub fn cpu_seconds_of_threads(name: &str) -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten().map(|entry| entry.path());
    let is_called = |path: &std::path::PathBuf| std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim_end() == name);
    threads.filter(is_called).map(|path| cpu_of(&path.join("stat").display().to_string())).sum()
}

fn cpu_of(stat: &str) -> f64 {
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    // Counted after the name: utime and stime, in hundredths of a second.
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn status(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(0.0) / 1_000.0
}

/// Megabytes of memory this process has now.
pub fn memory_mb() -> f64 {
    status("VmRSS:")
}

/// Forgets the most it ever had, where Linux lets it.
pub fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// The most it had since then, or ever.
pub fn peak_memory_mb() -> f64 {
    status("VmHWM:")
}

/// Megabytes of a file and those beside it whose names begin with its own.
pub fn size_mb(path: &Path) -> f64 {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let entries = std::fs::read_dir(path.parent().unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&name));
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "printed as megabytes")]
    let bytes = ours.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len() as f64).sum::<f64>();
    bytes / 1_000_000.0
}
