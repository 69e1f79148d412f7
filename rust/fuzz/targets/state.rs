#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shortlist_fuzz::state::attack(data));
