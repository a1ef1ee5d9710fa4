//! Lists couriers by their ids, page by page.

use dispatch_contracts::{id::CourierId, resource::Courier, zone::Zone};
use serde::{Deserialize, Serialize};

use super::Couriers;
use crate::{error::Error, postgres::couriers};

/// A place in the list. It does not move when couriers are added.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Position {
    /// The courier at this place.
    pub courier_id: CourierId,
}

impl Couriers {
    /// At most `rows` couriers behind a place, or from the beginning.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self, zone: Option<&Zone>, after: Option<Position>, rows: i64) -> Result<Vec<Courier>, Error> {
        Ok(couriers::list(&self.pool, zone, after, rows).await?)
    }
}
