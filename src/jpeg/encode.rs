//! One compressor: planes in, JPEG out.

use std::sync::Arc;

use turbojpeg::{Compressor, OutputBuf, Subsamp, compressed_buf_len};

use super::planes::{Planes, View};
use crate::config::values::Subsampling;
use crate::frame::{FramePool, Jpeg};

/// Compresses one picture after another, on one thread.
pub struct Encoder {
    compressor: Compressor,
    subsamp: Subsamp,
    /// As long as the worst picture could be. The kernel gives pages only to what is written.
    scratch: Vec<u8>,
}

impl Encoder {
    /// `quality` is 1 to 100.
    pub fn new(quality: u8, subsampling: Subsampling) -> Result<Self, turbojpeg::Error> {
        let mut compressor = Compressor::new()?;
        compressor.set_quality(quality.into())?;
        Ok(Self {
            compressor,
            subsamp: match subsampling {
                Subsampling::Yuv420 => Subsamp::Sub2x2,
                Subsampling::Yuv422 => Subsamp::Sub2x1,
            },
            scratch: Vec::new(),
        })
    }

    pub fn encode(&mut self, planes: &Planes, pool: &Arc<FramePool>) -> Result<Jpeg, turbojpeg::Error> {
        let (width, height) = (planes.width() as usize, planes.height() as usize);
        let view = planes.view();
        let subsamp = match &view {
            View::Yuv(image) => image.subsamp,
            View::Packed(_, subsamp) => subsamp.unwrap_or(self.subsamp),
        };
        let worst = compressed_buf_len(width, height, subsamp)?;
        if self.scratch.len() != worst {
            // Zeroed memory straight from the kernel, where resizing would write it all.
            self.scratch = vec![0; worst];
        }
        let mut output = OutputBuf::borrowed(&mut self.scratch);
        match view {
            View::Yuv(image) => self.compressor.compress_yuv_planes(&image, &mut output)?,
            View::Packed(image, _) => {
                self.compressor.set_subsamp(subsamp)?;
                self.compressor.compress(image, &mut output)?;
            }
        }
        Ok(pool.join(&[&output]))
    }
}
