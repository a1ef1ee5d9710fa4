//! Why a use case did not do what it was asked for.

use dispatch_contracts::{id::CourierId, order::OrderStatus};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody has heard of the order's details.
    #[error("there is no such order")]
    OrderNotFound,
    /// The order is there, with other content.
    #[error("an order with this id and another content exists")]
    OrderConflict,
    /// From how the order is now there is no such way.
    #[error("impossible while the order is {status}")]
    ImpossibleTransition {
        /// How it is.
        status: OrderStatus,
        /// Who has it.
        courier_id: Option<CourierId>,
    },
    /// The order's history has no such place.
    #[error("there is no such place in the history of the order")]
    NoSuchPlace,
    /// The key came with another request before.
    #[error("the Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    /// The database did not answer, or refused.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
}
