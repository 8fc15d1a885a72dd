//! stub
use std::path::Path;
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {}
pub async fn simulate(_: SimulateArgs) -> crate::roles::Ended {
    Ok(std::process::ExitCode::SUCCESS)
}
pub struct Running;
impl Running {
    pub async fn stop(self) {}
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], 1).into()
    }
}
pub async fn start_in(_: &Path) -> anyhow::Result<Running> {
    Ok(Running)
}
pub const FSPS: [(&str, &str); 4] = [("kbzpay", "KBZPay"), ("wavemoney", "WaveMoney"), ("ayapay", "AYA Pay"), ("cbbank", "CB Bank")];
