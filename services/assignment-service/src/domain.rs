//! What the service decides by, without any server, clock or wire: orders that wait ([`order`]), couriers as they are
//! known ([`courier`]), who goes first ([`policy`]), choices ([`pick`]) and what follows once a choice was committed or was
//! not ([`settlement`]).

pub mod courier;
pub mod order;
pub mod pick;
pub mod policy;
pub mod settlement;
