//! What the settings do to pictures before they are compressed.

use std::sync::Arc;

use super::geometry::Geometry;
use super::label::Label;
use super::orientation::Orientation;
use super::overlay::{Facts, Overlay};
use super::planes::{Plan, Planes};
use crate::config::{Image, Settings};
use crate::flips::Flips;

/// For one picture. By default nothing.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// `None`: as it is.
    pub(super) geometry: Option<Geometry>,
    pub(super) greyscale: bool,
    pub(super) dimmed: bool,
    pub(super) label: Option<Arc<Label>>,
}

impl Change {
    /// What the picture has in the end, of which the colours are laid out so before.
    pub(super) fn plan(&self, plan: Plan, colour: Plan) -> Plan {
        let coloured = self.label.as_ref().is_some_and(|label| !label.is_grey());
        match () {
            () if coloured && (self.greyscale || plan.is_grey()) => colour,
            () if self.greyscale => Plan::GREY,
            () if self.label.is_some() || self.geometry.is_some() => plan.planar(),
            () => plan,
        }
    }

    /// Changes lines that lie in the planes where they are to be, the first of which is the picture's `top`-th.
    pub(super) fn draw(&self, planes: &mut Planes, top: usize) {
        if self.dimmed {
            planes.dim();
        }
        if let Some(label) = &self.label {
            label.lay_over(planes, top);
        }
    }
}

/// For all pictures from now on.
pub struct Changes {
    image: Image,
    overlay: Option<Overlay>,
    /// What the camera has done of it already.
    flipped: Flips,
    /// Whether it was said that the crop is not within the picture.
    told: bool,
}

impl Changes {
    /// `None`: there is nothing to do.
    pub fn new(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let (image, overlay) = (settings.image, Overlay::new(&settings.overlay)?);
        let idle = image == Image::default() && overlay.is_none();
        Ok((!idle).then_some(Self { image, overlay, flipped: Flips::NONE, told: false }))
    }

    /// From now on the camera flips its pictures so, as it was asked to.
    pub fn set_flipped(&mut self, flipped: Flips) {
        self.flipped = flipped;
    }

    /// Whether the camera has left anything to do.
    pub fn are_needed(&self) -> bool {
        let Image { crop, scale, greyscale, .. } = self.image;
        let turned = Orientation::new(&self.image).after(self.flipped) != Orientation::default();
        turned || crop.is_some() || scale.is_some() || greyscale || self.overlay.is_some()
    }

    /// Looks at the clock. True: pictures will look different, even if the camera's do not.
    pub fn look(&mut self, facts: &Facts<'_>) -> bool {
        self.overlay.as_mut().is_some_and(|overlay| overlay.changes(facts))
    }

    /// For a picture of this size.
    pub fn of(&mut self, (width, height): (u32, u32)) -> Change {
        let source = (width as usize, height as usize);
        let geometry = Geometry::new(&self.image, source);
        self.tell(&geometry);
        let label = self.overlay.as_mut().and_then(|overlay| overlay.label(geometry.size));
        let geometry = geometry.after(self.flipped);
        let geometry = (geometry != Geometry::whole(source)).then_some(geometry);
        Change { geometry, greyscale: self.image.greyscale, dimmed: false, label }
    }

    /// What becomes of a picture of this size.
    pub fn size(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let (width, height) = Geometry::new(&self.image, (width as usize, height as usize)).size;
        (width as u32, height as u32)
    }

    fn tell(&mut self, geometry: &Geometry) {
        let Some(wish) = self.image.crop.filter(|_| !self.told) else { return };
        let is = geometry.crop();
        let wished = [wish.width, wish.height, wish.x, wish.y].map(|part| part as usize);
        if [is.width, is.height, is.x, is.y] == wished {
            return;
        }
        self.told = true;
        let (width, height) = geometry.source();
        if (is.width, is.height) == (width, height) {
            log::warn!(
                "crop {wish} is outside of the picture, which is {width}x{height}: all of it is shown"
            );
        } else {
            log::warn!(
                "crop {wish} reaches outside of the picture, which is {width}x{height}: {}x{} of it are shown",
                is.width,
                is.height
            );
        }
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
