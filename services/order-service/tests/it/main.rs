//! order-service against real servers: PostgreSQL, SNS and SQS. Run by `sh run-e2e.sh -p order-service`.

mod consumers;
mod expand;
mod grpc;
mod history;
mod http;
mod idempotency;
mod instances;
mod life;
mod life_over_rest;
mod messages;
mod migration;
mod openapi;
mod overload;
mod repository;
mod settings;
mod steps;
mod support;
