//! Every value that stands in the settings file, behind a flag or in a patch.

use std::fmt::Display;

use mjpegd::config::values::*;
use percent_encoding::percent_decode_str;

pub fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    is_printed_as_it_is_read::<AllowOrigin>(text);
    is_printed_as_it_is_read::<Corner>(text);
    is_printed_as_it_is_read::<Crop>(text);
    is_printed_as_it_is_read::<DesiredFps>(text);
    is_printed_as_it_is_read::<FileMode>(text);
    is_printed_as_it_is_read::<FilterFormat>(text);
    is_printed_as_it_is_read::<Font>(text);
    is_printed_as_it_is_read::<Format>(text);
    is_printed_as_it_is_read::<FrameRate>(text);
    is_printed_as_it_is_read::<Host>(text);
    is_printed_as_it_is_read::<IdleFps>(text);
    is_printed_as_it_is_read::<LogLevel>(text);
    is_printed_as_it_is_read::<NetworkWait>(text);
    is_printed_as_it_is_read::<OnFailure>(text);
    is_printed_as_it_is_read::<PathPattern>(text);
    is_printed_as_it_is_read::<PushTo>(text);
    is_printed_as_it_is_read::<Quality>(text);
    is_printed_as_it_is_read::<Resolution>(text);
    is_printed_as_it_is_read::<Rgba>(text);
    is_printed_as_it_is_read::<Right>(text);
    is_printed_as_it_is_read::<Rotation>(text);
    is_printed_as_it_is_read::<RtspTransport>(text);
    is_printed_as_it_is_read::<Scale>(text);
    is_printed_as_it_is_read::<SourceName>(text);
    is_printed_as_it_is_read::<Subsampling>(text);
    is_printed_as_it_is_read::<Switch>(text);
    is_refused_in_words::<Caption>(text);
    is_refused_in_words::<Control>(text);
    is_refused_in_words::<Device>(text);
    is_refused_in_words::<Folder>(text);
    is_refused_in_words::<Name>(text);
    is_refused_in_words::<TimeZoneName>(text);
    is_refused_in_words::<Words>(text);
    keeps_its_login::<OfHttp>(text);
    keeps_its_login::<OfRtsp>(text);
    keeps_its_login::<OfRedis>(text);
    keeps_its_login::<OfPush>(text);
    true
}

fn is_printed_as_it_is_read<T: Value + Display + PartialEq + std::fmt::Debug>(text: &str) {
    let Some(value) = is_refused_in_words::<T>(text) else { return };
    let printed = value.to_string();
    assert_eq!(printed.parse::<T>().as_ref(), Ok(&value), "{text:?} is printed as {printed:?}");
}

fn is_refused_in_words<T: Value>(text: &str) -> Option<T> {
    let read = text.parse::<T>();
    if let Err(refused) = &read {
        assert!(refused.to_string().contains(&T::allowed()));
    }
    read.ok()
}

fn keeps_its_login<S: Scheme + Clone>(text: &str) {
    let Some(address) = is_refused_in_words::<Address<S>>(text) else { return };
    let _ = (address.socket(), address.authorization());
    // What is asked for has no login in it.
    let open: url::Url = address.without_login().parse().unwrap();
    assert!(open.password().is_none() || open.host().is_none());
    let decoded = percent_decode_str(address.secret()).decode_utf8_lossy().replace('+', " ");
    let shown = format!("{address} {address:?}");
    for secret in address.secrets().iter().filter(|secret| secret.len() > 3) {
        // It may be what something else in it is called as well.
        let is_elsewhere =
            [address.secret(), &decoded].iter().any(|text| text.matches(secret.as_str()).count() > 1);
        assert!(is_elsewhere || !shown.contains(secret.as_str()), "{shown}");
    }
    // Another password does not make it another place.
    let other = address.clone().with_password("s3cret word");
    assert_eq!(other.socket(), address.socket());
}
