//! Tests of the value tree.

use super::*;

#[test]
fn equality_is_terraforms() {
    let one = Value::number(1);
    assert_eq!(one, Value::Number("1.0".parse().unwrap()));
    let (a, b) = (Value::string("a"), Value::string("b"));
    assert_eq!(
        Value::Set(vec![a.clone(), b.clone()]),
        Value::Set(vec![b.clone(), a.clone()])
    );
    assert_ne!(
        Value::List(vec![a.clone(), b.clone()]),
        Value::List(vec![b.clone(), a.clone()])
    );
    assert_ne!(
        Value::Set(vec![a.clone(), a.clone()]),
        Value::Set(vec![a, b])
    );
    let refined = Value::Unknown(Refinement::new(Bounds {
        not_null: true,
        ..Bounds::default()
    }));
    assert_eq!(refined, Value::UNKNOWN);
}

#[test]
fn asking_null_gives_null() {
    let value = Value::object([("nested", Value::Null), ("later", Value::UNKNOWN)]);
    assert!(value.get("nested").unwrap().get("inner").unwrap().is_null());
    assert!(
        value
            .get("later")
            .unwrap()
            .get("inner")
            .unwrap()
            .is_unknown()
    );
    assert!(value.get("other").is_err());
    let error = value.read::<String>("nested").unwrap_err();
    assert_eq!(error.path.to_string(), "nested");
}

#[test]
fn paths_lead_to_places() {
    let mut value = Value::object([(
        "ports",
        Value::List(vec![Value::object([("host", Value::UNKNOWN)])]),
    )]);
    let path = AttributePath::root("ports").index(0).attribute("host");
    *value.at_mut(&path).unwrap() = Value::number(80);
    assert_eq!(value.at(&path).unwrap().as_i64(), Some(80));
    assert!(value.at(&AttributePath::root("ports").index(1)).is_none());
    assert!(value.is_wholly_known());
    value.set("id", "x");
    assert_eq!(value.read::<String>("id"), Ok("x".to_owned()));
}
