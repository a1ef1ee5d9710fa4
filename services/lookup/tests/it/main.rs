//! Lookups at services of the test's own, over real connections.

mod couriers;
mod health;
mod messages;
mod orders;
mod server;
