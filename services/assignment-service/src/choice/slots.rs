//! Which node has which slot, as the cluster said last: whose calls may share a pipeline.
//!
//! Only a guess. Where it is out of date the node says so, and each slot gets a pipeline of its own, which finds its node.

use std::collections::HashMap;

use redis::{RedisResult, Value, cluster_routing::Slot, from_redis_value};

use super::connection::Connection;

/// A node of each slot, numbered in the order in which the cluster lists them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Slots(HashMap<Slot, usize>);

impl Slots {
    /// Asks for them; nothing when it is one server.
    pub(super) async fn ask(connection: &mut Connection) -> RedisResult<Self> {
        if !connection.is_cluster() {
            return Ok(Self::default());
        }
        let mut command = redis::cmd("CLUSTER");
        command.arg("SLOTS");
        Self::read(connection.ask(command).await?)
    }

    /// Ranges: first slot, last slot, master, replicas; a node is host, port, id and more.
    fn read(answer: Value) -> RedisResult<Self> {
        let (mut slots, mut nodes) = (HashMap::new(), HashMap::new());
        for range in from_redis_value::<Vec<Vec<Value>>>(answer)? {
            let [Value::Int(first), Value::Int(last), Value::Array(master), ..] = range.as_slice() else { continue };
            let number = nodes.len();
            let node = *nodes.entry(format!("{:?}", master.get(..2))).or_insert(number);
            let range = (*first..=*last).filter_map(|slot| Slot::new(slot.try_into().ok()?));
            slots.extend(range.map(|slot| (slot, node)));
        }
        Ok(Self(slots))
    }

    /// Those of the positions whose calls are for one node, in their order; for a slot that is not known, by slot.
    pub(super) fn by_node(&self, positions: &[usize], slot_of: impl Fn(usize) -> Slot) -> Vec<Vec<usize>> {
        group(positions, |position| {
            let slot = slot_of(position);
            self.0.get(&slot).ok_or(slot)
        })
    }
}

/// Positions with the same key, in their order.
pub(super) fn group<K: Eq + std::hash::Hash>(positions: &[usize], key: impl Fn(usize) -> K) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut numbers = HashMap::new();
    for &position in positions {
        let number = *numbers.entry(key(position)).or_insert(groups.len());
        match groups.get_mut(number) {
            Some(group) => group.push(position),
            None => groups.push(vec![position]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(port: i64) -> Value {
        Value::Array(vec![
            Value::BulkString(b"127.0.0.1".to_vec()),
            Value::Int(port),
            Value::BulkString(b"id".to_vec()),
        ])
    }

    fn slot(number: usize) -> Slot {
        Slot::new(number as u16).expect("a slot")
    }

    #[test]
    fn calls_for_one_node_go_together_in_their_order() {
        let ranges = [(0, 99, 1), (100, 199, 2), (200, 299, 1)];
        let ranges = ranges.map(|(first, last, port)| {
            Value::Array(vec![Value::Int(first), Value::Int(last), node(port), node(port + 10)])
        });
        let slots = Slots::read(Value::Array(ranges.into())).expect("slots");
        let calls = [250, 150, 50, 400, 120, 250, 401, 400];
        let groups = slots.by_node(&[0, 1, 2, 3, 4, 5, 6, 7], |position| slot(calls[position]));
        assert_eq!(groups, [vec![0, 2, 5], vec![1, 4], vec![3, 7], vec![6]]);
        assert_eq!(group(&[5, 6, 7], |position| calls[position]), [[5], [6], [7]]);
    }
}
