//! Writing msgpack.
//!
//! Numbers travel as decimal text. Text is normalised to NFC, as Terraform compares it in that form.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::path::Step;
use crate::types::Type;
use crate::value::number::Number;
use crate::value::{Bounds, Refinement, Value, ValueError};

/// Terraform refuses what is known about an unknown value beyond this many bytes.
const LONGEST_REFINEMENT: usize = 1024;

/// The extension type of an unknown value about which something is known.
pub(super) const REFINED: u8 = 12;

/// Writes a value that has exactly the shape of the type (see
/// [`conform`](super::conform::conform)).
pub fn pack(value: &Value, ty: &Type) -> Result<Vec<u8>, ValueError> {
    let mut out = Vec::new();
    write(&mut out, value, ty)?;
    Ok(out)
}

fn write(out: &mut Vec<u8>, value: &Value, ty: &Type) -> Result<(), ValueError> {
    match (value, ty) {
        (Value::Null, _) => out.push(0xc0),
        (Value::Unknown(refinement), _) => unknown(out, refinement),
        (Value::Bool(value), Type::Bool) => out.push(if *value { 0xc3 } else { 0xc2 }),
        (Value::Number(value), Type::Number) => number(out, value),
        (Value::String(value), Type::String) => text(out, value),
        (Value::List(items), Type::List(element)) | (Value::Set(items), Type::Set(element)) => {
            array(out, items.len());
            for (index, item) in items.iter().enumerate() {
                write(out, item, element).map_err(|error| error.inside(step(index)))?;
            }
        }
        (Value::Tuple(items), Type::Tuple(types)) if items.len() == types.len() => {
            array(out, items.len());
            for (index, (item, ty)) in items.iter().zip(types).enumerate() {
                write(out, item, ty).map_err(|error| error.inside(step(index)))?;
            }
        }
        (Value::Map(items), Type::Map(element)) => {
            map(out, items.len());
            for (key, item) in items {
                text(out, key);
                write(out, item, element).map_err(|error| error.inside(Step::Key(key.clone())))?;
            }
        }
        (Value::Object(items), Type::Object(types)) if items.len() == types.len() => {
            map(out, items.len());
            for ((name, item), (expected, ty)) in items.iter().zip(types) {
                if name != expected {
                    return Err(mismatch(value, ty));
                }
                text(out, name);
                write(out, item, ty)
                    .map_err(|error| error.inside(Step::Attribute(name.clone())))?;
            }
        }
        (Value::Dynamic(inner), Type::Dynamic) => {
            array(out, 2);
            binary(out, inner.0.to_json().to_string().as_bytes());
            write(out, &inner.1, &inner.0)?;
        }
        _ => return Err(mismatch(value, ty)),
    }
    Ok(())
}

fn mismatch(value: &Value, ty: &Type) -> ValueError {
    ValueError::new(format!("{} cannot be sent as {ty}", value.kind()))
}

fn step(index: usize) -> Step {
    Step::Index(i64::try_from(index).unwrap_or(i64::MAX))
}

fn unknown(out: &mut Vec<u8>, refinement: &Refinement) {
    let body = refinement.bounds().map(bounds).unwrap_or_default();
    match u16::try_from(body.len()) {
        Ok(length) if length > 0 && body.len() <= LONGEST_REFINEMENT => {
            if let Ok(short) = u8::try_from(length) {
                out.extend([0xc7, short, REFINED]);
            } else {
                out.push(0xc8);
                out.extend(length.to_be_bytes());
                out.push(REFINED);
            }
            out.extend(body);
        }
        _ => out.extend([0xd4, 0, 0]),
    }
}

/// A map with the keys 1 not null, 2 prefix, 3 and 4 number limits, 5 and 6 length limits.
fn bounds(bounds: &Bounds) -> Vec<u8> {
    let mut entries: Vec<Vec<u8>> = Vec::new();
    if bounds.not_null {
        entries.push(vec![1, 0xc2]);
    }
    if let Some(prefix) = &bounds.prefix {
        let mut entry = vec![2];
        text(&mut entry, prefix);
        entries.push(entry);
    }
    for (key, limit) in [(3, &bounds.least), (4, &bounds.most)] {
        if let Some((limit, inclusive)) = limit {
            let mut entry = vec![key, 0x92];
            number(&mut entry, limit);
            entry.push(if *inclusive { 0xc3 } else { 0xc2 });
            entries.push(entry);
        }
    }
    for (key, limit) in [(5, bounds.shortest), (6, bounds.longest)] {
        if let Some(limit) = limit {
            let mut entry = vec![key];
            integer(&mut entry, limit);
            entries.push(entry);
        }
    }
    let mut out = Vec::new();
    map(&mut out, entries.len());
    out.extend(entries.into_iter().flatten());
    out
}

/// Terraform 1.11 compares states by how their numbers are held in memory. Text is the one form that it holds
/// like the numbers of a stored state: with any other, `plan -refresh-only -detailed-exitcode` finds drift
/// where there is none.
fn number(out: &mut Vec<u8>, value: &Number) {
    text(out, &value.to_string());
}

fn integer(out: &mut Vec<u8>, value: i64) {
    if let Ok(small) = i8::try_from(value) {
        // Small integers from -32 up are their own single byte, the others need a marker.
        if small < -32 {
            out.push(0xd0);
        }
        out.extend(small.to_be_bytes());
    } else if let Ok(value) = i16::try_from(value) {
        out.push(0xd1);
        out.extend(value.to_be_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        out.push(0xd2);
        out.extend(value.to_be_bytes());
    } else {
        out.push(0xd3);
        out.extend(value.to_be_bytes());
    }
}

/// Lengths are of things in memory and far below the format's limit of 32 bits.
fn length(out: &mut Vec<u8>, length: usize, short: u8, long: u8) {
    if let Ok(length) = u16::try_from(length) {
        out.push(short);
        out.extend(length.to_be_bytes());
    } else {
        out.push(long);
        out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }
}

fn array(out: &mut Vec<u8>, count: usize) {
    match u8::try_from(count) {
        Ok(count) if count < 16 => out.push(0x90 | count),
        _ => length(out, count, 0xdc, 0xdd),
    }
}

fn map(out: &mut Vec<u8>, count: usize) {
    match u8::try_from(count) {
        Ok(count) if count < 16 => out.push(0x80 | count),
        _ => length(out, count, 0xde, 0xdf),
    }
}

fn binary(out: &mut Vec<u8>, bytes: &[u8]) {
    match u8::try_from(bytes.len()) {
        Ok(count) => out.extend([0xc4, count]),
        Err(_) => length(out, bytes.len(), 0xc5, 0xc6),
    }
    out.extend(bytes);
}

fn text(out: &mut Vec<u8>, value: &str) {
    if is_nfc(value) {
        raw_text(out, value);
    } else {
        raw_text(out, &value.nfc().collect::<String>());
    }
}

fn raw_text(out: &mut Vec<u8>, value: &str) {
    match u8::try_from(value.len()) {
        Ok(count) if count < 32 => out.push(0xa0 | count),
        Ok(count) => out.extend([0xd9, count]),
        Err(_) => length(out, value.len(), 0xda, 0xdb),
    }
    out.extend(value.as_bytes());
}
