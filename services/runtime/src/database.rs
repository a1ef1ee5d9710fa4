//! The service's own PostgreSQL database: connected to and migrated at start.

mod lending;

use std::{error::Error, future::Future, time::Duration};

use sqlx::{
    Connection as _, Decode, PgConnection, PgPool, Postgres, Row as _, Type,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};

use crate::{instance, settings::DatabaseSettings};

/// Longest wait for a free connection; past it the caller fails instead of queueing.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long a start waits for a database that is itself starting.
const START: Duration = Duration::from_secs(60);

/// What the server does for us when this side cannot: it ends statements and transactions that hang, and notices that
/// this machine has vanished, so that no lock outlives its holder for long.
const SESSION: [(&str, &str); 5] = [
    ("statement_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("tcp_keepalives_idle", "15"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It did not answer, or refused the login.
    #[error("DATABASE_URL: cannot connect")]
    Connect(#[source] sqlx::Error),
    /// Its schema could not be brought up to date.
    #[error("cannot migrate the database")]
    Migrate(#[source] MigrateError),
}

/// Connects and migrates. Instances that start at once wait for each other.
///
/// # Errors
/// The database did not answer for a minute, or a migration failed.
pub async fn open(settings: &DatabaseSettings, migrations: &Migrator) -> Result<PgPool, DatabaseError> {
    let pool = connect(settings).await?;
    migrate(settings, migrations).await?;
    Ok(pool)
}

/// Connects, to a database that is as it should be.
///
/// # Errors
/// The database did not answer for a minute.
pub async fn connect(settings: &DatabaseSettings) -> Result<PgPool, DatabaseError> {
    connect_as(lending::only_writable(PgPoolOptions::new()), settings, &[]).await
}

/// Connects for somebody who looks: nothing can be written, and no statement lasts longer than `patience`.
///
/// # Errors
/// The database did not answer for a minute.
pub async fn connect_to_read(settings: &DatabaseSettings, patience: Duration) -> Result<PgPool, DatabaseError> {
    let timeout = format!("{}ms", patience.as_millis());
    let session = [("default_transaction_read_only", "on"), ("statement_timeout", timeout.as_str())];
    connect_as(PgPoolOptions::new(), settings, &session).await
}

async fn connect_as(
    options: PgPoolOptions,
    settings: &DatabaseSettings,
    more: &[(&str, &str)],
) -> Result<PgPool, DatabaseError> {
    let options = lending::only_idle(options).max_connections(settings.database_connections).acquire_timeout(ACQUIRE);
    let started = tokio::time::Instant::now();
    let session = named(settings.database_url.clone().options(SESSION).options(more.iter().copied()));
    loop {
        match options.clone().connect_with(session.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) if started.elapsed() > START => return Err(DatabaseError::Connect(error)),
            Err(error) => tracing::warn!(%error, "the database does not answer yet"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Bears the name of this process, for whoever looks at the server or at what was written, unless the URL says another one.
fn named(session: PgConnectOptions) -> PgConnectOptions {
    if session.get_application_name().is_some() {
        return session;
    }
    // PostgreSQL cuts it to 63 bytes.
    session.application_name(&instance::name())
}

/// On a connection of its own: a migration may take longer than a statement may.
async fn migrate(settings: &DatabaseSettings, migrations: &Migrator) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect_with(&settings.database_url).await.map_err(DatabaseError::Connect)?;
    migrations.run(&mut connection).await.map_err(DatabaseError::Migrate)?;
    connection.close().await.map_err(DatabaseError::Connect)
}

/// Whether the database answers now.
///
/// # Errors
/// It does not.
pub async fn ping(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT 1").execute(pool).await.map(|_| ())
}

/// Asks the database whenever it is called; for [`Health::needs`](crate::Health::needs).
pub fn check(pool: &PgPool) -> impl Fn() -> CheckFuture + Send + Sync + use<> {
    let pool = pool.clone();
    move || {
        let pool = pool.clone();
        measure("service", &pool);
        Box::pin(async move { ping(&pool).await })
    }
}

/// Shows how many connections of a pool are used now. `name` tells the pools of a process apart; that of [`check`] is `service`.
pub fn measure(name: &'static str, pool: &PgPool) {
    let (all, idle) = (f64::from(pool.size()), pool.num_idle() as f64);
    for (state, connections) in [("idle", idle), ("busy", all - idle)] {
        metrics::gauge!("dispatch_database_connections", "pool" => name, "state" => state).set(connections);
    }
}

/// What [`check`] answers.
pub type CheckFuture = std::pin::Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send>>;

/// Reads a column into a value that checks itself, such as a newtype.
///
/// # Errors
/// The column is not there, or what it holds is refused; the error names the column.
pub fn column<'r, S, T, E>(row: &'r PgRow, name: &str, read: impl FnOnce(S) -> Result<T, E>) -> Result<T, sqlx::Error>
where
    S: Decode<'r, Postgres> + Type<Postgres>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    read(row.try_get(name)?).map_err(|error| sqlx::Error::ColumnDecode { index: name.to_owned(), source: error.into() })
}
