use std::str::FromStr;

use super::{Kind, Refused, Value};

/// Room on a disk. The letters are systemd's, and so are their bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(u64);

impl Value for Size {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "a whole number with K, M, G or T (of 1024) behind it, such as 20G".to_owned()
    }
}

impl FromStr for Size {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let bytes = text.char_indices().next_back().and_then(|(end, unit)| {
            let shift = 10 * (1 + "KMGT".find(unit)?);
            let digits = &text[..end];
            let number: u64 =
                digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())??;
            number.checked_mul(1 << shift).filter(|bytes| *bytes > 0)
        });
        bytes.map(Self).ok_or_else(|| Self::refuse(format_args!("{text:?} is no size")))
    }
}

impl From<Size> for u64 {
    fn from(size: Size) -> Self {
        size.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit() {
        let bytes = |text: &str| text.parse::<Size>().map(u64::from);
        assert_eq!(bytes("20G"), Ok(20 << 30));
        assert_eq!(bytes("512K"), Ok(512 << 10));
        for bad in ["", "G", "0M", "20", "20g", "-1G", "+1G", "1.5G", "20000000000T", "2\u{20ac}"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
