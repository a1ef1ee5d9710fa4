//! Ids of traces that are known before their first span.

use std::cell::Cell;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

thread_local! {
    static NEXT: Cell<Option<TraceId>> = const { Cell::new(None) };
}

/// Random ids, but for a trace that was named. A span without a parent can be given its trace in no other way.
#[derive(Debug, Default)]
pub(crate) struct Ids(RandomIdGenerator);

/// The next trace that this thread starts within `start` bears this id.
pub(crate) fn with_trace<T>(trace: TraceId, start: impl FnOnce() -> T) -> T {
    NEXT.set(Some(trace));
    let started = start();
    NEXT.set(None);
    started
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        NEXT.take().unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}
