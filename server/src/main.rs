//! The command line of `sixin`.

use clap::{Parser, Subcommand};
use server::config::Config;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Sixin, a self-hosted messenger for the browser.
#[derive(Parser)]
#[command(name = "sixin", version, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Config,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the messenger; the default.
    Serve(Config),
}

fn main() -> ExitCode {
    let CommandLine { command, serve } = CommandLine::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("SIXIN_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    match run(command.unwrap_or(Command::Serve(serve))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(config) => server::serve::build(config).await?.run().await,
    }
}
