use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, by_name};

/// What the daemon waits for before it opens its port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkWait {
    #[default]
    Nothing,
    /// Every host in the settings is an address of this machine.
    Address,
    /// systemd is done with `network-online.target`.
    Online,
    /// There is a default route.
    Route,
}

impl NetworkWait {
    const ALL: [Self; 4] = [Self::Nothing, Self::Address, Self::Online, Self::Route];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Address => "address",
            Self::Online => "online",
            Self::Route => "route",
        }
    }
}

impl Value for NetworkWait {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "none, address, online or route".to_owned()
    }
}

impl FromStr for NetworkWait {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        by_name(&Self::ALL, text)
    }
}

impl fmt::Display for NetworkWait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_to_wait_for_is_found_by_its_name_and_named_in_a_refusal() {
        for wait in NetworkWait::ALL {
            assert_eq!(wait.to_string().parse(), Ok(wait));
            assert!(NetworkWait::allowed().contains(wait.as_str()));
        }
        assert!("dhcp".parse::<NetworkWait>().is_err());
    }
}
