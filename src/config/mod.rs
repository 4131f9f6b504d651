//! From the settings file and the command line to [`Settings`].

mod settings;

pub mod values;

pub use settings::{Encoder, Http, Settings, Slideshow, Source, V4l2};
