//! `mjpegd controls`: what the camera lets itself be set to; and sets it, for as long as the camera remembers.

use std::io::{self, Write};
use std::sync::Arc;

use crate::config::Settings;
use crate::controls::{Control, Error, Kind, Panel, Value};
use crate::source;

/// Lists all controls, or gets those that are named and sets those that are given a value. Returns whether all went well.
pub fn run(settings: &Settings, named: &[String], out: &mut impl Write) -> io::Result<bool> {
    let panel = Panel::new();
    // It puts its controls on the panel, and is not opened: another program may be streaming.
    let _source = source::new(settings, &panel, &Arc::default());
    if named.is_empty() {
        return match panel.list() {
            Ok(controls) => print_all(out, &controls).map(|()| true),
            Err(error) => refuse(&[error]),
        };
    }
    let changes: Vec<_> = named
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), Value::from(value)))
        .collect();
    if !changes.is_empty() {
        match panel.set(&changes, false) {
            Ok(controls) => controls.iter().try_for_each(|control| print_value(out, control))?,
            Err(errors) => return refuse(&errors),
        }
    }
    for name in named.iter().filter(|word| !word.contains('=')) {
        match panel.get(name) {
            Ok(control) => print_value(out, &control)?,
            Err(error) => return refuse(&[error]),
        }
    }
    Ok(true)
}

/// Lists all controls, or says why there are none.
pub fn print(settings: &Settings, out: &mut impl Write) -> io::Result<()> {
    let panel = Panel::new();
    let _source = source::new(settings, &panel, &Arc::default());
    match panel.list() {
        Ok(controls) => print_all(out, &controls),
        Err(error) => writeln!(out, "{error}"),
    }
}

fn refuse(errors: &[Error]) -> io::Result<bool> {
    errors.iter().try_for_each(|error| writeln!(io::stderr(), "{error}"))?;
    Ok(false)
}

fn print_value(out: &mut impl Write, control: &Control) -> io::Result<()> {
    match &control.value {
        Some(value) => writeln!(out, "{}: {}", control.key, control.in_words(value)),
        None => writeln!(out, "{}: has no value", control.key),
    }
}

/// A paragraph for each group, in the order of the driver.
fn print_all(out: &mut impl Write, controls: &[Control]) -> io::Result<()> {
    if controls.is_empty() {
        return writeln!(out, "the camera has no controls");
    }
    let width = controls.iter().map(|control| control.key.len()).max().unwrap_or_default();
    let mut group = None;
    for control in controls {
        if group != Some(&control.group_title) {
            let gap = if group.is_some() { "\n" } else { "" };
            writeln!(out, "{gap}{}", control.group_title)?;
            group = Some(&control.group_title);
        }
        print_control(out, control, width)?;
    }
    Ok(())
}

fn print_control(out: &mut impl Write, control: &Control, width: usize) -> io::Result<()> {
    let key = &control.key;
    let value = control.value.as_ref().map_or_else(String::new, |value| control.in_words(value));
    writeln!(out, "    {key:width$}  {value:<12}  {}", facts(control).join(", "))?;
    control.menu.iter().try_for_each(|item| writeln!(out, "        {:>3}  {}", item.value, item.name))
}

/// "int, 0 to 255, default 128, inactive".
fn facts(control: &Control) -> Vec<String> {
    let mut facts = vec![control.kind.word().to_owned()];
    if !control.kind.is_menu() && !matches!(control.kind, Kind::Button | Kind::Boolean) {
        facts.push(control.allowed());
    }
    facts.extend(control.default.as_ref().map(|default| format!("default {}", control.in_words(default))));
    for (is_so, word) in [
        (control.inactive, "inactive"),
        (control.read_only, "read only"),
        (control.write_only, "write only"),
        (control.volatile, "changes by itself"),
        (control.grabbed, "in use"),
    ] {
        facts.extend(is_so.then(|| word.to_owned()));
    }
    facts
}
