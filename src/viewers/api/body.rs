//! Reads the JSON that is sent. JSON knows one kind of number, so that 5.0, as some programs write it, is 5.

use serde::de::DeserializeOwned;
use serde_json::Value;

pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let mut value = serde_json::from_slice(body)?;
    make_whole(&mut value);
    serde_json::from_value(value)
}

/// The reader has refused what is nested deeply.
fn make_whole(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(make_whole),
        Value::Object(members) => members.values_mut().for_each(make_whole),
        Value::Number(number) => {
            if let Some(whole) = number.as_f64().filter(|_| number.is_f64()).and_then(whole) {
                *value = whole.into();
            }
        }
        _ => {}
    }
}

/// Beyond 2^53 not every number is one, and none is meant.
fn whole(number: f64) -> Option<i64> {
    const MOST: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= MOST).then_some(number as i64)
}
