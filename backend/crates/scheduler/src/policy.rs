//! What an administrator decides about placement: which filters are on, and what makes a host good.

use std::collections::BTreeSet;

use crate::filter::Filter;

/// How much each part of a score counts. A weight of 0 turns its part off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Above 0 fills one host after the other, below 0 spreads over all. The part it weighs is how full
    /// a host is, from 0 to 1.
    pub pack_or_spread: f64,
    /// Bonus of a host that has the image.
    pub image_local: f64,
    /// Malus of a host on which containers have just failed: none of it at 0 failures, half at one, two
    /// thirds at two.
    pub failures: f64,
}

impl Default for Weights {
    /// Spreads; an image at hand is worth a host that is a quarter fuller.
    fn default() -> Self {
        Self {
            pack_or_spread: -1.0,
            image_local: 0.25,
            failures: 1.0,
        }
    }
}

/// Filters that are on, and weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The filters that are asked. One that is left out refuses nothing.
    pub filters: BTreeSet<Filter>,
    /// What makes one host better than another.
    pub weights: Weights,
}

impl Default for Policy {
    /// Every filter.
    fn default() -> Self {
        Self {
            filters: Filter::ALL.into_iter().collect(),
            weights: Weights::default(),
        }
    }
}
