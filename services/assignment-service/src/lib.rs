//! assignment-service: decides who gets which order, and records why.
//!
//! ```text
//! events-queue --> intake --> dispatch --> choice (Redis), facts (PostgreSQL)
//! gRPC ------------> grpc --------^           outbox --> relay --> SNS assignment-topic
//! ```
//!
//! Guarantees: an order is assigned to at most one courier at a time, since it is one row of the facts; what was
//! acknowledged is committed; Redis may forget everything at any moment.

pub mod choice;
pub mod dispatch;
pub mod domain;
pub mod facts;
pub mod grpc;
pub mod intake;
pub mod settings;
