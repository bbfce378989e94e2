//! The `countersign` executable: the only place that puts concrete parts together.

#![allow(unreachable_pub, reason = "a binary has no outside: `pub` marks what other modules use")]

mod client;
mod commands;
mod config;
mod connectors_folder;
mod output;
mod parts;
#[cfg(test)]
mod sample;
mod secret_key;
mod timeline;

use clap::{Parser, Subcommand};
use commands::{
    audit, bench, check, checkpoint, connector, delegation, demo, eval, migrate, openapi, run, sandbox, serve,
    standing, vault, workflow,
};
use output::Exit;
use std::process::ExitCode;

/// Runs allocate many small JSON values on one thread and free them on another, which the system's allocator pays dearly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Multi-step automation with human checkpoints, inside conversations with customers.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server, the pages and the engine.
    Serve(serve::Args),
    /// Start everything with a sandbox of the outside world and ready accounts.
    Demo(demo::Args),
    /// Check workflow files.
    Check(check::Args),
    /// Evaluate an expression.
    Eval(eval::Args),
    /// List, show, push, publish, roll back and compare workflows.
    #[command(subcommand)]
    Workflow(workflow::Command),
    /// Start, list, show, watch, cancel and retry runs.
    #[command(subcommand)]
    Run(run::Command),
    /// List, show and decide checkpoints.
    #[command(subcommand)]
    Checkpoint(checkpoint::Command),
    /// List and revoke what people allowed in advance.
    #[command(subcommand)]
    Standing(standing::Command),
    /// List and end who decides for whom.
    #[command(subcommand)]
    Delegation(delegation::Command),
    /// List, show and import connectors.
    #[command(subcommand)]
    Connector(connector::Command),
    /// Verify the audit trail.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Replace or check the key that credentials are sealed with.
    #[command(subcommand)]
    Vault(vault::Command),
    /// Bring the database to this build's schema.
    Migrate(migrate::Args),
    /// Print the OpenAPI document.
    Openapi(openapi::Args),
    /// Run the outside world in a box: Stripe, identity, WhatsApp, mail and a phone to look at.
    Sandbox(sandbox::Args),
    /// Measure speed, memory and disk use on this machine.
    #[command(subcommand)]
    Bench(bench::Command),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, anything else is wrong usage.
            let code = if error.use_stderr() { 2 } else { 0 };
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    match dispatch(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            Exit::CouldNot.into()
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Check(args) => check::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Openapi(args) => openapi::run(&args),
        Command::Bench(command) => bench::run(command),
        Command::Serve(args) => parts::block_on_beside_database(serve::run(args)),
        Command::Demo(args) => parts::block_on(demo::run(args)),
        Command::Migrate(args) => parts::block_on(migrate::run(args)),
        Command::Sandbox(args) => parts::block_on(sandbox::run(args)),
        Command::Workflow(command) => parts::block_on(workflow::run(command)),
        Command::Run(command) => parts::block_on(run::run(command)),
        Command::Checkpoint(command) => parts::block_on(checkpoint::run(command)),
        Command::Standing(command) => parts::block_on(standing::run(command)),
        Command::Delegation(command) => parts::block_on(delegation::run(command)),
        Command::Connector(command) => parts::block_on(connector::run(command)),
        Command::Audit(command) => parts::block_on(audit::run(command)),
        Command::Vault(command) => parts::block_on(vault::run(command)),
    }
}
