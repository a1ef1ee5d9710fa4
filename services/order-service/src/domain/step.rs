//! The steps in the life of an order that can be asked for here.

use dispatch_contracts::{
    event::{OrderStep, Payload},
    id::{CourierId, OrderId},
    life::Change,
    order::OrderStatus,
};

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The courier has collected the order.
    PickUp,
    /// The order is done.
    Deliver,
    /// The order is called off.
    Cancel,
}

impl Step {
    /// The status of an order after it.
    #[must_use]
    pub const fn leads_to(self) -> OrderStatus {
        match self {
            Self::PickUp => OrderStatus::PickedUp,
            Self::Deliver => OrderStatus::Delivered,
            Self::Cancel => OrderStatus::Cancelled,
        }
    }

    /// Whether it can be asked for in this status. Stricter than what events may tell: those may come late and in any
    /// order, and whoever asks here is told at once what is missing.
    #[must_use]
    pub const fn is_possible(self, status: OrderStatus) -> bool {
        match self {
            Self::PickUp => matches!(status, OrderStatus::Assigned),
            Self::Deliver => matches!(status, OrderStatus::PickedUp),
            Self::Cancel => !status.has_ended(),
        }
    }

    /// What it changes, for whoever has the order.
    #[must_use]
    pub const fn change(self, courier_id: Option<CourierId>) -> Change {
        match self {
            Self::PickUp => Change::PickedUp(courier_id),
            Self::Deliver => Change::Delivered(courier_id),
            Self::Cancel => Change::Cancelled,
        }
    }

    /// What is published of it.
    #[must_use]
    pub const fn payload(self, order_id: OrderId, courier_id: Option<CourierId>) -> Payload {
        let step = OrderStep { order_id, courier_id };
        match self {
            Self::PickUp => Payload::OrderPickedUp(step),
            Self::Deliver => Payload::OrderDelivered(step),
            Self::Cancel => Payload::OrderCancelled(step),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn whoever_hears_of_a_step_makes_the_same_change() {
        for step in [Step::PickUp, Step::Deliver, Step::Cancel] {
            for courier in [None, Some(Uuid::max().into())] {
                let change = step.change(courier);
                assert_eq!(Change::of(&step.payload(Uuid::nil().into(), courier)), Some(change));
                assert_eq!(change.leads_to(), step.leads_to());
            }
        }
    }
}
