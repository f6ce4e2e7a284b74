//! The last step of a plan: the modifiers of the attributes, from the outside in.

use crate::path::{AttributePath, Step};
use crate::plan::correlate::{Nest, children};
use crate::schema::{Attribute, Change, Fields, Modifier};
use crate::value::Value;

/// Applies all modifiers to an object; paths that demand replacement are added to `replace`.
pub fn modify(
    fields: &Fields,
    prior: &Value,
    config: &Value,
    planned: &mut Value,
    replace: &mut Vec<AttributePath>,
) {
    let mut walk = Walk { replace };
    walk.object(
        fields,
        prior,
        config,
        planned,
        &Place {
            path: AttributePath::empty(),
            in_set: false,
        },
    );
}

/// Where the walk is. Inside a set the path stays that of the set.
#[derive(Clone)]
struct Place {
    path: AttributePath,
    in_set: bool,
}

impl Place {
    fn go(&self, step: Step) -> Self {
        let path = if self.in_set {
            self.path.clone()
        } else {
            self.path.clone().step(step)
        };
        Self { path, ..*self }
    }
}

struct Walk<'a> {
    replace: &'a mut Vec<AttributePath>,
}

impl Walk<'_> {
    fn object(
        &mut self,
        fields: &Fields,
        prior: &Value,
        config: &Value,
        planned: &mut Value,
        place: &Place,
    ) {
        let Value::Object(object) = planned else {
            return;
        };
        let stored = !prior.is_null();
        let part = |of: &Value, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
        for (name, attribute) in fields.attributes() {
            let Some(planned) = object.get_mut(name) else {
                continue;
            };
            let (prior, config) = (part(prior, name), part(config, name));
            let place = place.go(Step::Attribute(name.clone()));
            for modifier in attribute.modifiers() {
                self.apply(
                    modifier, attribute, stored, &prior, &config, planned, &place,
                );
            }
            if let Some((nesting, fields)) = attribute.nested() {
                self.nested(Nest::of(nesting), fields, &prior, &config, planned, &place);
            }
        }
        for (name, block) in fields.blocks() {
            let Some(planned) = object.get_mut(name) else {
                continue;
            };
            let (prior, config) = (part(prior, name), part(config, name));
            let place = place.go(Step::Attribute(name.clone()));
            let nest = Nest::of_block(block.nesting());
            self.nested(nest, block.fields(), &prior, &config, planned, &place);
        }
    }

    fn nested(
        &mut self,
        nest: Nest,
        fields: &Fields,
        prior: &Value,
        config: &Value,
        planned: &mut Value,
        place: &Place,
    ) {
        for child in children(nest, fields, prior, config, planned) {
            let mut place = match child.step {
                Some(step) => place.go(step),
                None => place.clone(),
            };
            place.in_set |= nest == Nest::Set;
            self.object(fields, child.prior, child.config, child.planned, &place);
        }
    }

    /// `stored` says whether the object the attribute is part of is stored at all.
    #[expect(
        clippy::too_many_arguments,
        reason = "three values, their attribute, and where they are"
    )]
    fn apply(
        &mut self,
        modifier: &Modifier,
        attribute: &Attribute,
        stored: bool,
        prior: &Value,
        config: &Value,
        planned: &mut Value,
        place: &Place,
    ) {
        let keep =
            stored && planned.is_unknown() && !config.is_unknown() && attribute.is_computed();
        let changed = prior != planned;
        let replaces = match modifier {
            Modifier::UseState if keep => {
                *planned = prior.clone();
                false
            }
            Modifier::UseNonNullState if keep && !prior.is_null() => {
                *planned = prior.clone();
                false
            }
            Modifier::UseState | Modifier::UseNonNullState => false,
            Modifier::RequiresReplace => changed,
            Modifier::RequiresReplaceIfConfigured => changed && !config.is_null(),
            Modifier::RequiresReplaceIf(decide) => {
                let change = Change {
                    path: &place.path,
                    config,
                    prior,
                    planned,
                };
                changed && decide(&change)
            }
        };
        if replaces {
            self.replace.push(place.path.clone());
        }
    }
}
