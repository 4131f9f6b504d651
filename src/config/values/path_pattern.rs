use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::Zoned;
use jiff::fmt::strtime::BrokenDownTime;

use super::{Kind, Refused, Value};

/// The path of a file or, with strftime's %, of one for each time. What stands before the first folder with a % is the same
/// at all times, the root: nothing outside of it is ever touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(String);

impl PathPattern {
    /// Whether it is the same file at all times.
    pub fn is_one(&self) -> bool {
        !self.0.contains('%')
    }

    /// The folder that has to be there.
    pub fn root(&self) -> PathBuf {
        match self.is_one() {
            true => Path::new(&self.0).parent().unwrap_or(Path::new("/")).to_owned(),
            false => Path::new(&self.0).iter().take_while(|part| !has_percent(part)).collect(),
        }
    }

    /// The names below the root, the file's last.
    pub fn parts(&self) -> Vec<&str> {
        let mut parts = Path::new(&self.0).iter().filter_map(|part| part.to_str());
        match self.is_one() {
            true => parts.next_back().into_iter().collect(),
            false => parts.skip_while(|part| !part.contains('%')).collect(),
        }
    }

    /// The file for a time.
    pub fn at(&self, time: &Zoned) -> Result<PathBuf, jiff::Error> {
        if self.is_one() {
            return Ok(PathBuf::from(&self.0));
        }
        let time = BrokenDownTime::from(time);
        self.parts().into_iter().try_fold(self.root(), |path, part| Ok(path.join(time.to_string(part)?)))
    }

    /// Whether the part of a path could be made of this part of the pattern, at some time.
    pub fn makes(part: &str, name: &str) -> bool {
        BrokenDownTime::parse(part, name).is_ok()
    }

    fn check(&self) -> Result<(), String> {
        let text = &self.0;
        if text.contains(char::is_control) {
            return Err(format!("{text:?} has a control character in it"));
        }
        let parts: Vec<&str> = text.split('/').skip(1).collect();
        if !text.starts_with('/') || parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(format!("{text:?} does not lead straight from / to a file"));
        }
        if self.is_one() {
            return Ok(());
        }
        if self.root() == Path::new("/") {
            return Err(format!("{text:?} has no folder before its first %"));
        }
        let now = BrokenDownTime::from(&Zoned::now());
        for part in self.parts() {
            let name = now.to_string(part).map_err(|error| format!("{text:?}: {error}"))?;
            if name.is_empty()
                || name.starts_with('.')
                || name.contains(|odd: char| odd == '/' || odd.is_control())
            {
                return Err(format!("{part:?} would make the name {name:?}"));
            }
            // By their names files are known again that an earlier life has left.
            if !Self::makes(part, &name) {
                return Err(format!("{name:?} could not be known again as made of {part:?}"));
            }
        }
        Ok(())
    }
}

fn has_percent(part: &std::ffi::OsStr) -> bool {
    part.as_encoded_bytes().contains(&b'%')
}

impl Value for PathPattern {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "the path of a file from / on, with strftime's % in its name or in the last of its folders for one at each time"
            .to_owned()
    }
}

impl FromStr for PathPattern {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let pattern = Self(text.to_owned());
        pattern.check().map_err(Self::refuse)?;
        Ok(pattern)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn a_pattern_makes_files_below_its_root_and_knows_them_again() {
        let pattern: PathPattern = "/srv/cam/%Y-%m-%d/door/%H%M%S.jpg".parse().unwrap();
        let time = date(2026, 1, 2).at(3, 4, 5, 0).to_zoned(TimeZone::UTC).unwrap();
        assert_eq!(pattern.root(), Path::new("/srv/cam"));
        assert_eq!(pattern.at(&time).unwrap(), Path::new("/srv/cam/2026-01-02/door/030405.jpg"));
        assert!(PathPattern::makes("%Y-%m-%d", "2026-01-02") && PathPattern::makes("door", "door"));
        for other in ["notes", "2026-01-02x", "2026-13-02", ""] {
            assert!(!PathPattern::makes("%Y-%m-%d", other), "{other}");
        }
    }

    #[test]
    fn a_path_without_a_percent_sign_is_one_file() {
        let path: PathPattern = "/run/mjpegd/now.jpg".parse().unwrap();
        assert!(path.is_one());
        assert_eq!((path.root(), path.parts()), (PathBuf::from("/run/mjpegd"), vec!["now.jpg"]));
        assert_eq!(path.at(&Zoned::now()).unwrap(), Path::new("/run/mjpegd/now.jpg"));
    }

    #[test]
    fn what_leads_elsewhere_is_refused_at_the_start() {
        for bad in [
            "",
            "now.jpg",
            "/",
            "/srv/",
            "/srv/../etc/%H.jpg",
            "/srv/%Y/../../etc/%H.jpg",
            "/%Y.jpg",
            "/srv/%",
            "/srv/%D.jpg",
            "/srv/%n.jpg",
            "/srv/%H\n.jpg",
            "/srv/.%H.jpg",
            "/srv/%Z-%H.jpg",
        ] {
            assert!(bad.parse::<PathPattern>().is_err(), "{bad}");
        }
    }
}
