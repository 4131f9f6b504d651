//! How serde's complaints become ours.

use serde_path_to_error::Segment;

/// Who made more mistakes than this has given us something else.
pub(super) const MAX_PROBLEMS: usize = 20;

/// The names on the way to a value; which one of a list it is, its line says.
pub(super) fn names(path: &serde_path_to_error::Path) -> Vec<String> {
    let names = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        _ => None,
    });
    names.collect()
}

/// The way to a value; what is wrong with one item of a list is wrong with the list.
pub(super) fn steps(path: &serde_path_to_error::Path) -> Vec<Segment> {
    let mut steps: Vec<Segment> = path.iter().cloned().collect();
    while matches!(steps.last(), Some(segment) if !matches!(segment, Segment::Map { .. })) {
        steps.pop();
    }
    steps
}

/// Turns serde's list of the known fields into a suggestion; all else it says well already.
pub(super) fn rephrase(message: &str, key: Option<&String>) -> String {
    let key = key.map_or("", String::as_str);
    let Some(known) = message.strip_prefix(&format!("unknown field `{key}`, expected ")) else {
        return message.to_owned();
    };
    // Every other piece is a name: "one of `a`, `b`, `c`".
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    // Names of about the same length only: the comparison takes memory by the product of both.
    let alike = known.iter().filter_map(|name| {
        let most = name.len() / 3;
        let candidate = name.len().abs_diff(key.len()) <= most;
        let distance = candidate.then(|| strsim::damerau_levenshtein(key, name))?;
        (distance <= most).then_some((distance, name))
    });
    let hint = alike.min().map_or(String::new(), |(_, name)| format!(", did you mean {name}?"));
    format!("unknown key{hint}; allowed: {}", known.join(", "))
}
