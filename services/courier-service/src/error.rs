//! Why a use case did not do what it was asked for.

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody has heard of the courier.
    #[error("there is no such courier")]
    CourierNotFound,
    /// Nobody has the order now.
    #[error("the order is with no courier")]
    OrderNotAssigned,
    /// The database did not answer, or refused.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
}
