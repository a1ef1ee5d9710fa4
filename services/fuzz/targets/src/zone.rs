//! The name of a zone.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::zone(text));
