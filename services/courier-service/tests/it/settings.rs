//! A bad setting ends the start, with a line that names it.

use std::process::{Command, Output};

use anyhow::Result;

fn start(settings: &[(&str, &str)]) -> Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_courier-service"));
    Ok(command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none").envs(settings.iter().copied()).output()?)
}

#[test]
fn a_bad_value_is_named() -> Result<()> {
    for (name, value) in [
        ("HTTP_ADDR", "nowhere"),
        ("GRPC_ADDR", "127.0.0.1"),
        ("DATABASE_URL", "nowhere"),
        ("DATABASE_CONNECTIONS", "0"),
        ("EVENTS_TOPIC_ARN", "events-topic"),
        ("AWS_REGION", ""),
        ("AWS_REGION", "Europe, London"),
        ("AWS_ENDPOINT_URL", "localhost:9911"),
        ("AWS_ENDPOINT_URL", ""),
        ("ORDER_SERVICE_GRPC_URL", "localhost:9081"),
        ("LOOKUP_TIMEOUT_MILLISECONDS", "0"),
        ("RECEIVE_WAIT_SECONDS", "21"),
        ("MAX_REQUESTS", "0"),
        ("MAX_CONNECTIONS", "many"),
        ("REQUEST_TIMEOUT_SECONDS", "0"),
        ("MAX_OUTBOX", "-1"),
        ("LOG_LEVEL", "a=b=c"),
        ("LOG_FORMAT", "xml"),
        ("SHUTDOWN_GRACE_SECONDS", "soon"),
    ] {
        let output = start(&[(name, value)])?;
        let told = String::from_utf8(output.stderr)?;
        assert!(!output.status.success() && told.contains(name), "{name}={value}: {told}");
    }
    Ok(())
}

#[test]
fn a_missing_database_is_named() -> Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_courier-service")).env_remove("DATABASE_URL").output()?;
    assert!(!output.status.success() && String::from_utf8(output.stderr)?.contains("DATABASE_URL"));
    Ok(())
}

#[test]
fn a_port_in_use_is_named() -> Result<()> {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let output = start(&[("HTTP_ADDR", &address), ("GRPC_ADDR", "127.0.0.1:0")])?;
    let told = String::from_utf8(output.stderr)?;
    assert!(!output.status.success() && told.contains("HTTP_ADDR") && told.contains(&address), "{told}");
    Ok(())
}

#[test]
fn help_explains_each_setting() -> Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_courier-service")).arg("--help").output()?;
    let help = String::from_utf8(output.stdout)?;
    for name in ["DATABASE_URL", "EVENTS_QUEUE", "ASSIGNMENTS_QUEUE", "AWS_ENDPOINT_URL"] {
        assert!(help.contains(name), "{name}");
    }
    Ok(())
}
