//! A database of a test's own.

use anyhow::{Context as _, Result};
use sqlx::{Connection as _, PgConnection, PgPool, migrate::Migrator, postgres::PgConnectOptions};

use crate::{Servers, unique, wait::eventually};

/// Makes an empty database and answers its URL.
///
/// # Errors
/// The server does not answer.
pub async fn create(servers: &Servers) -> Result<String> {
    let name = unique::name("test").replace('-', "_");
    let mut admin = PgConnection::connect(&servers.database_url).await?;
    // CREATE DATABASE takes no parameters; the name is letters, digits and underscores.
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
    let (base, _) = servers.database_url.rsplit_once('/').context("DISPATCH_TEST_DATABASE_URL has no database")?;
    Ok(format!("{base}/{name}"))
}

/// Makes a database, migrates it and connects.
///
/// # Errors
/// The server does not answer, or a migration fails.
pub async fn migrated(servers: &Servers, migrations: &Migrator) -> Result<PgPool> {
    let options: PgConnectOptions = create(servers).await?.parse()?;
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(8).connect_with(options).await?;
    migrations.run(&pool).await?;
    Ok(pool)
}

/// Waits until all that was written into a service's outbox is published.
///
/// # Errors
/// It never is, or the server does not answer.
pub async fn outbox_emptied(pool: &PgPool) -> Result<()> {
    eventually("all is published", || async {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(pool).await?;
        Ok((left == 0).then_some(()))
    })
    .await
}
