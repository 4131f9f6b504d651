use super::*;

/// A number generator that gives the same each time: xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Rather often one at which something may overflow.
    fn odd(&mut self) -> i64 {
        const ODD: [i64; 10] =
            [0, 1, -1, i64::MIN, i64::MAX, i32::MIN as i64, i32::MAX as i64, u32::MAX as i64, 255, 1 << 40];
        match self.next() % 3 {
            0 => self.next() as i64,
            _ => ODD[(self.next() % ODD.len() as u64) as usize],
        }
    }

    fn description(&mut self, after: u32) -> Description {
        let name: Vec<u8> = (0..self.next() % 33).map(|_| self.next() as u8).collect();
        Description {
            id: after.wrapping_add((self.next() % 70_000) as u32),
            kind: (self.next() % 12) as u32,
            name: text(&name),
            minimum: self.odd(),
            maximum: self.odd(),
            step: self.odd() as u64,
            default: self.odd(),
            flags: (self.next() & 0x2fff) as u32,
            is_array: self.next() % 9 == 0,
        }
    }
}

#[test]
fn whatever_a_driver_says_what_is_made_of_it_keeps_to_the_bounds() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..100 {
        let descriptions = enumerate(|after| Ok(random.description(after))).unwrap();
        let mut controls = in_groups(&descriptions);
        tell_apart(&mut controls);
        let keys: std::collections::HashSet<_> = controls.iter().map(|control| &control.key).collect();
        assert_eq!(keys.len(), controls.len(), "each has a key of its own");
        for control in &controls {
            assert!(control.min <= control.max && control.step > 0 && !control.key.is_empty());
            assert!(crate::controls::find(&controls, &control.key).unwrap().id == control.id);
            for value in [Value::Number(random.odd()), Value::Switch(true), "default".into(), "".into()] {
                // Only what is in range comes through, but for the default, which is the driver's own.
                if let (Ok(Value::Number(number)), Value::Number(_)) = (control.check(&value), &value) {
                    assert!((control.min..=control.max).contains(&number), "{control:?} {number}");
                }
            }
            serde_json::to_string(control).unwrap();
        }
    }
}

#[test]
fn a_driver_without_an_end_is_asked_so_often_and_no_more() {
    let one = |id| Ok(Description { id, kind: 1, ..Description::default() });
    assert_eq!(enumerate(|after| one(after + 1)).unwrap().len(), MOST_CONTROLS);
    assert_eq!(enumerate(|after| one(after.max(1))).unwrap().len(), 1, "it stays");
    assert_eq!(enumerate(|after| one(if after == 9 { 3 } else { 9 })).unwrap().len(), 1, "it goes back");
}

#[test]
fn one_control_that_cannot_be_described_does_not_hide_the_others() {
    let broken = |after: u32| match after {
        0 => Ok(Description { id: 10, ..Description::default() }),
        10 | 11 => Err(Errno::IO.into()),
        12 => Ok(Description { id: 13, ..Description::default() }),
        _ => Err(Errno::INVAL.into()),
    };
    let ids: Vec<_> = enumerate(broken).unwrap().iter().map(|description| description.id).collect();
    assert_eq!(ids, [10, 13]);
    let mut asked = 0;
    let found = enumerate(|_| {
        asked += 1;
        Err(Errno::IO.into())
    });
    assert_eq!((found, asked), (Ok(vec![]), MOST_FAILURES + 1));
}

#[test]
fn a_driver_without_controls_has_none_and_a_camera_that_is_gone_is_an_error() {
    assert_eq!(enumerate(|_| Err(Errno::NOTTY.into())), Ok(vec![]));
    assert!(matches!(enumerate(|_| Err(Errno::NODEV.into())), Err(Error::Gone(_))));
}

#[test]
fn what_is_disabled_or_of_a_kind_unknown_is_left_out_and_groups_have_the_drivers_title() {
    let of = |id, kind, flags, name: &str| Description {
        id,
        kind,
        flags,
        name: name.into(),
        ..Description::default()
    };
    let controls = in_groups(&[
        of(0x98_0001, 6, 0, "Benutzer"),
        of(0x98_0900, 1, 0, "Brightness"),
        of(0x98_0901, 1, c::V4L2_CTRL_FLAG_DISABLED, "Contrast"),
        of(0x98_0902, 0x106, 0, "Area"),
        of(0x9a_0901, 2, 0, "Privacy"),
        of(0xf0_0001, 6, 0, "Vivid Controls"),
        of(0xf0_0900, 4, 0, "Button"),
    ]);
    let groups: Vec<_> = controls.iter().map(|control| (&*control.group, &*control.group_title)).collect();
    assert_eq!(
        groups,
        [("user", "Benutzer"), ("camera", "Camera Controls"), ("vivid_controls", "Vivid Controls")]
    );
}
