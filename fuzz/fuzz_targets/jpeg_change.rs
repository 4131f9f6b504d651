#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::jpeg_change::run(data);
});
