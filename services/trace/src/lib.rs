//! Distributed traces: who caused what, across processes.
//!
//! A position in a trace is data here, [`TraceParent`]: it is a field of requests, messages, rows of the outbox and orders, as
//! batches of many traces go through the same code at once, and no one of them is the current one. What takes time in a trace is
//! a [`Span`]; where it is exported to is said once, by [`export::start`].
//!
//! Guarantees: a trace goes on through a process also where nothing is exported; nothing here waits or fails because of
//! whoever receives spans.

pub mod export;
mod ids;
mod parent;
mod span;

pub use self::{
    parent::{InvalidTraceParent, TraceParent},
    span::{Cause, Kind, Span},
};
