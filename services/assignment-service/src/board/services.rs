//! Whether the services and the servers answer.

use super::Board;

/// Somebody whom dispatching needs.
#[derive(Debug, Clone)]
pub(super) struct ServiceState {
    pub(super) name: String,
    /// Well, or what they say instead.
    pub(super) answer: Result<(), String>,
}

/// Asks all of them at once.
pub(super) async fn ask(board: &Board) -> Vec<ServiceState> {
    let (own, orders, couriers) = tokio::join!(board.health.ask(), board.orders.health(), board.couriers.health());
    let others = [("order-service", orders), ("courier-service", couriers)];
    let others = others.into_iter().map(|(name, answer)| ServiceState { name: name.to_owned(), answer });
    let own = own.into_iter().map(|(name, answer)| ServiceState { name: called(name), answer });
    own.chain(others).collect()
}

/// As people call what the process needs.
fn called(need: &'static str) -> String {
    match need {
        "process" => "assignment-service".to_owned(),
        "database" => "PostgreSQL".to_owned(),
        "redis" => "Redis".to_owned(),
        "events_queue" => "SNS and SQS".to_owned(),
        other => other.replace('_', " "),
    }
}
