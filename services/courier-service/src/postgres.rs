//! Couriers and pairs in PostgreSQL. Each statement is a file of its own; a batch costs the same number of them,
//! whatever its size.

pub mod changes;
pub mod couriers;
pub mod pairs;

use sqlx::migrate::Migrator;

/// This service's own migrations; those of the outbox come before them.
pub static MIGRATIONS: Migrator = sqlx::migrate!();
