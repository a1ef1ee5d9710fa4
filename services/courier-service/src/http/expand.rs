//! `?expand=order`: pairs with their orders, as far as order-service answered.

use dispatch_contracts::{
    id::OrderId,
    resource::{Order, Pair},
};
use serde::{Deserialize, Serialize};
use trace::TraceParent;
use utoipa::ToSchema;

use super::Api;

/// What to show besides.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Expand {
    Order,
}

/// A pair, perhaps with its order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PairWithOrder {
    #[serde(flatten)]
    pub(super) pair: Pair,
    /// Only with `expand=order`: the order; null when `missing` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Order>, required = false)]
    order: Option<Option<Order>>,
}

/// The pairs with what was asked for, and with `expand=order` the ids of the orders that could not be looked up.
pub(super) async fn expand(
    api: &Api,
    expand: Option<Expand>,
    pairs: Vec<Pair>,
    trace: TraceParent,
) -> (Vec<PairWithOrder>, Option<Vec<OrderId>>) {
    let Some(Expand::Order) = expand else {
        return (pairs.into_iter().map(|pair| PairWithOrder { pair, order: None }).collect(), None);
    };
    let ids: Vec<OrderId> = pairs.iter().map(|pair| pair.order_id).collect();
    let mut found = api.orders.find(&ids, trace).await.by_id;
    let missing = ids.into_iter().filter(|id| !found.contains_key(id)).collect();
    let expanded = pairs.into_iter().map(|pair| {
        let order = found.remove(&pair.order_id);
        PairWithOrder { pair, order: Some(order) }
    });
    (expanded.collect(), Some(missing))
}
