#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::settings_file::run(data);
});
