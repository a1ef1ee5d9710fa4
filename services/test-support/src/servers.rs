//! Where the real servers are.

use std::env;

use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

/// The servers that `run-e2e.sh` started.
#[derive(Debug, Clone)]
pub struct Servers {
    /// A PostgreSQL database whose user may create databases.
    pub database_url: String,
    /// A Valkey or Redis.
    pub redis_url: String,
    /// SNS and SQS.
    pub aws_endpoint: String,
}

impl Servers {
    /// From the environment.
    ///
    /// # Errors
    /// A variable is missing: the servers were not started.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            database_url: variable("DISPATCH_TEST_DATABASE_URL")?,
            redis_url: variable("DISPATCH_TEST_REDIS_URL")?,
            aws_endpoint: variable("DISPATCH_TEST_AWS_ENDPOINT")?,
        })
    }

    /// For the AWS SDK's clients.
    pub async fn aws(&self) -> SdkConfig {
        let http_client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client)
            .region(Region::new("eu-west-2"))
            .endpoint_url(&self.aws_endpoint)
            .load()
            .await
    }
}

/// A variable that `run-e2e.sh` sets.
///
/// # Errors
/// It is not set.
pub fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set: run the tests by `sh run-e2e.sh`"))
}
