//! courier-service against real servers: PostgreSQL, SNS and SQS. Run by `sh run-e2e.sh -p courier-service`.

mod consumers;
mod couriers;
mod expand;
mod grpc;
mod http;
mod instances;
mod life;
mod migration;
mod openapi;
mod overload;
mod pairs;
mod reject;
mod settings;
mod support;
