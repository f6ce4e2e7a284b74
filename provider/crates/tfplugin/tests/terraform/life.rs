//! From create to destroy.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::workspace::{Workspace, provider};

const FULL: &str = r#"
  title  = "a"
  weight = 123456789012345678901234567890.5
  labels = { x = "y" }
  secret = "hunter2"
  token  = "right"
  format = { size = 3 }
  lines  = [{ text = "one" }, { text = "three" }]
"#;

#[test]
fn a_resource_lives() {
    let Some(space) = Workspace::new() else {
        return;
    };
    // Null nested attributes and the default of 0.1.
    space.note("title = \"a\"");
    assert!(space.apply().contains("1 added"));
    assert_eq!(space.instance()["attributes"]["weight"].to_string(), "0.1");
    assert!(space.instance()["attributes"]["format"].is_null());

    space.note(FULL);
    let said = space.apply();
    assert!(
        said.contains("1 changed") && !said.contains("hunter2"),
        "{said}"
    );
    let state = space.instance()["attributes"].clone();
    assert_eq!(
        state["weight"].to_string(),
        "123456789012345678901234567890.5"
    );
    assert_eq!(state["lines"][1]["length"], 5);
    assert_eq!(state["format"]["bold"], false);
    assert!(state["token"].is_null());

    space.note(&FULL.replace("\"a\"", "\"b\""));
    let plan = space.plan().text;
    assert!(plan.contains("forces replacement"), "{plan}");
    assert!(space.apply().contains("1 added, 0 changed, 1 destroyed"));

    // Gone behind Terraform's back.
    std::fs::remove_file(space.notes().join("note-b.json")).unwrap();
    assert!(space.plan().text.contains("1 to add"));
    space.apply();

    let said = space.run(&["destroy", "-no-color", "-auto-approve"]);
    assert_eq!(said.code, 0, "{}", said.text);
    assert!(said.text.contains("A note goes away"), "{}", said.text);
    assert_eq!(space.notes().read_dir().unwrap().count(), 0);
}

#[test]
fn an_imported_resource_has_nothing_to_do() {
    let Some(space) = Workspace::new() else {
        return;
    };
    space.note("title = \"i\"");
    space.apply();
    let said = space.run(&["state", "rm", "notes_note.it"]);
    assert_eq!(said.code, 0, "{}", said.text);
    let said = space.run(&["import", "-no-color", "notes_note.it", "note-i"]);
    assert_eq!(said.code, 0, "{}", said.text);
    let plan = space.plan();
    assert_eq!(plan.code, 0, "{}", plan.text);
    let said = space.run(&["import", "-no-color", "notes_note.it", "note-none"]);
    assert_eq!(said.code, 1, "{}", said.text);
}

#[test]
fn data_sources_and_validators_answer() {
    let Some(space) = Workspace::new() else {
        return;
    };
    space.configure(
        "data \"notes_count\" \"all\" {}\noutput \"n\" { value = data.notes_count.all.count_of }\n",
    );
    assert!(space.apply().contains("n = 0"));
    space.note("title = \"\"\ntimeouts = { create = \"soon\" }");
    let said = space.run(&["validate", "-no-color"]);
    assert_eq!(said.code, 1, "{}", said.text);
    assert!(said.text.contains("number of characters"), "{}", said.text);
    assert!(said.text.contains("has to be a duration"), "{}", said.text);
}

#[test]
fn terraform_need_not_wait_for_the_end() {
    let Some(space) = Workspace::new() else {
        return;
    };
    space.note("title = \"t\"");
    space.apply();
    let begin = Instant::now();
    assert_eq!(space.plan().code, 0);
    let taken = begin.elapsed();
    eprintln!("terraform plan took {taken:?}");
    // A provider that does not end by itself costs two seconds per start, and there are three.
    assert!(taken.as_secs() < 4, "{taken:?}");
}

#[test]
fn a_provider_started_by_hand_is_found() {
    let Some(mut space) = Workspace::new() else {
        return;
    };
    let mut by_hand = Command::new(provider())
        .arg("--debug")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(by_hand.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    space.attach(&line);
    space.note("title = \"r\"\nformat = { bold = true }");
    space.apply();
    kill_process(Pid::from_child(&by_hand), Signal::INT).unwrap();
    assert!(by_hand.wait().unwrap().success());
}
