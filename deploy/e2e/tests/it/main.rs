//! Every line of how Dispatch behaves, on a running system, over public interfaces only: `sh run-e2e.sh -p e2e`.

mod availability;
mod bad_messages;
mod bad_requests_to_assignment_service;
mod bad_requests_to_courier_service;
mod bad_requests_to_order_service;
mod dead_letters;
mod decisions;
mod envelope;
mod expand;
mod grpc;
mod lifecycle;
mod lifecycle_by_events;
mod lists;
mod load;
mod moves;
mod operations;
mod peer_down;
mod rest_of_courier_service;
mod rest_of_order_service;
mod seed;
mod shutdown;
mod stale_news;
mod two_instances;
mod waiting;
