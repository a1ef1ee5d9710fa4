//! Settings: each is explained, and a bad one ends the start with a line that names it.

use anyhow::Result;
use tokio::process::Command;

async fn run(settings: &[(&str, &str)], args: &[&str]) -> Result<(bool, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_assignment-service"))
        .envs([("DATABASE_URL", "postgres://localhost/x"), ("REDIS_URL", "redis://localhost")])
        .envs(settings.iter().copied())
        .args(args)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.success(), text))
}

#[tokio::test]
async fn a_bad_setting_is_named() -> Result<()> {
    for (name, value) in [
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "nonsense"),
        ("REDIS_URL", "redis://localhost,nonsense"),
        ("REDIS_CLUSTER", "maybe"),
        ("REDIS_WAIT_REPLICAS", "17"),
        ("REDIS_WAIT_TIMEOUT_MILLISECONDS", "0"),
        ("HTTP_ADDR", "nonsense"),
        ("GRPC_ADDR", "1.2.3.4"),
        ("ASSIGNMENT_TOPIC_ARN", "assignment-topic"),
        ("AWS_REGION", ""),
        ("AWS_REGION", "Europe, London"),
        ("AWS_ENDPOINT_URL", "localhost:9911"),
        ("MAX_BATCH", "0"),
        ("RECEIVE_WAIT_SECONDS", "21"),
        ("VISIBILITY_TIMEOUT_SECONDS", "-1"),
        ("SHUTDOWN_GRACE_SECONDS", "soon"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "a=b=c"),
        ("SWEEP_INTERVAL_SECONDS", "0"),
    ] {
        let (success, text) = run(&[(name, value)], &[]).await?;
        assert!(!success && text.contains(name), "{name}: {text}");
    }
    Ok(())
}

#[tokio::test]
async fn help_explains_every_setting() -> Result<()> {
    let (success, text) = run(&[], &["--help"]).await?;
    assert!(success);
    for name in [
        "DATABASE_URL",
        "REDIS_URL",
        "REDIS_CLUSTER",
        "EVENTS_QUEUE",
        "ASSIGNMENT_TOPIC_ARN",
        "MAX_IN_FLIGHT",
        "LOG_LEVEL",
    ] {
        assert!(text.contains(&format!("[env: {name}")), "{name}: {text}");
    }
    assert!(!text.contains("localhost/x"), "a URL may hold a password");
    Ok(())
}
