//! A plane whose lines become columns.

/// Samples of a side of the squares that are turned at a time: as many as a register holds.
const SIDE: usize = 8;

/// Swaps in each pair of rows `DISTANCE` apart the parts that lie across from one another.
fn swap<const DISTANCE: usize>(rows: &mut [u64; SIDE], mask: u64) {
    let bits = DISTANCE * 8;
    for first in (0..SIDE).filter(|row| row & DISTANCE == 0) {
        let (upper, lower) = (rows[first], rows[first + DISTANCE]);
        let across = (upper >> bits ^ lower) & mask;
        rows[first] = upper ^ across << bits;
        rows[first + DISTANCE] = lower ^ across;
    }
}

fn turn(rows: &mut [u64; SIDE]) {
    swap::<1>(rows, 0x00FF_00FF_00FF_00FF);
    swap::<2>(rows, 0x0000_FFFF_0000_FFFF);
    swap::<4>(rows, 0x0000_0000_FFFF_FFFF);
}

/// Writes the lines, of which all have `width` samples, as columns of a plane of so many lines.
pub(super) fn transpose(lines: &[&[u8]], width: usize, out: &mut Vec<u8>) {
    let stride = lines.len();
    out.resize(stride * width, 0);
    for (block, lines) in lines.chunks(SIDE).enumerate() {
        let left = block * SIDE;
        for top in (0..width).step_by(SIDE) {
            let mut rows = [0; SIDE];
            for (row, line) in rows.iter_mut().zip(lines) {
                *row = match line.get(top..).and_then(|rest| rest.first_chunk()) {
                    Some(whole) => u64::from_le_bytes(*whole),
                    None => load(line.get(top..).unwrap_or_default()),
                };
            }
            turn(&mut rows);
            let below = out.get_mut(top * stride..).unwrap_or_default();
            for (row, out) in rows.iter().zip(below.chunks_exact_mut(stride)) {
                let row = row.to_le_bytes();
                let out = out.get_mut(left..).unwrap_or_default();
                match out.first_chunk_mut() {
                    Some(whole) => *whole = row,
                    None => out.iter_mut().zip(row).for_each(|(out, sample)| *out = sample),
                }
            }
        }
    }
}

fn load(rest: &[u8]) -> u64 {
    let mut bytes = [0; SIDE];
    bytes.iter_mut().zip(rest).for_each(|(byte, sample)| *byte = *sample);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_lines_at_any_size() {
        for (width, height) in [(8, 8), (1, 1), (7, 9), (16, 24), (17, 31), (33, 5), (1, 40)] {
            let plane: Vec<u8> = (0..width * height).map(|at| (at * 7 + at / 256) as u8).collect();
            let lines: Vec<&[u8]> = plane.chunks(width).collect();
            let mut turned = vec![9; 3];
            transpose(&lines, width, &mut turned);
            let expected: Vec<u8> = (0..width).flat_map(|x| lines.iter().map(move |line| line[x])).collect();
            assert_eq!(turned, expected, "{width}x{height}");
        }
    }
}
