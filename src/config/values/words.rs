use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// A program with its arguments, or more arguments, quoted as in a shell; there is none that would expand anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Value for Words {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "words as in a shell, or empty for none".to_owned()
    }
}

impl FromStr for Words {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // Lines may be broken in a file; no other such letter is meant, and the system ends a word at one.
        if text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            return Err(Self::refuse(format_args!("{text:?} has a control character in it")));
        }
        shlex::split(text)
            .map(Self)
            .ok_or_else(|| Self::refuse(format_args!("{text:?} has a quote without its end")))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = self.0.iter().map(|word| shlex::try_quote(word).unwrap_or_default());
        formatter.write_str(&quoted.collect::<Vec<_>>().join(" "))
    }
}

impl From<Words> for Vec<String> {
    fn from(words: Words) -> Self {
        words.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_a_shell_does_and_printed_as_they_are_read() {
        let words: Words = r#"ffmpeg -i "/srv/a b.mp4" -vf 'drawtext=text=$HOME' \*"#.parse().unwrap();
        assert_eq!(words.0, ["ffmpeg", "-i", "/srv/a b.mp4", "-vf", "drawtext=text=$HOME", "*"]);
        assert_eq!(words.to_string().parse(), Ok(words));
        assert_eq!("".parse(), Ok(Words(Vec::new())));
        for wrong in ["ffmpeg 'a", "a\0b"] {
            assert!(wrong.parse::<Words>().is_err(), "{wrong}");
        }
    }
}
