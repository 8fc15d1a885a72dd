//! `outlay`: which role this process plays.

use std::process::ExitCode;

use clap::Parser;
use outlay::config::{Cli, Role};
use outlay::{logging, roles, simulator};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(&cli.logging.log, cli.logging.log_json);
    let done = match cli.role {
        Role::Serve(args) => roles::run(roles::serve::serve(args)),
        Role::Work(args) => roles::run(roles::work::work(args)),
        Role::Demo(args) => roles::run(roles::demo::demo(args)),
        Role::Simulate(args) => roles::run(simulator::simulate(args, roles::system_clock())),
        Role::Migrate(args) => roles::run(roles::migrate::migrate(args)),
        Role::Admin(args) => roles::run(roles::admin::admin(args)),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("outlay: {error:#}");
            ExitCode::FAILURE
        }
    }
}
