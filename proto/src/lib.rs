//! What Dispatch's services promise each other and the world: event payloads ([`event`]), the values that stand in
//! them ([`id`], [`zone`], [`order`], [`courier`], [`timestamp`]), what they make of an order ([`life`]), the gRPC services ([`grpc`]) and the shapes that the
//! APIs show ([`resource`]).
//!
//! A value of a type of this crate is valid: each newtype checks its limits where it is made, so nothing behind it
//! has to check again. The formats only ever grow; `golden/` holds one file for each that was ever published.

pub mod courier;
pub mod event;
pub mod grpc;
pub mod id;
pub mod life;
pub mod order;
pub mod resource;
mod text;
pub mod timestamp;
pub mod zone;
