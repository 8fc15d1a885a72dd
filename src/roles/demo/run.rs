//! stub
use super::DemoArgs;
use crate::institutions::Institution;
use std::path::Path;
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Type {
    Payroll,
    LoanDisbursement,
}
pub(super) async fn run(_: &Institution, _: &DemoArgs, _: &Path) -> crate::roles::Ended {
    Ok(std::process::ExitCode::SUCCESS)
}
