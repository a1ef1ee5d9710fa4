//! The body of an event.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::event(text));
