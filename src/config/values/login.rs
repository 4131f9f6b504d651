//! Names, passwords and what is kept of them.

use std::fmt;
use std::str::FromStr;

use argon2::PasswordHash;

use super::{Kind, Refused, Value};

/// Who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login(String);

impl Value for Login {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "a name of 1 to 64 letters without a colon".to_owned()
    }
}

impl FromStr for Login {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // Basic authentication has a colon behind the name (RFC 7617).
        let odd = |letter: char| letter == ':' || letter.is_control();
        if text.is_empty() || text.chars().count() > 64 || text.contains(odd) {
            return Err(Self::refuse(format_args!("{text:?} is no name")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<Login> for String {
    fn from(login: Login) -> Self {
        login.0
    }
}

/// A password as it is typed. It shows itself nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for Password {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "a password of 1 to 256 letters".to_owned()
    }
}

impl FromStr for Password {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text.is_empty() || text.chars().count() > 256 {
            return Err(Self::refuse("it is empty, or too long"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}

/// What `mjpegd passwd` makes of a password: Argon2 in the PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(String);

impl Hash {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Memory in KiB and passes that checking one login may take: more than the tool that makes hashes uses, and not so much that
/// a small board comes to a stop.
const MOST_MEMORY: u32 = 65_536;
const MOST_PASSES: u32 = 16;

impl Value for Hash {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "what mjpegd passwd prints, such as $argon2id$v=19$m=...".to_owned()
    }
}

impl FromStr for Hash {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let not = |why: &str| Self::refuse(format_args!("it is no hash of a password ({why})"));
        let hash = PasswordHash::new(text).map_err(|error| not(&error.to_string()))?;
        let params = argon2::Params::try_from(&hash).map_err(|error| not(&error.to_string()))?;
        if !hash.algorithm.as_str().starts_with("argon2") || hash.hash.is_none() || hash.salt.is_none() {
            return Err(not("another algorithm than Argon2"));
        }
        if params.m_cost() > MOST_MEMORY || params.t_cost() > MOST_PASSES || params.p_cost() > 4 {
            return Err(not("checking it would take more than 64 MiB or 16 passes"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}

/// What `mjpegd token` keeps of a token: its SHA-256, in hexadecimal. A token is random enough to need no slow hash.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Value for TokenHash {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "what mjpegd token prints, sha256: and 64 hexadecimal digits".to_owned()
    }
}

impl FromStr for TokenHash {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let refuse = || Self::refuse("it is no hash of a token");
        let digits = text.strip_prefix("sha256:").filter(|digits| digits.len() == 64).ok_or_else(refuse)?;
        let mut hash = [0; 32];
        for (index, byte) in hash.iter_mut().enumerate() {
            let pair = digits.get(2 * index..2 * index + 2).ok_or_else(refuse)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refuse())?;
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_have_their_limits() {
        assert!("pi".parse::<Login>().is_ok() && "名字".parse::<Login>().is_ok());
        for bad in ["", "a:b", "a\nb", &"x".repeat(65)] {
            assert!(bad.parse::<Login>().is_err(), "{bad:?}");
        }
        assert_eq!(format!("{:?}", "secret".parse::<Password>().unwrap()), "(hidden)");
        assert!("".parse::<Password>().is_err());
    }

    #[test]
    fn a_hash_is_one_that_can_be_checked_here() {
        let good = "$argon2id$v=19$m=8192,t=3,p=1$c29tZXNhbHQ$DGyKyZVzlUSPoE4dkA+fwcmtrRtoxUVsmsAOT06nVDE";
        assert!(good.parse::<Hash>().is_ok());
        let huge = good.replace("m=8192", "m=4000000");
        for bad in [
            "",
            "secret",
            "$2b$12$abcdefghijklmnopqrstuu",
            &huge,
            "$argon2id$v=19$m=8192,t=3,p=1$c29tZXNhbHQ",
        ] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_read_as_it_is_written() {
        let token = TokenHash::new([0xab; 32]);
        assert_eq!(token.to_string().parse(), Ok(token));
        for bad in ["", "sha256:", "sha256:zz", &format!("sha256:{}", "é".repeat(32))] {
            assert!(bad.parse::<TokenHash>().is_err(), "{bad}");
        }
    }
}
