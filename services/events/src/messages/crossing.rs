//! From a message that passed to what gRPC carries of it, and back.

use dispatch_contracts::grpc::{self, MessageOutcome, from_timestamp, to_timestamp};
use messaging::{Outcome, PassedMessage};
use tonic::Status;

/// Most bytes of a body, so that an answer with [`MOST`](super::MOST) of the largest is one that a client takes.
const BODY: usize = 24 * 1024;

pub(super) fn to_grpc(passed: PassedMessage) -> grpc::PassedMessage {
    let mut body = passed.body;
    let is_cut = passed.is_cut || body.len() > BODY;
    body.truncate(body.floor_char_boundary(BODY));
    let (outcome, reason) = match passed.outcome {
        Outcome::Done => (MessageOutcome::Done, String::new()),
        Outcome::Retry(reason) => (MessageOutcome::Retried, reason),
        Outcome::Quarantine(reason) => (MessageOutcome::Quarantined, reason),
    };
    grpc::PassedMessage {
        number: passed.number,
        message_id: passed.message_id,
        kind: passed.kind,
        body,
        size: passed.size,
        is_cut,
        attributes: passed.attributes.into_iter().collect(),
        sent_at: Some(to_timestamp(passed.sent_at)),
        passed_at: Some(to_timestamp(passed.passed_at)),
        receive_count: passed.receive_count,
        outcome: outcome.into(),
        reason,
        passed_by: passed.passed_by,
        skipped_after: passed.skipped_after,
    }
}

/// A message that passed, as the service that it passed in shows it.
///
/// # Errors
/// A time is missing, or what became of it is not known to this version.
pub fn from_grpc(shown: grpc::PassedMessage) -> Result<PassedMessage, Status> {
    let invalid = |field: &str| Status::internal(format!("{field} is missing or not valid"));
    let outcome = match shown.outcome() {
        MessageOutcome::Unspecified => return Err(invalid("outcome")),
        MessageOutcome::Done => Outcome::Done,
        MessageOutcome::Retried => Outcome::Retry(shown.reason),
        MessageOutcome::Quarantined => Outcome::Quarantine(shown.reason),
    };
    Ok(PassedMessage {
        number: shown.number,
        message_id: shown.message_id,
        kind: shown.kind,
        body: shown.body,
        size: shown.size,
        is_cut: shown.is_cut,
        attributes: shown.attributes.into_iter().collect(),
        sent_at: shown.sent_at.as_ref().and_then(from_timestamp).ok_or_else(|| invalid("sent_at"))?,
        passed_at: shown.passed_at.as_ref().and_then(from_timestamp).ok_or_else(|| invalid("passed_at"))?,
        receive_count: shown.receive_count,
        outcome,
        passed_by: shown.passed_by,
        skipped_after: shown.skipped_after,
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use dispatch_contracts::grpc::ListMessagesResponse;
    use prost::Message as _;

    use super::{super::MOST, *};

    /// What a client of gRPC takes unless it is told otherwise.
    const TAKEN: usize = 4 * 1024 * 1024;

    fn passed(body: String, outcome: Outcome) -> PassedMessage {
        let long = "x".repeat(256);
        // As large as the wire tap keeps them.
        let attributes = (0..10).map(|number| (format!("{number}{}", &long[1..]), long.repeat(2)));
        PassedMessage {
            number: u64::MAX,
            message_id: long.clone(),
            kind: "OrderUnassigned".to_owned(),
            size: u32::MAX,
            body,
            is_cut: false,
            attributes: attributes.collect(),
            sent_at: DateTime::UNIX_EPOCH,
            passed_at: DateTime::<Utc>::MAX_UTC,
            receive_count: u32::MAX,
            outcome,
            passed_by: long[..63].to_owned(),
            skipped_after: u64::MAX,
        }
    }

    #[test]
    fn what_is_shown_is_what_passed() -> Result<(), Status> {
        for outcome in [Outcome::Done, Outcome::Retry("later".to_owned()), Outcome::Quarantine("never".to_owned())] {
            let passed = passed("\u{e4}".to_owned(), outcome);
            assert_eq!(from_grpc(to_grpc(passed.clone()))?, passed);
        }
        let shown = to_grpc(passed(String::new(), Outcome::Done));
        assert!(from_grpc(grpc::PassedMessage { outcome: 99, ..shown.clone() }).is_err());
        assert!(from_grpc(grpc::PassedMessage { sent_at: None, ..shown.clone() }).is_err());
        assert!(from_grpc(grpc::PassedMessage { passed_at: None, ..shown }).is_err());
        Ok(())
    }

    #[test]
    fn the_largest_answer_is_one_that_a_client_takes() {
        // The last character would stand across the end.
        let largest = passed(format!("x{}", "\u{e4}".repeat(32 * 1024)), Outcome::Retry("r".repeat(1_024)));
        let shown = to_grpc(largest);
        assert!(shown.is_cut && shown.body.len() == BODY - 1, "{}", shown.body.len());
        let answer = ListMessagesResponse { messages: vec![shown; MOST as usize] };
        assert!((TAKEN / 2..TAKEN).contains(&answer.encoded_len()), "{}", answer.encoded_len());
        assert!(!to_grpc(passed("x".repeat(BODY), Outcome::Done)).is_cut);
    }
}
