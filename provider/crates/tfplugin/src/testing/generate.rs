//! Random types, values, schemas and configurations for property tests.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::codec::conform;
use crate::schema::{Attribute, Block, BlockNesting, Fields, Nesting, Presence};
use crate::types::Type;
use crate::value::{Number, ToValue, Value};

fn primitive() -> BoxedStrategy<Type> {
    prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool)].boxed()
}

fn any_type() -> BoxedStrategy<Type> {
    prop_oneof![4 => primitive(), 1 => Just(Type::Dynamic)]
        .prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(Type::list),
                primitive().prop_map(Type::set),
                inner.clone().prop_map(Type::map),
                proptest::collection::btree_map("[a-d]", inner, 0..3).prop_map(Type::Object),
            ]
        })
        .boxed()
}

/// A type and a value of it, unknowns and nulls at any depth.
pub(crate) fn typed_value() -> BoxedStrategy<(Type, Value)> {
    any_type()
        .prop_flat_map(|ty| {
            let value = value(&ty, true);
            (Just(ty), value)
        })
        .boxed()
}

fn number() -> BoxedStrategy<Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        (-9..9_i64).prop_map(Number::from),
        "-?[0-9]{1,40}\\.[0-9]{1,20}".prop_map(|text| text.parse().unwrap()),
        "[1-9][0-9]{20,60}".prop_map(|text| text.parse().unwrap()),
    ]
    .boxed()
}

/// A known value, not null, whose parts may be null or unknown.
fn known(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    match ty {
        Type::String => "[a-cä-ü]{0,3}".prop_map(Value::String).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Dynamic => primitive()
            .prop_flat_map(|ty| {
                let value = known(&ty, false);
                (Just(ty), value)
            })
            .prop_map(|pair| Value::Dynamic(Box::new(pair)))
            .boxed(),
        Type::List(element) | Type::Set(element) => {
            let set = matches!(ty, Type::Set(_));
            let ty = ty.clone();
            let element = if set {
                known(element, unknowns)
            } else {
                value(element, unknowns)
            };
            proptest::collection::vec(element, 0..3)
                .prop_map(move |items| conform(&Value::List(items), &ty).unwrap())
                .boxed()
        }
        Type::Map(element) => {
            proptest::collection::btree_map("[a-c]", value(element, unknowns), 0..3)
                .prop_map(Value::Map)
                .boxed()
        }
        Type::Tuple(types) => {
            let items: Vec<_> = types.iter().map(|ty| value(ty, unknowns)).collect();
            items.prop_map(Value::Tuple).boxed()
        }
        Type::Object(types) => object(types.iter().map(|(n, ty)| (n, value(ty, unknowns)))),
    }
}

fn value(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    let value = prop_oneof![1 => Just(Value::Null), 6 => known(ty, unknowns)];
    or_unknown(value.boxed(), unknowns)
}

fn object<'a>(
    parts: impl Iterator<Item = (&'a String, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Value> {
    let (names, values): (Vec<String>, Vec<_>) =
        parts.map(|(name, value)| (name.clone(), value)).unzip();
    values
        .prop_map(move |values| Value::object(names.iter().cloned().zip(values)))
        .boxed()
}

/// A schema with nesting up to a depth, inside a set or not.
fn fields(depth: u32, in_set: bool, blocks: bool) -> BoxedStrategy<Fields> {
    let attributes = proptest::collection::btree_map("[a-d]", attribute(depth, in_set), 1..5);
    let nested = if blocks && depth > 0 {
        proptest::collection::btree_map("[w-z]", block(depth - 1, in_set), 0..3).boxed()
    } else {
        Just(BTreeMap::new()).boxed()
    };
    (attributes, nested)
        .prop_map(|(attributes, blocks)| {
            let fields = attributes
                .into_iter()
                .fold(Fields::new(), |fields, (name, a)| fields.attribute(name, a));
            blocks
                .into_iter()
                .fold(fields, |fields, (name, b)| fields.block(name, b))
        })
        .boxed()
}

/// The fields of a whole resource.
pub(crate) fn resource() -> BoxedStrategy<Fields> {
    fields(2, false, true)
}

fn block(depth: u32, in_set: bool) -> BoxedStrategy<Block> {
    let nesting = prop_oneof![
        Just(BlockNesting::Single),
        Just(BlockNesting::List),
        Just(BlockNesting::Set),
        Just(BlockNesting::Map),
    ];
    nesting
        .prop_flat_map(move |nesting| {
            let in_set = in_set || nesting == BlockNesting::Set;
            fields(depth, in_set, true).prop_map(move |fields| Block::new(nesting, fields))
        })
        .boxed()
}

fn shape(depth: u32, in_set: bool) -> BoxedStrategy<Attribute> {
    let plain = prop_oneof![
        4 => primitive(),
        1 => Just(Type::list(Type::String)),
        1 => Just(Type::set(Type::Number)),
        1 => Just(Type::map(Type::String)),
    ]
    .prop_map(Attribute::of);
    if depth == 0 {
        return plain.boxed();
    }
    let nesting = prop_oneof![
        Just(Nesting::Single),
        Just(Nesting::List),
        Just(Nesting::Set),
        Just(Nesting::Map),
    ];
    let nested = nesting.prop_flat_map(move |nesting| {
        let in_set = in_set || nesting == Nesting::Set;
        fields(depth - 1, in_set, false).prop_map(move |fields| match nesting {
            Nesting::Single => Attribute::single_nested(fields),
            Nesting::List => Attribute::list_nested(fields),
            Nesting::Set => Attribute::set_nested(fields),
            Nesting::Map => Attribute::map_nested(fields),
        })
    });
    prop_oneof![2 => plain, 1 => nested].boxed()
}

fn attribute(depth: u32, in_set: bool) -> BoxedStrategy<Attribute> {
    (shape(depth, in_set), 0..9_u8, 0..6_u8)
        .prop_map(move |(attribute, presence, modifier)| {
            let attribute = match presence {
                0 | 1 => attribute.required(),
                2 | 3 => attribute.optional(),
                4 => attribute.computed(),
                5 | 6 => attribute.optional().computed(),
                7 if !in_set => attribute.optional().write_only(),
                _ => match attribute.value_type() {
                    Type::String => attribute.default("x"),
                    Type::Number => attribute.default(0.1),
                    _ => attribute.optional(),
                },
            };
            match (modifier, attribute.value_type()) {
                (0, _) => attribute.use_state_for_unknown(),
                (1, _) => attribute.requires_replace(),
                (2, _) => attribute.requires_replace_if_configured(),
                (3, Type::String) => attribute.same_when(|a, b| {
                    a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
                }),
                _ => attribute,
            }
        })
        .boxed()
}

/// A configuration that obeys a schema.
pub(crate) fn config(fields: &Fields, unknowns: bool) -> BoxedStrategy<Value> {
    let attributes = fields
        .attributes()
        .iter()
        .map(|(name, attribute)| (name, configured(attribute, unknowns)));
    let blocks = fields.blocks().iter().map(|(name, block)| {
        let inner = config(block.fields(), unknowns);
        let ty = block.value_type();
        let value = match block.nesting() {
            BlockNesting::Single | BlockNesting::Group => {
                prop_oneof![Just(Value::Null), inner].boxed()
            }
            BlockNesting::List | BlockNesting::Set => many(inner, ty),
            BlockNesting::Map => keyed(inner),
        };
        (name, value)
    });
    object(attributes.chain(blocks))
}

fn many(inner: BoxedStrategy<Value>, ty: Type) -> BoxedStrategy<Value> {
    proptest::collection::vec(inner, 0..3)
        .prop_map(move |items| conform(&Value::List(items), &ty).unwrap())
        .boxed()
}

fn keyed(inner: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    proptest::collection::btree_map("[a-c]", inner, 0..3)
        .prop_map(Value::Map)
        .boxed()
}

fn configured(attribute: &Attribute, unknowns: bool) -> BoxedStrategy<Value> {
    let known = match attribute.nested() {
        None => known(&attribute.value_type(), unknowns),
        Some((nesting, fields)) => {
            let inner = config(fields, unknowns);
            match nesting {
                Nesting::Single => inner,
                Nesting::List | Nesting::Set => many(inner, attribute.value_type()),
                Nesting::Map => keyed(inner),
            }
        }
    };
    match attribute.presence() {
        Presence::Computed | Presence::Undecided => Just(Value::Null).boxed(),
        Presence::Required => or_unknown(known, unknowns),
        Presence::Optional | Presence::OptionalComputed => {
            let value = prop_oneof![2 => Just(Value::Null), 3 => known];
            or_unknown(value.boxed(), unknowns)
        }
    }
}

/// A choice of weight zero would still be taken when a failure is made smaller.
fn or_unknown(value: BoxedStrategy<Value>, unknowns: bool) -> BoxedStrategy<Value> {
    if unknowns {
        prop_oneof![5 => value, 1 => Just(Value::UNKNOWN)].boxed()
    } else {
        value
    }
}

/// What an apply could make of a plan: each unknown value gets one of its type, different ones.
pub(crate) fn decide(planned: &Value, ty: &Type, counter: &mut u32) -> Value {
    let each =
        |items: &BTreeMap<String, Value>, types: &dyn Fn(&str) -> Type, counter: &mut u32| {
            let decided = items.iter().map(|(name, item)| {
                let value = decide(item, &types(name), counter);
                (name.clone(), value)
            });
            decided.collect::<BTreeMap<_, _>>()
        };
    match (planned, ty) {
        (Value::Unknown(_), _) => fresh(ty, counter),
        (Value::Object(items), Type::Object(types)) => {
            Value::Object(each(items, &|name| types[name].clone(), counter))
        }
        (Value::Map(items), Type::Map(element)) => {
            Value::Map(each(items, &|_| (**element).clone(), counter))
        }
        (Value::List(items), Type::List(element)) => {
            Value::List(items.iter().map(|i| decide(i, element, counter)).collect())
        }
        (Value::Set(items), Type::Set(element)) => {
            Value::Set(items.iter().map(|i| decide(i, element, counter)).collect())
        }
        _ => planned.clone(),
    }
}

fn fresh(ty: &Type, counter: &mut u32) -> Value {
    *counter += 1;
    match ty {
        Type::String => format!("new{counter}").to_value(),
        Type::Number => counter.to_value(),
        Type::Bool => Value::Bool(counter.is_multiple_of(2)),
        Type::Dynamic | Type::Tuple(_) => Value::Null,
        Type::List(element) => Value::List(vec![fresh(element, counter)]),
        Type::Set(element) => Value::Set(vec![fresh(element, counter)]),
        Type::Map(element) => Value::map([("k", fresh(element, counter))]),
        Type::Object(types) => Value::object(
            types
                .iter()
                .map(|(name, ty)| (name.clone(), fresh(ty, counter))),
        ),
    }
}
