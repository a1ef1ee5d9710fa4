//! What holds of any input that Dispatch reads from the outside, whoever made it: events ([`event()`]), with the envelope of
//! SNS around them ([`envelope()`]), cursors ([`cursor()`]) and names of zones ([`zone()`]).
//!
//! Each check takes a text, whatever it is, and panics where something does not hold. `tests/` calls them with generated
//! input, `targets/` with what libFuzzer finds, and both with the seeds of `seeds/` and `proto/golden/`.

mod cursor;
mod envelope;
mod event;
mod zone;

pub use self::{
    cursor::{cursor, lists_that_take},
    envelope::envelope,
    event::event,
    zone::zone,
};
