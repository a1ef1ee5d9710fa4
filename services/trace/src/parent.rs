//! W3C trace context: the `traceparent` that follows an event from its cause to its effects.
//!
//! Source: <https://www.w3.org/TR/trace-context/>, section 3.2, version 00.

use std::{fmt, str::FromStr};

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// A position in a trace: `00-{32 hex digits of trace}-{16 hex digits of span}-{2 hex digits of flags}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    flags: u8,
}

/// The text is no `traceparent` of version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent of version 00")]
pub struct InvalidTraceParent;

impl TraceParent {
    /// A new trace.
    #[must_use]
    pub fn start() -> Self {
        // Zero is no id; the chance of it is that of a collision.
        Self { trace: rand::random::<u128>() | 1, span: rand::random::<u64>() | 1, flags: 1 }
    }

    /// A new trace that is not to be recorded, by whoever goes on from it either: of what is done again and again for
    /// somebody who looks.
    #[must_use]
    pub fn unrecorded() -> Self {
        Self { flags: 0, ..Self::start() }
    }

    /// A new span of the trace with this id; of a new trace where it is 0, which is no id.
    pub(crate) fn start_of(trace: u128) -> Self {
        let start = Self::start();
        if trace == 0 { start } else { Self { trace, ..start } }
    }

    /// Where a span is; nowhere when it is no part of any trace.
    pub(crate) fn of(span: &SpanContext) -> Option<Self> {
        span.is_valid().then(|| Self {
            trace: u128::from_be_bytes(span.trace_id().to_bytes()),
            span: u64::from_be_bytes(span.span_id().to_bytes()),
            flags: span.trace_flags().to_u8(),
        })
    }

    /// The trace, as 32 hex digits.
    #[must_use]
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }

    /// A new span within the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span: rand::random::<u64>() | 1, ..self }
    }
}

impl From<TraceParent> for SpanContext {
    fn from(parent: TraceParent) -> Self {
        let (trace, span) = (TraceId::from(parent.trace), SpanId::from(parent.span));
        Self::new(trace, span, TraceFlags::new(parent.flags), true, TraceState::default())
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower_hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let parts: Vec<&str> = text.split('-').collect();
        let &["00", trace, span, flags] = parts.as_slice() else { return Err(InvalidTraceParent) };
        if (trace.len(), span.len(), flags.len()) != (32, 16, 2) || ![trace, span, flags].into_iter().all(lower_hex) {
            return Err(InvalidTraceParent);
        }
        let parsed = Self {
            trace: u128::from_str_radix(trace, 16).map_err(|_| InvalidTraceParent)?,
            span: u64::from_str_radix(span, 16).map_err(|_| InvalidTraceParent)?,
            flags: u8::from_str_radix(flags, 16).map_err(|_| InvalidTraceParent)?,
        };
        if parsed.trace == 0 || parsed.span == 0 { Err(InvalidTraceParent) } else { Ok(parsed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_stays_in_its_trace() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent: TraceParent = text.parse().expect("valid");
        assert_eq!(parent.to_string(), text);
        assert_eq!(parent.child().to_string()[..35], text[..35]);
        assert_ne!(parent.child(), parent);
    }

    #[test]
    fn what_is_not_to_be_recorded_says_so_to_whoever_goes_on() {
        for parent in [TraceParent::unrecorded(), TraceParent::unrecorded().child()] {
            assert!(parent.to_string().ends_with("-00"), "{parent}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for bad in [
            "",
            "00-0-0-0",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(bad.parse::<TraceParent>(), Err(InvalidTraceParent), "{bad}");
        }
    }
}
