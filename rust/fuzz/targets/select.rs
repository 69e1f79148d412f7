#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shortlist_fuzz::select::attack(data));
