//! The driver's buffers: asked for, mapped, given and taken back. The ioctls of `sys.rs` that hand out memory.
#![allow(unsafe_code)]

use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use v4l::v4l_sys as c;
use v4l::v4l2::{self, vidioc};

use super::sys::{Node, zeroed};

/// A buffer that the driver has filled.
#[derive(Clone, Debug)]
pub(super) struct Filled {
    pub index: u32,
    /// Where in the buffer the picture is.
    pub bytes: Range<usize>,
    pub error: bool,
    pub sequence: u32,
    /// The driver's timestamp, where it counts on `CLOCK_MONOTONIC`.
    pub timestamp: Option<Duration>,
}

impl Node {
    /// Returns how many the driver gave; 0 releases them all.
    pub(super) fn request_buffers(&self, count: u32) -> io::Result<u32> {
        let mut request = c::v4l2_requestbuffers {
            count,
            type_: self.buffer_type,
            memory: c::v4l2_memory_V4L2_MEMORY_MMAP,
            ..zeroed()
        };
        self.ioctl(vidioc::VIDIOC_REQBUFS, &mut request)?;
        Ok(request.count)
    }

    /// Maps the driver's buffer into our memory.
    pub(super) fn map_buffer(&self, index: u32) -> io::Result<Mapping> {
        let (buffer, plane) = self.buffer_ioctl(vidioc::VIDIOC_QUERYBUF, index)?;
        // SAFETY: plain numbers, in the arms that VIDIOC_QUERYBUF fills for mmap buffers.
        let (length, offset) = unsafe {
            match self.is_multiplanar() {
                true => (plane.length, plane.m.mem_offset),
                false => (buffer.length, buffer.m.offset),
            }
        };
        Mapping::new(&self.fd, length as usize, offset)
    }

    /// Gives the buffer to the driver, to be filled.
    pub(super) fn queue(&self, index: u32) -> io::Result<()> {
        self.buffer_ioctl(vidioc::VIDIOC_QBUF, index).map(drop)
    }

    /// Takes a filled buffer from the driver; `None` where there is none yet.
    pub(super) fn dequeue(&self) -> io::Result<Option<Filled>> {
        let (buffer, plane) = match self.buffer_ioctl(vidioc::VIDIOC_DQBUF, 0) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            other => other?,
        };
        let (begin, end) = match self.is_multiplanar() {
            true => (plane.data_offset, plane.bytesused),
            false => (0, buffer.bytesused),
        };
        let clock = buffer.flags & c::V4L2_BUF_FLAG_TIMESTAMP_MASK;
        Ok(Some(Filled {
            index: buffer.index,
            bytes: begin as usize..end as usize,
            error: buffer.flags & c::V4L2_BUF_FLAG_ERROR != 0,
            sequence: buffer.sequence,
            timestamp: (clock == c::V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC).then(|| since_boot(buffer.timestamp)),
        }))
    }

    pub(super) fn stream_on(&self) -> io::Result<()> {
        self.ioctl(vidioc::VIDIOC_STREAMON, &mut (self.buffer_type as i32))
    }

    pub(super) fn stream_off(&self) -> io::Result<()> {
        self.ioctl(vidioc::VIDIOC_STREAMOFF, &mut (self.buffer_type as i32))
    }

    /// Calls the driver with a buffer struct for `index`, and with the one plane that goes with it on a multi-planar
    /// node. Returns both as the driver has filled them.
    fn buffer_ioctl(
        &self,
        request: vidioc::_IOC_TYPE,
        index: u32,
    ) -> io::Result<(c::v4l2_buffer, c::v4l2_plane)> {
        let mut planes: [c::v4l2_plane; 1] = [zeroed()];
        let mut buffer = c::v4l2_buffer {
            index,
            type_: self.buffer_type,
            memory: c::v4l2_memory_V4L2_MEMORY_MMAP,
            ..zeroed()
        };
        if self.is_multiplanar() {
            buffer.m.planes = planes.as_mut_ptr();
            buffer.length = 1;
        }
        self.ioctl(request, &mut buffer)?;
        if self.is_multiplanar() {
            // SAFETY: the pointer to `planes` from above, which lives on. Read through the pointer that the kernel wrote
            // through, so that the compiler knows of the change.
            planes[0] = unsafe { *buffer.m.planes };
        }
        Ok((buffer, planes[0]))
    }
}

/// A driver's buffer in our memory. It stays valid when the device is unplugged.
#[derive(Debug)]
pub(super) struct Mapping {
    start: *mut std::ffi::c_void,
    length: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread, and this is its only owner.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(fd: &OwnedFd, length: usize, offset: u32) -> io::Result<Self> {
        let protection = rustix::mm::ProtFlags::READ.bits() as i32;
        let flags = rustix::mm::MapFlags::SHARED.bits() as i32;
        // The offset is the driver's token for the buffer, whatever the width of off_t.
        // SAFETY: a fresh mapping at an address of the kernel's choice; it disturbs no memory of ours.
        let start = unsafe {
            v4l2::mmap(std::ptr::null_mut(), length, protection, flags, fd.as_raw_fd(), offset as _)?
        };
        Ok(Self { start, length })
    }

    /// These bytes of it, as far as there are any. Only between a dequeue and the queueing after it.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        // SAFETY: the mapping is that long and lives as long as `self`; while the buffer is dequeued, the driver does
        // not write to it.
        let all = unsafe { std::slice::from_raw_parts(self.start.cast(), self.length) };
        let end = range.end.min(self.length);
        &all[range.start.min(end)..end]
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, and no borrow of it is left.
        if let Err(error) = unsafe { v4l2::munmap(self.start, self.length) } {
            log::debug!("munmap of a camera buffer: {error}");
        }
    }
}

fn since_boot(time: c::timeval) -> Duration {
    let microseconds = u64::try_from(time.tv_usec).unwrap_or(0).min(999_999);
    Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0)) + Duration::from_micros(microseconds)
}
