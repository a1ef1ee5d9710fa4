//! The use cases about which order is with which courier, one a file.

mod of_courier;
mod of_order;
mod record;

use sqlx::PgPool;

pub use self::of_courier::Position;

/// The pairs that this service knows.
#[derive(Debug, Clone)]
pub struct Pairs {
    pool: PgPool,
}

impl Pairs {
    /// The pairs in a database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}
