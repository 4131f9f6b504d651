use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// What `allow-origin` takes: the value of a header, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowOrigin(Option<String>);

impl Value for AllowOrigin {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "* or an origin such as http://octopi.local, or empty for none".to_owned()
    }
}

impl FromStr for AllowOrigin {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // It goes into a header as it is: a line break in it would be another header.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Self::refuse(format_args!("{text:?} has characters that no origin has")));
        }
        if !is_origin(text) {
            return Err(Self::refuse(format_args!("{text:?} is not an origin")));
        }
        Ok(Self((!text.is_empty()).then(|| text.to_owned())))
    }
}

/// A scheme, a host and perhaps a port, as browsers write it: no slash at the end, no path (RFC 6454, section 6.2).
fn is_origin(text: &str) -> bool {
    let host = text.split_once("://").map(|(_, host)| host);
    matches!(text, "" | "*" | "null") || host.is_some_and(|host| !host.is_empty() && !host.contains('/'))
}

impl fmt::Display for AllowOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_deref().unwrap_or_default())
    }
}

impl From<AllowOrigin> for Option<String> {
    fn from(origin: AllowOrigin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_could_make_a_header_of_its_own_is_taken() {
        for bad in ["*\r\nSet-Cookie: a=b", "*\n", "\0", "a b", "ö"] {
            assert!(bad.parse::<AllowOrigin>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_no_browser_would_compare_equal_is_refused() {
        for bad in ["foo", "octopi.local", "http://octopi.local/", "http://"] {
            assert!(bad.parse::<AllowOrigin>().is_err(), "{bad:?}");
        }
        assert!("http://octopi.local:5000".parse::<AllowOrigin>().is_ok());
    }

    #[test]
    fn an_empty_origin_is_none() {
        assert_eq!("".parse(), Ok(AllowOrigin(None)));
        assert_eq!("*".parse(), Ok(AllowOrigin(Some("*".to_owned()))));
    }
}
