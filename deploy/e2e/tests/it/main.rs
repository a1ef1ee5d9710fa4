//! Every line of how Dispatch behaves, on a running system, over public interfaces only: `sh run-e2e.sh -p e2e`.

mod availability;
mod bad_messages;
mod bad_requests_to_assignment_service;
mod bad_requests_to_courier_service;
mod bad_requests_to_order_service;
mod board;
mod capacity;
#[cfg(feature = "processes")]
mod dead_letters;
mod decisions;
mod envelope;
mod expand;
mod grpc;
mod history;
#[cfg(feature = "processes")]
mod leaving;
mod lifecycle;
mod lifecycle_by_events;
mod line;
mod lists;
mod load;
#[cfg(feature = "processes")]
mod logs;
mod manual;
mod metrics;
mod migrations;
mod moves;
mod operations;
#[cfg(feature = "processes")]
mod overload;
#[cfg(feature = "processes")]
mod peer_down;
mod rejection;
mod rejection_over_rest;
#[cfg(feature = "processes")]
mod replay;
mod rest_of_courier_service;
mod rest_of_order_service;
mod seed;
#[cfg(feature = "processes")]
mod shutdown;
mod stale_news;
#[cfg(feature = "processes")]
mod traces;
mod two_instances;
#[cfg(feature = "processes")]
mod upgrade;
mod waiting;
#[cfg(feature = "processes")]
mod window_and_ratio;
