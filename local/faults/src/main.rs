//! `faults --listen 127.0.0.1:PORT --upstream http://127.0.0.1:4566 --plan '{"kill_after":7,"commit":true}'`

use std::process::ExitCode;

use babyshield_faults::{Plan, Proxy};

const USAGE: &str = "faults --listen 127.0.0.1:PORT --upstream http://HOST:PORT [--plan '{\"kill_after\":7,\"commit\":true}']";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            complain(&format!("{reason}\nusage: {USAGE}"));
            ExitCode::FAILURE
        }
    }
}

/// Serves until the plan's last call, or for ever.
async fn run(arguments: &[String]) -> Result<(), String> {
    let (mut listen, mut upstream, mut plan) = (None, None, Plan::default());
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest.next().ok_or_else(|| format!("{name} has no value"))?;
        match name.as_str() {
            "--listen" => {
                listen = Some(
                    value
                        .parse()
                        .map_err(|error| format!("--listen: {error}"))?,
                );
            }
            "--upstream" => upstream = Some(value),
            "--plan" => {
                plan = serde_json::from_str(value).map_err(|error| format!("--plan: {error}"))?;
            }
            _ => return Err(format!("{name} is unknown")),
        }
    }
    let listen = listen.ok_or("--listen is missing")?;
    let upstream = upstream.ok_or("--upstream is missing")?;
    let proxy = Proxy::listen(listen, upstream, plan)
        .await
        .map_err(|error| error.to_string())?;
    complain(&format!("{} -> {upstream}", proxy.endpoint()));
    proxy.died().await;
    proxy.settled().await;
    complain(&format!("dead after {} calls", proxy.calls()));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn complain(line: &str) {
    eprintln!("{line}");
}
