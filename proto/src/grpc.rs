//! The gRPC services of `dispatch/v1/*.proto`, generated, and the crossings between their values and this crate's.

#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated; the .proto files hold the words")]

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

use crate::order;

tonic::include_proto!("dispatch.v1");

/// All messages and services, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/dispatch.v1.bin"));

/// The most ids that one batch lookup takes.
pub const MAX_BATCH: usize = 100;

/// A time as protobuf carries it.
#[must_use]
pub fn to_timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: time.timestamp(), nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0) }
}

/// A time from protobuf; nothing when it is out of range.
#[must_use]
pub fn from_timestamp(time: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?)
}

impl From<order::OrderStatus> for OrderStatus {
    fn from(status: order::OrderStatus) -> Self {
        match status {
            order::OrderStatus::Pending => Self::Pending,
            order::OrderStatus::Assigned => Self::Assigned,
            order::OrderStatus::PickedUp => Self::PickedUp,
            order::OrderStatus::Delivered => Self::Delivered,
            order::OrderStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl OrderStatus {
    /// The status as this crate names it; nothing for UNSPECIFIED.
    #[must_use]
    pub fn known(self) -> Option<order::OrderStatus> {
        match self {
            Self::Unspecified => None,
            Self::Pending => Some(order::OrderStatus::Pending),
            Self::Assigned => Some(order::OrderStatus::Assigned),
            Self::PickedUp => Some(order::OrderStatus::PickedUp),
            Self::Delivered => Some(order::OrderStatus::Delivered),
            Self::Cancelled => Some(order::OrderStatus::Cancelled),
        }
    }
}
