use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::*;

fn control(key: &str, kind: Kind) -> Control {
    Control {
        id: 0,
        key: key.into(),
        name: key.into(),
        group: "user".into(),
        group_title: "User Controls".into(),
        kind,
        min: 0,
        max: 100,
        step: 1,
        default: Some(Value::Number(50)),
        value: None,
        menu: Vec::new(),
        inactive: false,
        read_only: false,
        write_only: false,
        volatile: false,
        grabbed: false,
    }
}

fn menu(names: &[(i64, &str)]) -> Control {
    let menu = names.iter().map(|(value, name)| Item { value: *value, name: (*name).into() }).collect();
    Control { menu, default: Some(Value::Number(1)), ..control("menu", Kind::Menu) }
}

fn number(number: i64) -> Result<Value, Error> {
    Ok(Value::Number(number))
}

#[test]
fn a_number_is_rounded_to_the_steps_from_the_least() {
    let stepped = Control { min: -3, max: 100, step: 5, ..control("a", Kind::Integer) };
    for (given, taken) in [(-3, -3), (-1, -3), (0, 2), (1, 2), (99, 97), (100, 97)] {
        assert_eq!(stepped.check(&Value::Number(given)), number(taken), "{given}");
    }
    let whole = Control { min: i64::MIN, max: i64::MAX, step: u64::MAX, ..control("a", Kind::Integer64) };
    assert_eq!(whole.check(&Value::Number(i64::MAX)), number(i64::MAX));
}

#[test]
fn what_is_out_of_range_is_told_with_the_range() {
    let error = control("brightness", Kind::Integer).check(&Value::Number(101)).unwrap_err();
    assert_eq!(error.to_string(), "brightness: 101 is out of range; allowed: 0 to 100");
    assert_eq!(error.word(), "out-of-range");
    let error = control("brightness", Kind::Integer).check(&"bright".into()).unwrap_err();
    assert_eq!(error.to_string(), "brightness: \"bright\" will not do; allowed: 0 to 100");
}

#[test]
fn a_menu_takes_numbers_and_names() {
    let menu = menu(&[(1, "Manual Mode"), (3, "Aperture Priority Mode")]);
    for given in
        [Value::Number(3), "3".into(), "Aperture Priority Mode".into(), "aperture priority mode".into()]
    {
        assert_eq!(menu.check(&given), number(3), "{given:?}");
    }
    assert_eq!(menu.check(&"default".into()), number(1));
    let gap = menu.check(&Value::Number(2)).unwrap_err().to_string();
    assert_eq!(gap, "menu: \"2\" will not do; allowed: 1 (Manual Mode), 3 (Aperture Priority Mode)");
}

#[test]
fn an_item_of_an_integer_menu_is_meant_by_its_place_first() {
    let rates = Control { kind: Kind::IntegerMenu, ..menu(&[(0, "1"), (1, "456000000")]) };
    assert_eq!(rates.check(&"1".into()), number(1));
    assert_eq!(rates.check(&"456000000".into()), number(1));
}

#[test]
fn a_switch_is_on_or_off_in_any_words() {
    let switch = control("a", Kind::Boolean);
    for (given, on) in
        [("true", true), ("On", true), ("1", true), ("false", false), ("off", false), ("0", false)]
    {
        assert_eq!(switch.check(&given.into()), Ok(Value::Switch(on)));
    }
    assert!(switch.check(&Value::Number(2)).is_err());
}

#[test]
fn texts_bits_and_buttons_are_checked_too() {
    let text = Control { min: 2, max: 4, ..control("a", Kind::String) };
    assert_eq!(text.check(&Value::Number(123)), Ok("123".into()));
    assert!(text.check(&"a".into()).is_err() && text.check(&"abcde".into()).is_err());
    assert!(text.check(&"a\0b".into()).is_err());
    let bits = Control { max: 0x8002, ..control("a", Kind::Bitmask) };
    assert_eq!(bits.check(&"0x8000".into()), number(0x8000));
    assert!(bits.check(&Value::Number(1)).is_err());
    let button = control("a", Kind::Button);
    assert_eq!(button.check(&"".into()), Ok(Value::Switch(true)));
    assert!(button.check(&Value::Switch(false)).is_err() && button.check(&"off".into()).is_err());
    let fixed = Control { read_only: true, ..control("a", Kind::Integer) };
    assert!(matches!(fixed.check(&Value::Number(1)), Err(Error::ReadOnly { .. })));
}

#[test]
fn keys_are_those_of_v4l2_ctl() {
    for (name, key) in [
        ("Exposure Time, Absolute", "exposure_time_absolute"),
        ("White Balance  (Auto)", "white_balance_auto"),
        ("H.264 I-Frame", "h_264_i_frame"),
    ] {
        assert_eq!(key_of(name), key);
    }
}

#[test]
fn a_control_is_found_by_any_name_that_it_ever_had() {
    let time = Control {
        id: 0x9a_0902,
        name: "Exposure (Absolute)".into(),
        ..control("exposure_absolute", Kind::Integer)
    };
    let controls = [control("brightness", Kind::Integer), time];
    for name in
        ["exposure_absolute", "exposure_time_absolute", "Exposure (Absolute)", "0x009a0902", "10094850"]
    {
        assert_eq!(find(&controls, name).map(|control| control.id), Ok(0x9a_0902), "{name}");
    }
    let unknown = find(&controls, "brightnes").unwrap_err();
    assert_eq!(unknown.to_string(), "brightnes: no such control; did you mean brightness?");
    assert_eq!(find(&controls, "zoom").unwrap_err().to_string(), "zoom: no such control");
    assert!(find(&controls, &"x".repeat(1_000_000)).unwrap_err().to_string().len() < 200);
}

#[test]
fn two_of_a_name_are_told_apart() {
    let mut controls = [("gain", 1), ("gain", 2), ("gain_2", 3), ("", 4)]
        .map(|(key, id)| Control { id, ..control(key, Kind::Integer) });
    tell_apart(&mut controls);
    assert_eq!(controls.map(|control| control.key), ["gain", "gain_2", "gain_2_2", "control_00000004"]);
}

/// A camera whose exposure is refused while it is automatic, and which forgets contrast when told to.
#[derive(Default)]
struct Fake(RefCell<BTreeMap<u32, i64>>);

const AUTO: u32 = 0x9a_0901;
const TIME: u32 = 0x9a_0902;
const CONTRAST: u32 = 0x98_0901;

impl Fake {
    fn value(&self, id: u32) -> i64 {
        let default = if id == AUTO { 1 } else { 50 };
        self.0.borrow().get(&id).copied().unwrap_or(default)
    }
}

impl Board for Fake {
    fn describe(&self) -> Result<Vec<Control>, Error> {
        let auto = Control { id: AUTO, ..control("auto_exposure", Kind::Boolean) };
        let auto = Control { default: Some(Value::Switch(true)), ..auto };
        let inactive = self.value(AUTO) != 0;
        let time = Control { id: TIME, inactive, ..control("exposure_time_absolute", Kind::Integer) };
        Ok(vec![Control { id: CONTRAST, ..control("contrast", Kind::Integer) }, time, auto])
    }

    fn read(&self, control: &Control) -> Result<Option<Value>, Error> {
        let value = self.value(control.id);
        Ok(Some(if control.id == AUTO { Value::Switch(value != 0) } else { Value::Number(value) }))
    }

    fn write(&self, control: &Control, value: &Value) -> Result<Value, Error> {
        if control.id == TIME && self.value(AUTO) != 0 {
            return Err(Error::Inactive { key: control.key.clone(), held_by: None });
        }
        self.0.borrow_mut().insert(control.id, value.number().unwrap());
        Ok(value.clone())
    }
}

fn applied(fake: &Fake, wishes: &[(&str, i64)]) -> Plan {
    let wishes: Vec<_> =
        wishes.iter().map(|(name, number)| Wish::new(*name, Value::Number(*number))).collect();
    let mut plan = Plan::new(fake, &wishes).unwrap();
    plan.apply(fake);
    plan
}

#[test]
fn what_is_automatic_is_turned_off_before_the_value_that_it_holds() {
    let fake = Fake::default();
    let plan = applied(&fake, &[("exposure_time_absolute", 7), ("auto_exposure", 0)]);
    assert_eq!((fake.value(AUTO), fake.value(TIME), plan.failed().count()), (0, 7, 0));
}

#[test]
fn a_value_that_is_held_back_names_what_holds_it() {
    let plan = applied(&Fake::default(), &[("exposure_time_absolute", 7)]);
    let told: Vec<_> = plan.failed().map(ToString::to_string).collect();
    assert_eq!(told, ["exposure_time_absolute: held by auto_exposure"]);
}

#[test]
fn what_the_camera_forgot_is_set_again_and_the_last_wish_counts() {
    let fake = Fake::default();
    let mut plan = applied(&fake, &[("contrast", 3), ("contrast", 4)]);
    fake.0.borrow_mut().clear();
    plan.hold(&fake);
    assert_eq!((fake.value(CONTRAST), plan.failed().count()), (4, 0));
}

/// One camera for all openings.
#[derive(Default)]
struct Shelf(Arc<Mutex<BTreeMap<u32, i64>>>);

struct Taken(Fake, Arc<Mutex<BTreeMap<u32, i64>>>);

impl Board for Taken {
    fn describe(&self) -> Result<Vec<Control>, Error> {
        self.0.describe()
    }

    fn read(&self, control: &Control) -> Result<Option<Value>, Error> {
        self.0.read(control)
    }

    fn write(&self, control: &Control, value: &Value) -> Result<Value, Error> {
        let taken = self.0.write(control, value)?;
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = self.0.0.borrow().clone();
        Ok(taken)
    }
}

impl Access for Shelf {
    fn open(&self) -> Result<Box<dyn Board>, Error> {
        let values = self.0.lock().unwrap().clone();
        Ok(Box::new(Taken(Fake(RefCell::new(values)), Arc::clone(&self.0))))
    }
}

fn panel(settings: Vec<Wish>) -> Arc<Panel> {
    let panel = Panel::new();
    panel.attach(Some(Arc::new(Shelf::default())), settings);
    panel
}

fn change(name: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), value.into())
}

#[test]
fn nothing_is_set_when_one_of_several_is_refused() {
    let panel = panel(vec![]);
    let errors = panel.set(&[change("contrast", 9), change("contrat", 1)], false).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(panel.get("contrast").unwrap().value, Some(Value::Number(50)));
}

#[test]
fn what_is_remembered_is_wanted_after_what_the_settings_want() {
    let panel = panel(vec![Wish::new("contrast", 1)]);
    let before = panel.changes();
    let set = panel.set(&[change("auto_exposure", "off"), change("exposure_absolute", 9)], true).unwrap();
    let values: Vec<_> = set.iter().map(|control| control.value.clone().unwrap()).collect();
    assert_eq!(values, [Value::Switch(false), Value::Number(9)]);
    assert!(!set[1].inactive, "as it is now");
    assert!(panel.changes() > before);
    let names: Vec<_> = panel.wishes().into_iter().map(|wish| wish.name).collect();
    assert_eq!(names, ["contrast", "auto_exposure", "exposure_time_absolute"]);
    assert_eq!(panel.wanted().len(), 2);
}

#[test]
fn a_reset_is_remembered_only_where_the_settings_want_otherwise() {
    let panel = panel(vec![Wish::new("contrast", 1)]);
    panel.set(&[change("auto_exposure", 0), change("exposure_time_absolute", 9)], true).unwrap();
    panel.reset(&[], true).unwrap();
    let controls = panel.list().unwrap();
    assert_eq!(
        controls.iter().map(|control| control.value.clone()).collect::<Vec<_>>(),
        [Some(Value::Number(50)), Some(Value::Number(50)), Some(Value::Switch(true))]
    );
    assert_eq!(panel.wanted(), BTreeMap::from([change("contrast", 50)]));
}

#[test]
fn what_the_source_holds_is_shown_so_and_refused_and_a_reset_of_all_passes_it_over() {
    let panel = panel(vec![]);
    let before = panel.changes();
    panel.hold(&[CONTRAST]);
    assert!(panel.changes() > before);
    assert!(panel.get("contrast").unwrap().inactive);
    for errors in [panel.set(&[change("contrast", 9)], true), panel.reset(&["contrast"], true)] {
        let told: Vec<_> = errors.unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["contrast: held by the flips and the rotation of [image]"]);
    }
    assert!(panel.reset(&[], true).is_ok());
    assert_eq!(panel.wanted(), BTreeMap::new());
    panel.hold(&[]);
    assert!(panel.set(&[change("contrast", 9)], false).is_ok());
}

#[test]
fn a_source_without_controls_says_so() {
    let panel = Panel::new();
    assert!(matches!(panel.list(), Err(Error::NoControls(_))));
}

#[test]
fn controls_are_told_in_json_as_a_page_needs_them() {
    let json = serde_json::to_value(menu(&[(1, "Manual Mode")])).unwrap();
    assert_eq!(json["type"], "menu");
    assert_eq!(json["menu"][0], serde_json::json!({ "value": 1, "name": "Manual Mode" }));
    assert_eq!(
        (&json["min"], &json["default"], &json["value"]),
        (&0.into(), &1.into(), &serde_json::Value::Null)
    );
}
