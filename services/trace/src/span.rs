//! A span: something that takes time in a trace.

use std::{borrow::Cow, fmt::Display};

use opentelemetry::{
    Context, KeyValue,
    trace::{Span as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, TraceId, Tracer as _},
};
use opentelemetry_sdk::trace::Span as Recorded;
use uuid::Uuid;

use crate::{TraceParent, export, ids};

/// What part a span plays between processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answers a request.
    Server,
    /// Asks another process, and waits for it.
    Client,
    /// Sends a message.
    Producer,
    /// Handles a message.
    Consumer,
}

/// What a span follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A span, of this process or another one.
    Span(TraceParent),
    /// Nobody said. The trace is that of what it is about, so that processes that hear of it apart show it in one trace.
    About(Uuid),
    /// Nobody said.
    Unknown,
}

/// A span under way. It ends when it is dropped.
#[derive(Debug)]
pub struct Span {
    recorded: Option<Recorded>,
    context: TraceParent,
}

impl Span {
    /// Starts a span.
    #[must_use]
    pub fn start(kind: Kind, name: impl Into<Cow<'static, str>>, cause: impl Into<Cause>) -> Self {
        let cause = cause.into();
        let Some(tracer) = export::tracer() else { return Self { recorded: None, context: cause.without_span() } };
        let builder = SpanBuilder::from_name(name).with_kind(kind.into());
        let span = match cause {
            Cause::Span(parent) => {
                tracer.build_with_context(builder, &Context::new().with_remote_span_context(parent.into()))
            }
            Cause::About(id) if !id.is_nil() => {
                ids::with_trace(TraceId::from(id.as_u128()), || tracer.build_with_context(builder, &Context::new()))
            }
            Cause::About(_) | Cause::Unknown => tracer.build_with_context(builder, &Context::new()),
        };
        // After the export has ended spans have no place in a trace.
        let context = TraceParent::of(span.span_context()).unwrap_or_else(|| cause.without_span());
        Self { recorded: span.is_recording().then_some(span), context }
    }

    /// Starts a span in each of several traces, for what is done for all of them at once. There are none where nothing is
    /// exported.
    #[must_use]
    pub fn in_each(kind: Kind, name: &'static str, causes: impl IntoIterator<Item = TraceParent>) -> Vec<Self> {
        if export::tracer().is_none() {
            return Vec::new();
        }
        causes.into_iter().map(|cause| Self::start(kind, name, cause)).collect()
    }

    /// What follows from it names this as its cause.
    #[must_use]
    pub const fn context(&self) -> TraceParent {
        self.context
    }

    /// Says something about it.
    pub fn set(&mut self, key: &'static str, value: impl Display) {
        if let Some(recorded) = &mut self.recorded {
            recorded.set_attribute(KeyValue::new(key, value.to_string()));
        }
    }

    /// It also follows from what happened there, in another trace.
    pub fn link(&mut self, to: TraceParent) {
        if let Some(recorded) = &mut self.recorded {
            recorded.add_link(to.into(), Vec::new());
        }
    }

    /// It came to nothing.
    pub fn failed(&mut self, reason: impl Display) {
        if let Some(recorded) = &mut self.recorded {
            recorded.set_status(Status::error(reason.to_string()));
        }
    }
}

impl Cause {
    /// The trace of what follows, as 32 hex digits, where that is known before there is a span.
    #[must_use]
    pub fn trace_id(self) -> Option<String> {
        match self {
            Self::Span(parent) => Some(parent.trace_id()),
            Self::About(id) if !id.is_nil() => Some(id.simple().to_string()),
            Self::About(_) | Self::Unknown => None,
        }
    }

    /// Where what follows stands in the trace when there is no span in between.
    fn without_span(self) -> TraceParent {
        match self {
            Self::Span(parent) => parent.child(),
            Self::About(id) => TraceParent::start_of(id.as_u128()),
            Self::Unknown => TraceParent::start(),
        }
    }
}

impl From<TraceParent> for Cause {
    fn from(parent: TraceParent) -> Self {
        Self::Span(parent)
    }
}

impl From<Option<TraceParent>> for Cause {
    fn from(parent: Option<TraceParent>) -> Self {
        parent.map_or(Self::Unknown, Self::Span)
    }
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Client => Self::Client,
            Kind::Producer => Self::Producer,
            Kind::Consumer => Self::Consumer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_where_nothing_is_exported() {
        let parent = TraceParent::start();
        let span = Span::start(Kind::Server, "GET /", parent);
        assert_eq!(span.context().trace_id(), parent.trace_id());
        assert_ne!(span.context(), parent);
        assert!(Span::in_each(Kind::Client, "asks", [parent]).is_empty());
    }

    #[test]
    fn whoever_hears_of_a_thing_apart_is_in_one_trace() {
        let id: Uuid = "b87261aa-2907-498e-aa24-3bce25590a46".parse().expect("an id");
        let [here, there] = [0, 1].map(|_| Span::start(Kind::Consumer, "hears", Cause::About(id)).context());
        assert_eq!(here.trace_id(), "b87261aa2907498eaa243bce25590a46");
        assert_eq!(there.trace_id(), here.trace_id());
        assert_ne!(here, there);
    }

    #[test]
    fn no_trace_bears_the_id_of_none() {
        let [one, other] = [0, 1].map(|_| Span::start(Kind::Consumer, "hears", Cause::About(Uuid::nil())).context());
        assert_ne!(one.trace_id(), other.trace_id());
    }
}
