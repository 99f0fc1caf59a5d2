//! The command line of `sixin`.

use clap::{Parser, Subcommand};
use protocol::Password;
use server::config::Config;
use server::import::{Import, Imported};
use std::io::Write;
use std::path::PathBuf;
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
    Serve(Box<Config>),
    /// Import conversations from a file of one JSON object a line, plain or gzip-compressed. Stop the server first.
    Import(ImportArguments),
}

#[derive(clap::Args)]
struct ImportArguments {
    /// The file.
    file: PathBuf,
    /// The data folder; created when absent.
    #[arg(long, env = "SIXIN_DATA", default_value = "data", value_name = "FOLDER")]
    data: PathBuf,
    /// Names this source; the file's name up to the first dot when absent. The same names of two sources are different
    /// people and chats.
    #[arg(long)]
    source: Option<String>,
    /// The first password of every account that the import makes, 8–128 characters. Without one nobody can log in as an
    /// imported person.
    #[arg(long, env = "SIXIN_IMPORT_PASSWORD", value_parser = |text: &str| Password::try_from(text))]
    password: Option<Password>,
}

fn main() -> ExitCode {
    let CommandLine { command, serve } = CommandLine::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("SIXIN_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    match run(command.unwrap_or_else(|| Command::Serve(Box::new(serve)))) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(config) => {
            server::serve::build(*config).await?.run().await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(ImportArguments { file, data, source, password }) => {
            let imported = server::import::run(Import { file, data, source, password }).await?;
            report(&imported)
        }
    }
}

/// Says what came in, and which lines did not: then the exit code is 1.
fn report(imported: &Imported) -> anyhow::Result<ExitCode> {
    let mut errors = std::io::stderr().lock();
    for (number, reason) in &imported.refused {
        writeln!(errors, "line {number}: {reason}")?;
    }
    let Imported { messages, known, conversations, accounts, refused, seconds } = imported;
    let rate = (*messages as f64 / seconds.max(0.001)).round();
    writeln!(
        std::io::stdout(),
        "{messages} messages, {conversations} conversations and {accounts} accounts came in, in {seconds:.1} s \
        ({rate} messages/s). {known} messages were there already, {} lines were left out.",
        refused.len()
    )?;
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
