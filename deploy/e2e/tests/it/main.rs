//! Every line of how Dispatch behaves, on a running system, over public interfaces only: `sh run-e2e.sh -p e2e`.

mod availability;
mod bad_messages;
mod bad_requests_to_assignment_service;
mod bad_requests_to_courier_service;
mod bad_requests_to_order_service;
mod envelope;
mod load;
mod moves;
mod seed;
mod stale_news;
mod waiting;
