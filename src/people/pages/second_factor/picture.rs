//! A QR code as a picture in the page.

use qrcode::{Color, QrCode};

/// Modules of white around it, without which no phone finds it.
const QUIET: usize = 4;

/// An SVG path over dark modules, in a square of `size` modules with the white around them.
#[derive(Debug, Clone)]
pub struct Picture {
    pub size: usize,
    pub path: String,
}

impl Picture {
    /// `None` for a text that is too long for a QR code.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (y, row) in code.to_colors().chunks(width).enumerate() {
            for run in runs(row) {
                path.push_str(&format!("M{} {}h{}v1h-{}z", run.start + QUIET, y + QUIET, run.len(), run.len()));
            }
        }
        Some(Self { size: width + 2 * QUIET, path })
    }
}

/// The dark stretches of a row.
fn runs(row: &[Color]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (x, _) in row.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        match runs.last_mut() {
            Some(run) if run.end == x => run.end = x + 1,
            _ => runs.push(x..x + 1),
        }
    }
    runs
}
