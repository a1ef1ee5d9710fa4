//! A body as it lies in a queue, raw or in the envelope of SNS.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::envelope(text));
