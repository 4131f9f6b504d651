#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::query_and_form::run(data);
});
