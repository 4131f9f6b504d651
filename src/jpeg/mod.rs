//! From a camera's picture to a JPEG that every browser can draw.
