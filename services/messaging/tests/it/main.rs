//! messaging against the real SQS, SNS and PostgreSQL; `sh run-e2e.sh` starts them.

mod consumer;
mod dead_letters;
mod harness;
mod operator;
mod outbox;
mod shelf;
mod wire_tap;
