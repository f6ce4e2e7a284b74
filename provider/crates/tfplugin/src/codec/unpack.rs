//! Reading msgpack.

use std::collections::BTreeMap;

use super::pack::REFINED;
use crate::path::Step;
use crate::types::Type;
use crate::value::number::Number;
use crate::value::{Bounds, Refinement, Value, ValueError};

type Read<T> = Result<T, ValueError>;

/// Reads a value of a type; nothing may follow it.
pub fn unpack(bytes: &[u8], ty: &Type) -> Read<Value> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(ty)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(ValueError::new("there are bytes behind the value"))
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

fn cut_short() -> ValueError {
    ValueError::new("the value ends too early")
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Read<u8> {
        self.rest.first().copied().ok_or_else(cut_short)
    }

    fn byte(&mut self) -> Read<u8> {
        let byte = self.peek()?;
        self.rest = &self.rest[1..];
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn bytes<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A length of 1, 2 or 4 bytes.
    fn length(&mut self, width: u8) -> Read<usize> {
        let length = match width {
            1 => u32::from(self.byte()?),
            2 => u32::from(u16::from_be_bytes(self.bytes()?)),
            _ => u32::from_be_bytes(self.bytes()?),
        };
        usize::try_from(length).map_err(|_| cut_short())
    }

    fn value(&mut self, ty: &Type) -> Read<Value> {
        match self.peek()? {
            0xc0 => {
                self.byte()?;
                return Ok(Value::Null);
            }
            0xc7..=0xc9 | 0xd4..=0xd8 => return self.unknown(),
            _ => {}
        }
        match ty {
            Type::Bool => match self.byte()? {
                0xc2 => Ok(Value::Bool(false)),
                0xc3 => Ok(Value::Bool(true)),
                other => Err(unexpected(other, ty)),
            },
            Type::Number => self.number().map(Value::Number),
            Type::String => self.text(ty).map(Value::String),
            Type::List(element) => self.elements(element, ty).map(Value::List),
            Type::Set(element) => self.elements(element, ty).map(Value::Set),
            Type::Tuple(types) => self.tuple(types, ty),
            Type::Map(element) => self.map(element, ty),
            Type::Object(attributes) => self.object(attributes, ty),
            Type::Dynamic => self.dynamic(),
        }
    }

    fn elements(&mut self, element: &Type, ty: &Type) -> Read<Vec<Value>> {
        let count = self.array(ty)?;
        let mut items = Vec::with_capacity(count.min(self.rest.len()));
        for index in 0..count {
            let step = Step::Index(i64::try_from(index).unwrap_or(i64::MAX));
            items.push(self.value(element).map_err(|error| error.inside(step))?);
        }
        Ok(items)
    }

    fn tuple(&mut self, types: &[Type], ty: &Type) -> Read<Value> {
        if self.array(ty)? != types.len() {
            return Err(ValueError::new(
                "the tuple has another length than its type",
            ));
        }
        let items = types.iter().map(|ty| self.value(ty));
        items.collect::<Read<_>>().map(Value::Tuple)
    }

    fn map(&mut self, element: &Type, ty: &Type) -> Read<Value> {
        let count = self.entries(ty)?;
        let mut items = BTreeMap::new();
        for _ in 0..count {
            let key = self.text(&Type::String)?;
            let value = self.value(element);
            let value = value.map_err(|error| error.inside(Step::Key(key.clone())))?;
            items.insert(key, value);
        }
        Ok(Value::Map(items))
    }

    fn object(&mut self, attributes: &BTreeMap<String, Type>, ty: &Type) -> Read<Value> {
        let count = self.entries(ty)?;
        let mut items = BTreeMap::new();
        for _ in 0..count {
            let name = self.text(&Type::String)?;
            let Some(ty) = attributes.get(&name) else {
                let message = format!("there is no attribute {name:?} in the schema");
                return Err(ValueError::new(message));
            };
            let value = self.value(ty);
            let value = value.map_err(|error| error.inside(Step::Attribute(name.clone())))?;
            items.insert(name, value);
        }
        match attributes.keys().find(|name| !items.contains_key(*name)) {
            Some(name) => Err(ValueError::new(format!(
                "the attribute {name:?} is missing"
            ))),
            None => Ok(Value::Object(items)),
        }
    }

    /// A pair: the type's notation, then a value of it.
    fn dynamic(&mut self) -> Read<Value> {
        if self.array(&Type::Dynamic)? != 2 {
            return Err(ValueError::new(
                "a dynamic value is a pair of type and value",
            ));
        }
        let notation = match self.peek()? {
            0xc4..=0xc6 => {
                let width = 1 << (self.byte()? - 0xc4);
                let length = self.length(width)?;
                self.take(length)?
            }
            _ => self.text_bytes(&Type::Dynamic)?,
        };
        let ty = serde_json::from_slice(notation)
            .map_err(|_| ValueError::new("the type of a dynamic value is not JSON"))
            .and_then(|json| {
                Type::from_json(&json).map_err(|error| ValueError::new(error.to_string()))
            })?;
        let value = self.value(&ty)?;
        Ok(Value::Dynamic(Box::new((ty, value))))
    }

    fn array(&mut self, ty: &Type) -> Read<usize> {
        match self.byte()? {
            short @ 0x90..=0x9f => Ok(usize::from(short & 0x0f)),
            0xdc => self.length(2),
            0xdd => self.length(4),
            other => Err(unexpected(other, ty)),
        }
    }

    fn entries(&mut self, ty: &Type) -> Read<usize> {
        match self.byte()? {
            short @ 0x80..=0x8f => Ok(usize::from(short & 0x0f)),
            0xde => self.length(2),
            0xdf => self.length(4),
            other => Err(unexpected(other, ty)),
        }
    }

    fn text_bytes(&mut self, ty: &Type) -> Read<&'a [u8]> {
        let length = match self.byte()? {
            short @ 0xa0..=0xbf => usize::from(short & 0x1f),
            0xd9 => self.length(1)?,
            0xda => self.length(2)?,
            0xdb => self.length(4)?,
            other => return Err(unexpected(other, ty)),
        };
        self.take(length)
    }

    fn text(&mut self, ty: &Type) -> Read<String> {
        String::from_utf8(self.text_bytes(ty)?.to_vec())
            .map_err(|_| ValueError::new("the text is not UTF-8"))
    }

    fn number(&mut self) -> Read<Number> {
        if matches!(self.peek()?, 0xa0..=0xbf | 0xd9..=0xdb) {
            let text = self.text(&Type::Number)?;
            return text
                .parse()
                .map_err(|error: crate::value::number::NumberError| {
                    ValueError::new(error.to_string())
                });
        }
        let float = |float: f64| {
            Number::from_f64_exact(float)
                .ok_or_else(|| ValueError::new("infinite numbers are not supported"))
        };
        Ok(match self.byte()? {
            small @ 0x00..=0x7f => small.into(),
            small @ 0xe0..=0xff => i8::from_be_bytes([small]).into(),
            0xcc => self.byte()?.into(),
            0xcd => u16::from_be_bytes(self.bytes()?).into(),
            0xce => u32::from_be_bytes(self.bytes()?).into(),
            0xcf => u64::from_be_bytes(self.bytes()?).into(),
            0xd0 => i8::from_be_bytes(self.bytes()?).into(),
            0xd1 => i16::from_be_bytes(self.bytes()?).into(),
            0xd2 => i32::from_be_bytes(self.bytes()?).into(),
            0xd3 => i64::from_be_bytes(self.bytes()?).into(),
            0xca => float(f32::from_be_bytes(self.bytes()?).into())?,
            0xcb => float(f64::from_be_bytes(self.bytes()?))?,
            other => return Err(unexpected(other, &Type::Number)),
        })
    }

    /// Any extension is an unknown value; type 12 tells more about it. What cannot be understood
    /// of that is left out: it only ever narrows.
    fn unknown(&mut self) -> Read<Value> {
        let length = match self.byte()? {
            0xc7 => self.length(1)?,
            0xc8 => self.length(2)?,
            0xc9 => self.length(4)?,
            fixed => 1 << (fixed - 0xd4),
        };
        let kind = self.byte()?;
        let body = self.take(length)?;
        let refinement = match kind {
            REFINED => Reader { rest: body }.refinement().unwrap_or_default(),
            _ => Refinement::NONE,
        };
        Ok(Value::Unknown(refinement))
    }

    fn refinement(&mut self) -> Read<Refinement> {
        let mut bounds = Bounds::default();
        for _ in 0..self.entries(&Type::Dynamic)? {
            match self.number()?.as_i64() {
                Some(1) => bounds.not_null = self.value(&Type::Bool)? == Value::Bool(false),
                Some(2) => bounds.prefix = Some(self.text(&Type::String)?),
                Some(3) => bounds.least = Some(self.limit()?),
                Some(4) => bounds.most = Some(self.limit()?),
                Some(5) => bounds.shortest = self.number()?.as_i64(),
                Some(6) => bounds.longest = self.number()?.as_i64(),
                _ => return Err(ValueError::new("an unknown kind of refinement")),
            }
        }
        Ok(Refinement::new(bounds))
    }

    fn limit(&mut self) -> Read<(Number, bool)> {
        self.array(&Type::Dynamic)?;
        let limit = self.number()?;
        let inclusive = self.value(&Type::Bool)? == Value::Bool(true);
        Ok((limit, inclusive))
    }
}

fn unexpected(marker: u8, ty: &Type) -> ValueError {
    ValueError::new(format!(
        "a value of type {ty} cannot begin with the byte {marker:#04x}"
    ))
}
