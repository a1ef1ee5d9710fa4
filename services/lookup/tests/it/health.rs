//! Whether the other service is well, as it says itself.

use std::time::Duration;

use anyhow::Result;
use lookup::{Couriers, Orders};
use tonic::transport::Server;
use tonic_health::{ServingStatus, server::health_reporter};

use crate::server::{closed, serve, silent};

const PATIENT: Duration = Duration::from_secs(30);
const HASTY: Duration = Duration::from_millis(300);

#[tokio::test]
async fn it_is_well_when_it_says_so() -> Result<()> {
    let (reporter, service) = health_reporter();
    let (address, _running) = serve(Server::builder().add_service(service)).await?;
    let (couriers, orders) = (Couriers::new(&address, PATIENT), Orders::new(&address, PATIENT));
    assert_eq!((couriers.health().await, orders.health().await), (Ok(()), Ok(())));
    reporter.set_service_status("", ServingStatus::NotServing).await;
    let not_serving = Err("NOT_SERVING".to_owned());
    assert_eq!((couriers.health().await, orders.health().await), (not_serving.clone(), not_serving));
    Ok(())
}

#[tokio::test]
async fn it_is_not_when_it_does_not_answer() -> Result<()> {
    assert!(Couriers::new(&closed(), PATIENT).health().await.is_err_and(|error| error.starts_with("Unavailable: ")));
    let (address, _listener) = silent().await?;
    assert!(Orders::new(&address, HASTY).health().await.is_err());
    Ok(())
}
