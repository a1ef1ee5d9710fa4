//! What the service decides by, without any server, clock or wire: orders that wait ([`order`]), couriers as they are
//! known ([`courier`]), who goes first ([`policy`]), choices ([`pick`]), what follows once a choice was committed or was
//! not ([`settlement`]), and the log folded by itself ([`replay`]).

pub mod courier;
pub mod latencies;
pub mod order;
pub mod pick;
pub mod policy;
pub mod replay;
pub mod settlement;
