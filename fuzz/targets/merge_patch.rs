//! The body of `PATCH /api/v1/settings`: all of it holds, or none.

#[path = "../../src/viewers/api/body.rs"]
mod body;

use mjpegd::config::{Live, Settings};
use serde_json::{Value, json};

pub fn run(data: &[u8]) -> bool {
    let Ok(patch) = body::read::<Value>(data) else { return false };
    // Whether a file with letters is there is not asked of the patch.
    let (live, _) = Live::new(Settings {
        api: mjpegd::config::Api { state_file: None, allow_stop: false },
        ..Settings::default()
    });
    // Not the first change.
    live.patch(&json!({"encoder": {"quality": 7}})).unwrap();
    let (before, generation) = (live.get(), live.generation());
    if let Err(error) = live.patch(&patch) {
        assert!(*live.get() == *before && live.generation() == generation);
        assert!((1..=40).contains(&error.problems().len()), "{error}");
        assert!(error.problems().iter().all(|problem| !problem.contains(char::is_control)), "{error:?}");
        return false;
    }
    // Said twice it is the same (RFC 7396), and nothing that anybody has to be told.
    let (after, generation) = (live.get(), live.generation());
    live.patch(&patch).unwrap();
    assert!(*live.get() == *after && live.generation() == generation);
    // What is shown can be sent back, and changes nothing.
    live.patch(&serde_json::to_value(&*after).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    assert!(*live.get() == *after);
    // Everything taken back is how it was in the beginning.
    let everything = json!({"source": null, "encoder": null, "image": null, "overlay": null});
    live.patch(&everything).unwrap();
    assert!(live.changes().0.table().is_empty());
    assert!(
        serde_json::to_value(&*live.get()).unwrap() == serde_json::to_value(Settings::default()).unwrap()
    );
    true
}
