//! order-service against real servers: PostgreSQL, SNS and SQS. Run by `sh run-e2e.sh -p order-service`.

mod consumers;
mod decisions;
mod expand;
mod grpc;
mod http;
mod idempotency;
mod instances;
mod openapi;
mod repository;
mod settings;
mod support;
