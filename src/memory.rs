//! Large memory that is done with goes back to the kernel at once.
//!
//! glibc maps large blocks by themselves, and unmaps them when they are freed; but with the first one that is freed it begins to
//! take blocks of that size from its heaps, of which each thread has one. Planes of pictures then leave holes in several heaps, and
//! a daemon whose camera and settings change now and then grows from 6 to 20 MB. A limit that is set stays as it is.
#![allow(unsafe_code)]

/// What is larger is mapped by itself: planes and pictures of cameras with many pixels. Made anew for each picture are only smaller
/// ones, since mapping costs a page fault for each 4 kB.
#[cfg(target_env = "gnu")]
const LARGE_BYTES: std::ffi::c_int = 1 << 20;

/// For the process, before there is a picture.
#[cfg(target_env = "gnu")]
pub fn give_back_what_is_large() {
    // SAFETY: it sets a number in the allocator, under the allocator's own lock.
    let is_set = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES) };
    if is_set == 0 {
        log::debug!("the allocator keeps large memory");
    }
}

/// Other C libraries do so by themselves.
#[cfg(not(target_env = "gnu"))]
pub fn give_back_what_is_large() {}
