//! Connections to SNS and SQS.
//!
//! Receiving has a client of its own: long polls hold their connections for many seconds, and a delete that waits
//! behind them comes too late, which shows up as a second delivery and, in the end, as a false dead letter.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use clap::Args;
use http::Uri;

/// Longer than the longest long poll (20 s): a poll that found nothing is no failure.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(30);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPTS: u32 = 3;

/// Where SNS and SQS are. Credentials come from the usual places (environment, profile, container, instance).
#[derive(Debug, Clone, Args)]
pub struct AwsSettings {
    /// Region of topics and queues.
    #[arg(long, env, default_value = "eu-west-2", value_parser = region)]
    pub aws_region: String,
    /// Endpoint in place of AWS's own, such as http://localhost:9911.
    #[arg(long, env, value_parser = endpoint_url)]
    pub aws_endpoint_url: Option<String>,
}

fn region(text: &str) -> Result<String, String> {
    let is_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let is_region = !text.is_empty() && text.bytes().all(is_name);
    if is_region { Ok(text.to_owned()) } else { Err("must be a region such as eu-west-2".to_owned()) }
}

fn endpoint_url(text: &str) -> Result<String, String> {
    let is_url = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if is_url { Ok(text.to_owned()) } else { Err("must be a URL such as http://localhost:9911".to_owned()) }
}

/// The clients that a service uses.
#[derive(Debug, Clone)]
pub struct Clients {
    /// For `ReceiveMessage` alone.
    pub receive: aws_sdk_sqs::Client,
    /// For every other call to SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// For publishing.
    pub sns: aws_sdk_sns::Client,
}

impl Clients {
    /// Prepares the clients; connects only when used.
    pub async fn load(settings: &AwsSettings) -> Self {
        let receive = sdk_config(settings, RECEIVE_TIMEOUT).await;
        let call = sdk_config(settings, CALL_TIMEOUT).await;
        Self {
            receive: aws_sdk_sqs::Client::new(&receive),
            sqs: aws_sdk_sqs::Client::new(&call),
            sns: aws_sdk_sns::Client::new(&call),
        }
    }
}

async fn sdk_config(settings: &AwsSettings, attempt_timeout: Duration) -> SdkConfig {
    let http_client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt_timeout)
        .operation_timeout(attempt_timeout * ATTEMPTS)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client)
        .region(Region::new(settings.aws_region.clone()))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts)
        // A long poll is silent for its whole wait; that is not a stalled stream.
        .stalled_stream_protection(aws_config::stalled_stream_protection::StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &settings.aws_endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    loader.load().await
}
