//! messaging against the real SQS, SNS and PostgreSQL; `sh run-e2e.sh` starts them.

mod consumer;
mod harness;
mod outbox;
