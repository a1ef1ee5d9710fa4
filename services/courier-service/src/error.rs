//! Why a use case did not do what it was asked for.

use dispatch_contracts::{id::CourierId, order::OrderStatus};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody has heard of the courier.
    #[error("there is no such courier")]
    CourierNotFound,
    /// Nobody has heard of the order.
    #[error("there is no such order")]
    OrderNotFound,
    /// Another courier has the order.
    #[error("the order is with courier {courier_id}")]
    NotTheirOrder {
        /// How the order is.
        status: OrderStatus,
        /// Who has it.
        courier_id: CourierId,
    },
    /// From how the order is now there is no such way.
    #[error("impossible while the order is {status}")]
    ImpossibleTransition {
        /// How it is.
        status: OrderStatus,
        /// Who has it.
        courier_id: Option<CourierId>,
    },
    /// Nobody has the order now.
    #[error("the order is with no courier")]
    OrderNotAssigned,
    /// The database did not answer, or refused.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
}
