//! Properties of the codec, and the encodings Terraform is known to send.

use proptest::prelude::*;

use super::*;
use crate::testing::generate;
use crate::value::{Bounds, Number, Refinement};

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn numbers_travel_as_decimal_text() {
    let check = |text: &str, wire: &str| {
        let value = Value::Number(text.parse().unwrap());
        assert_eq!(hex(&pack(&value, &Type::Number).unwrap()), wire, "{text}");
        let bytes = pack(&value, &Type::Number).unwrap();
        assert_eq!(unpack(&bytes, &Type::Number), Ok(value));
    };
    check("0.1", "a3302e31");
    check("7", "a137");
    check("-33", "a32d3333");
    check("7e2", "a3373030");
    check(
        "9223372036854775808",
        "b339323233333732303336383534373735383038",
    );
}

#[test]
fn foreign_encodings_of_numbers_are_read() {
    let check = |wire: &[u8], number: Number| {
        assert_eq!(unpack(wire, &Type::Number), Ok(Value::Number(number)));
    };
    check(&[0xcc, 200], 200.into());
    check(
        &[0xcf, 255, 255, 255, 255, 255, 255, 255, 255],
        u64::MAX.into(),
    );
    check(&[0xca, 0x3f, 0, 0, 0], Number::from_f64(0.5).unwrap());
    assert!(unpack(&[0xca, 0x7f, 0x80, 0, 0], &Type::Number).is_err());
}

#[test]
fn unknowns_keep_what_is_known() {
    assert_eq!(hex(&pack(&Value::UNKNOWN, &Type::Bool).unwrap()), "d40000");
    let bounds = Bounds {
        not_null: true,
        prefix: Some("i-".into()),
        least: Some((1.into(), true)),
        most: None,
        shortest: Some(2),
        longest: Some(300),
    };
    let value = Value::Unknown(Refinement::new(bounds.clone()));
    let bytes = pack(&value, &Type::String).unwrap();
    let Ok(Value::Unknown(read)) = unpack(&bytes, &Type::String) else {
        panic!("it is unknown");
    };
    assert_eq!(read.bounds(), Some(&bounds));
    let long = Bounds {
        prefix: Some("x".repeat(2000)),
        ..Bounds::default()
    };
    let value = Value::Unknown(Refinement::new(long));
    assert_eq!(hex(&pack(&value, &Type::String).unwrap()), "d40000");
    assert_eq!(unpack(&[0xd4, 99, 1], &Type::String), Ok(Value::UNKNOWN));
}

#[test]
fn text_is_normalised() {
    let bytes = pack(&Value::string("a\u{308}"), &Type::String).unwrap();
    assert_eq!(unpack(&bytes, &Type::String), Ok(Value::string("ä")));
}

#[test]
fn objects_have_their_attributes_and_no_others() {
    let ty = Type::object([("a", Type::String), ("b", Type::Number)]);
    let wrong = unpack(&[0x81, 0xa1, b'a', 0xc0], &ty);
    assert!(wrong.unwrap_err().message.contains("missing"));
    let extra = unpack(&[0x81, 0xa1, b'c', 0xc0], &ty);
    assert!(extra.unwrap_err().message.contains("no attribute"));
    let filled = conform(&Value::map([("a", Value::string("x"))]), &ty).unwrap();
    assert!(filled.get("b").unwrap().is_null());
    assert!(conform(&Value::object([("z", Value::Null)]), &ty).is_err());
    let bad = conform(&Value::object([("b", Value::string("x"))]), &ty).unwrap_err();
    assert_eq!(bad.path.to_string(), "b");
}

#[test]
fn stored_states_are_read_leniently() {
    let ty = Type::object([("size", Type::Number), ("added", Type::String)]);
    let value = json::from_bytes(br#"{"size":0.1,"gone":true}"#, &ty).unwrap();
    assert_eq!(value.read::<Number>("size").unwrap().to_string(), "0.1");
    assert!(value.get("added").unwrap().is_null());
    assert!(json::from_bytes(b"{", &ty).is_err());
}

proptest! {
    #[test]
    fn msgpack_round_trips((ty, value) in generate::typed_value()) {
        let value = conform(&value, &ty).unwrap();
        let bytes = pack(&value, &ty).unwrap();
        prop_assert_eq!(unpack(&bytes, &ty).unwrap(), value);
    }

    #[test]
    fn json_round_trips((ty, value) in generate::typed_value()) {
        let value = conform(&value.without_unknowns(), &ty).unwrap();
        let text = serde_json::to_vec(&json::to_json(&value)).unwrap();
        prop_assert_eq!(json::from_bytes(&text, &ty).unwrap(), value);
    }

    #[test]
    fn no_bytes_make_it_panic(
        (ty, _) in generate::typed_value(),
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let _ = unpack(&bytes, &ty);
        let _ = json::from_bytes(&bytes, &ty);
    }

    #[test]
    fn damaged_values_do_not_make_it_panic(
        (ty, value) in generate::typed_value(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let value = conform(&value, &ty).unwrap();
        let mut bytes = pack(&value, &ty).unwrap();
        let index = place.index(bytes.len());
        bytes[index] = byte;
        let _ = unpack(&bytes, &ty);
        let _ = unpack(&bytes[..index], &ty);
    }
}
