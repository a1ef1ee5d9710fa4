//! What is asked of a connection before somebody uses it.
//!
//! Guarantees: a connection that is lent answers and is in no transaction, so a statement without a transaction of its own is
//! committed when it has been answered; and it was made to a server that takes writes.

use futures::future::BoxFuture;
use sqlx::{PgConnection, Row as _, pool::PoolConnectionMetadata, postgres::PgPoolOptions};

/// A transaction whose caller is dropped while `BEGIN` is on its way goes back to the pool begun, and sqlx does not know
/// of it: what is executed next would be answered, and lost with that transaction. Where there is none, which is nearly always, this
/// begins and ends an empty one; it costs what a ping does, one round trip.
const END_WHAT_WAS_BEGUN: &str = "BEGIN; ROLLBACK";

/// After a failover the address may lead to the former writer for a while. Such a connection is in order and would be kept for
/// half an hour, while every write fails. A server has to be restarted to become a standby, so new connections are asked only.
const TAKES_WRITES: &str = "SELECT current_setting('transaction_read_only') = 'off'";

/// For every pool.
pub(super) fn only_idle(options: PgPoolOptions) -> PgPoolOptions {
    options.test_before_acquire(false).before_acquire(idle)
}

/// For pools that write.
pub(super) fn only_writable(options: PgPoolOptions) -> PgPoolOptions {
    options.after_connect(|connection, _| writable(connection))
}

fn idle(connection: &mut PgConnection, _: PoolConnectionMetadata) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(async move { sqlx::raw_sql(END_WHAT_WAS_BEGUN).execute(connection).await.map(|_| true) })
}

fn writable(connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
    Box::pin(async move {
        let row = sqlx::raw_sql(TAKES_WRITES).fetch_one(connection).await?;
        if row.try_get(0)? { Ok(()) } else { Err(sqlx::Error::Protocol("the server takes no writes now".to_owned())) }
    })
}

#[cfg(test)]
mod tests {
    use std::{task::Poll, time::Duration};

    use anyhow::{Context as _, Result};
    use sqlx::{Acquire as _, Connection as _, Executor as _, PgConnection, PgPool, postgres::PgPoolOptions};
    use test_support::{Servers, database};

    use crate::{database::connect, settings::DatabaseSettings};

    async fn pool(database_url: &str) -> Result<PgPool> {
        Ok(connect(&DatabaseSettings { database_url: database_url.parse()?, database_connections: 1 }).await?)
    }

    /// Leaves the pool's only connection inside a transaction that nobody knows of, as a caller does who is dropped in between.
    async fn begin_and_go(pool: &PgPool) -> Result<()> {
        for _ in 0..1_000 {
            let mut connection = pool.acquire().await?;
            let mut beginning = connection.begin();
            let Poll::Ready(begun) = futures::poll!(&mut beginning) else {
                return Ok(());
            };
            begun?.rollback().await?; // the server was quicker than we are
        }
        anyhow::bail!("BEGIN was always answered at once")
    }

    #[tokio::test]
    async fn what_is_executed_after_somebody_left_a_transaction_is_committed() -> Result<()> {
        let database_url = database::create(&Servers::from_env()?).await?;
        let pool = pool(&database_url).await?;
        pool.execute("CREATE TABLE kept (it int)").await?;
        begin_and_go(&pool).await?;
        pool.execute("INSERT INTO kept VALUES (1)").await?;

        let mut somebody_else = PgConnection::connect(&database_url).await?;
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut somebody_else).await?;
        assert_eq!(kept, 1);
        Ok(())
    }

    #[tokio::test]
    async fn a_server_that_takes_no_writes_is_not_used_until_it_does() -> Result<()> {
        let database_url = database::create(&Servers::from_env()?).await?;
        let name = database_url.rsplit('/').next().context("the URL names a database")?;
        let read_only =
            |on: &str| sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}"));
        let mut admin = PgConnection::connect(&Servers::from_env()?.database_url).await?;
        sqlx::query(read_only("on")).execute(&mut admin).await?;
        let pool = || super::only_writable(PgPoolOptions::new().max_connections(1));
        let refused = pool().acquire_timeout(Duration::from_secs(1)).connect(&database_url).await;
        assert!(matches!(refused, Err(sqlx::Error::PoolTimedOut)), "it takes no writes");

        sqlx::query(read_only("off")).execute(&mut admin).await?;
        pool().connect(&database_url).await?.execute("CREATE TABLE written ()").await?;
        Ok(())
    }
}
