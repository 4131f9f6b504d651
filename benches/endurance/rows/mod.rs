//! All that is done, in the order of the table.

mod around;
mod camera;
mod process;
mod viewers;

use crate::row::Row;

pub fn all() -> Vec<Row> {
    [camera::rows(), viewers::rows(), process::rows(), around::rows()].into_iter().flatten().collect()
}
