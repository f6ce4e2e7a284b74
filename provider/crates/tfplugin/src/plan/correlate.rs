//! Which nested object of the stored state belongs to which one of the configuration.
//!
//! Lists correlate by index and maps by key. An element of a set has no name: it belongs to the
//! first stored element it could have become, which is one that differs only where the provider
//! may set values.

use crate::path::Step;
use crate::schema::{BlockNesting, Fields, Nesting};
use crate::value::Value;

/// How nested objects are arranged, for attributes and blocks alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nest {
    /// The value is the object.
    Single,
    /// In an order.
    List,
    /// Without an order.
    Set,
    /// By key.
    Map,
}

impl Nest {
    /// The arrangement of a nested attribute.
    pub fn of(nesting: Nesting) -> Self {
        match nesting {
            Nesting::Single => Self::Single,
            Nesting::List => Self::List,
            Nesting::Set => Self::Set,
            Nesting::Map => Self::Map,
        }
    }

    /// The arrangement of a block.
    pub fn of_block(nesting: BlockNesting) -> Self {
        match nesting {
            BlockNesting::Single | BlockNesting::Group => Self::Single,
            BlockNesting::List => Self::List,
            BlockNesting::Set => Self::Set,
            BlockNesting::Map => Self::Map,
        }
    }
}

/// One nested object in its three states.
#[derive(Debug)]
pub struct Child<'a> {
    /// The way to it from the value that contains it; none where there is no step.
    pub step: Option<Step>,
    /// What is stored; null if nothing is.
    pub prior: &'a Value,
    /// What is configured; null if nothing is.
    pub config: &'a Value,
    /// What is planned: an object.
    pub planned: &'a mut Value,
}

/// The nested objects of a planned value, each with what belongs to it.
pub fn children<'a>(
    nest: Nest,
    fields: &Fields,
    prior: &'a Value,
    config: &'a Value,
    planned: &'a mut Value,
) -> Vec<Child<'a>> {
    let mut found: Vec<Child<'a>> = match (nest, planned) {
        (Nest::Single, planned) => vec![Child {
            step: None,
            prior,
            config,
            planned,
        }],
        (Nest::List, Value::List(items)) => items
            .iter_mut()
            .enumerate()
            .map(|(index, planned)| Child {
                step: Some(Step::Index(i64::try_from(index).unwrap_or(i64::MAX))),
                prior: element(prior, index),
                config: element(config, index),
                planned,
            })
            .collect(),
        (Nest::Set, Value::Set(items)) => {
            let priors = set_priors(fields, prior, config, items);
            items
                .iter_mut()
                .enumerate()
                .map(|(index, planned)| Child {
                    step: None,
                    prior: priors.get(index).copied().unwrap_or(&Value::Null),
                    config: element(config, index),
                    planned,
                })
                .collect()
        }
        (Nest::Map, Value::Map(items)) => items
            .iter_mut()
            .map(|(key, planned)| Child {
                step: Some(Step::Key(key.clone())),
                prior: entry(prior, key),
                config: entry(config, key),
                planned,
            })
            .collect(),
        _ => Vec::new(),
    };
    found.retain(|child| matches!(child.planned, Value::Object(_)));
    found
}

/// For each planned element of a set the stored one it belongs to, or null. Where nothing is
/// configured, what is planned can only be what is stored.
fn set_priors<'a>(
    fields: &Fields,
    prior: &'a Value,
    config: &Value,
    planned: &[Value],
) -> Vec<&'a Value> {
    if config.as_elements().is_some() {
        return matches(fields, prior, config);
    }
    let stored = prior.as_elements().unwrap_or_default();
    let belongs = |item: &Value| stored.iter().find(|stored| *stored == item);
    planned
        .iter()
        .map(|item| belongs(item).unwrap_or(&Value::Null))
        .collect()
}

/// The element of a list or set at an index; null if there is none.
pub fn element(value: &Value, index: usize) -> &Value {
    value
        .as_elements()
        .and_then(|items| items.get(index))
        .unwrap_or(&Value::Null)
}

/// The element of a map under a key; null if there is none.
pub fn entry<'a>(value: &'a Value, key: &str) -> &'a Value {
    value
        .as_entries()
        .and_then(|items| items.get(key))
        .unwrap_or(&Value::Null)
}

/// For each configured element of a set the stored one it belongs to, or null.
///
/// An element that leaves much open fits many stored ones. So this is a matching, not first come
/// first served: as many elements as possible get one, and an unchanged set finds all of its own.
pub fn matches<'a>(fields: &Fields, prior: &'a Value, config: &Value) -> Vec<&'a Value> {
    let stored = prior.as_elements().unwrap_or_default();
    let elements = config.as_elements().unwrap_or_default();
    let mut owners: Vec<Option<usize>> = vec![None; stored.len()];
    let fits = |element: usize, place: usize| {
        could_have_become(fields, &elements[element], &stored[place])
    };
    for element in 0..elements.len() {
        let mut tried = vec![false; stored.len()];
        settle(element, &fits, &mut owners, &mut tried);
    }
    let mut found = vec![&Value::Null; elements.len()];
    for (place, owner) in owners.iter().enumerate() {
        if let Some(owner) = owner {
            found[*owner] = &stored[place];
        }
    }
    found
}

/// Finds a place for an element; whoever has it may move if there is another one.
fn settle(
    element: usize,
    fits: &dyn Fn(usize, usize) -> bool,
    owners: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for place in 0..owners.len() {
        if owners[place].is_none() && !tried[place] && fits(element, place) {
            owners[place] = Some(element);
            return true;
        }
    }
    for place in 0..owners.len() {
        if tried[place] || !fits(element, place) {
            continue;
        }
        tried[place] = true;
        if owners[place].is_some_and(|owner| settle(owner, fits, owners, tried)) {
            owners[place] = Some(element);
            return true;
        }
    }
    false
}

/// Whether an object of the configuration could be stored like this.
fn could_have_become(fields: &Fields, config: &Value, prior: &Value) -> bool {
    if !config.is_known() || !prior.is_known() {
        return config == prior;
    }
    let attributes = fields.attributes().iter().all(|(name, attribute)| {
        let (Ok(config), Ok(prior)) = (config.get(name), prior.get(name)) else {
            return false;
        };
        match attribute.nested() {
            _ if attribute.is_write_only() => true,
            _ if config.is_null() => match attribute.default_value() {
                Some(default) => prior == default,
                None => attribute.is_computed() || prior.is_null(),
            },
            Some((nesting, fields)) => nested(Nest::of(nesting), fields, config, prior),
            None => config == prior,
        }
    });
    attributes
        && fields.blocks().iter().all(|(name, block)| {
            let (Ok(config), Ok(prior)) = (config.get(name), prior.get(name)) else {
                return false;
            };
            nested(
                Nest::of_block(block.nesting()),
                block.fields(),
                config,
                prior,
            )
        })
}

fn nested(nest: Nest, fields: &Fields, config: &Value, prior: &Value) -> bool {
    if !config.is_known() || !prior.is_known() {
        return config == prior;
    }
    match nest {
        Nest::Single => could_have_become(fields, config, prior),
        Nest::List => {
            let (Some(config), Some(prior)) = (config.as_elements(), prior.as_elements()) else {
                return false;
            };
            let mut pairs = config.iter().zip(prior);
            config.len() == prior.len() && pairs.all(|(c, p)| could_have_become(fields, c, p))
        }
        Nest::Set => {
            let count = |value: &Value| value.as_elements().map(<[Value]>::len);
            count(config) == count(prior)
                && matches(fields, prior, config)
                    .iter()
                    .all(|prior| prior.is_known())
        }
        Nest::Map => {
            let (Some(config), Some(prior)) = (config.as_entries(), prior.as_entries()) else {
                return false;
            };
            let mut pairs = config.iter().zip(prior);
            config.len() == prior.len()
                && pairs.all(|((a, c), (b, p))| a == b && could_have_become(fields, c, p))
        }
    }
}
