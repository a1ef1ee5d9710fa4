//! A courier declines an order: `facts/take_back.rs`.

use super::{Facts, Row, Status};
use crate::{
    settlement::{Update, settle},
    state::{Change, Courier, Happening, LetterNo, Order, Tick},
};

impl Facts {
    /// One transaction: the event into the log; if the order is with the courier, it waits again and OrderUnassigned goes
    /// into log and outbox. Answers what Redis has to follow, also where it is refused: whoever took the order back before
    /// may have died before they told Redis.
    pub fn reject(&mut self, letter: LetterNo, order: Order, courier: Courier, now: Tick) -> Vec<Update> {
        self.heard.insert(letter);
        let Some(Row { zone: Some(zone), .. }) = self.orders[order] else { return Vec::new() };
        if let Some(row) = self.orders[order].as_mut().filter(|row| row.holder() == Some(courier)) {
            row.declined.insert(courier);
            row.status = Status::Pending;
            row.courier = None;
            self.decide(order, Happening { at: now, change: Change::Unassigned(courier) });
            self.raise_revision(courier, zone);
        }
        let settled = settle(zone, order, Some(courier), self.standing(order, zone));
        settled.into_iter().chain(self.elsewhere([courier].into_iter().collect(), zone)).collect()
    }
}
