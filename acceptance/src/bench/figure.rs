//! A figure: what was measured, the floor beside it, and what is to be reached.

use serde_json::{Value, json};

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// At most so many times the floor.
    Times(f64),
    /// At most the floor and so much more.
    Plus(f64),
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

/// One part of a floor; its parts are added up.
#[derive(Debug, Clone)]
pub struct Part {
    name: &'static str,
    samples: Vec<f64>,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Figure {
    what: String,
    unit: &'static str,
    samples: Vec<f64>,
    floor: Vec<Part>,
    target: Option<Target>,
    notes: Vec<String>,
}

impl Figure {
    /// What was measured, in which unit, once per run.
    pub fn new(what: impl Into<String>, unit: &'static str, samples: Vec<f64>) -> Self {
        Self {
            what: what.into(),
            unit,
            samples,
            floor: Vec::new(),
            target: None,
            notes: Vec::new(),
        }
    }

    /// A part of the floor, measured in the same runs.
    #[must_use]
    pub fn floor(mut self, name: &'static str, samples: Vec<f64>) -> Self {
        self.floor.push(Part { name, samples });
        self
    }

    /// What is to be reached.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// A sentence below the table.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// What was measured.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The sentences below the table.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let parts = (self.floor.len() > 1).then(|| {
            let parts = self
                .floor
                .iter()
                .map(|part| format!("{} {}", part.name, amount(median(&part.samples), self.unit)));
            format!("floor: {}", parts.collect::<Vec<_>>().join(" + "))
        });
        parts.into_iter().chain(self.notes.iter().cloned())
    }

    /// The median of the runs.
    pub fn ours(&self) -> f64 {
        median(&self.samples)
    }

    /// The medians of the floor's parts, added up.
    pub fn floor_total(&self) -> Option<f64> {
        let parts = self.floor.iter().map(|part| median(&part.samples));
        (!self.floor.is_empty()).then(|| parts.sum())
    }

    /// How many times the floor it is.
    pub fn ratio(&self) -> Option<f64> {
        self.floor_total()
            .filter(|floor| *floor > 0.0)
            .map(|floor| self.ours() / floor)
    }

    /// The bound in the figure's unit, where there is one.
    fn bound(&self) -> Option<f64> {
        match self.target? {
            Target::Times(times) => self.floor_total().map(|floor| floor * times),
            Target::Plus(more) => self.floor_total().map(|floor| floor + more),
            Target::AtMost(bound) | Target::AtLeast(bound) => Some(bound),
        }
    }

    /// Whether the target was reached; `None` where there is none.
    pub fn is_met(&self) -> Option<bool> {
        let bound = self.bound()?;
        Some(match self.target? {
            Target::AtLeast(_) => self.ours() >= bound,
            Target::Times(_) | Target::Plus(_) | Target::AtMost(_) => self.ours() <= bound,
        })
    }

    /// The cells of the table.
    pub fn cells(&self) -> [String; 6] {
        let dash = || "-".to_owned();
        let target = match self.target {
            None => dash(),
            Some(Target::Times(times)) => format!("{times} x floor"),
            Some(Target::Plus(more)) => format!("floor + {}", amount(more, self.unit)),
            Some(Target::AtMost(bound)) => format!("<= {}", amount(bound, self.unit)),
            Some(Target::AtLeast(bound)) => format!(">= {}", amount(bound, self.unit)),
        };
        let met = self
            .is_met()
            .map_or_else(dash, |met| if met { "met" } else { "MISSED" }.to_owned());
        [
            self.what.clone(),
            amount(self.ours(), self.unit),
            self.floor_total()
                .map_or_else(dash, |floor| amount(floor, self.unit)),
            self.ratio()
                .map_or_else(dash, |ratio| format!("{ratio:.2} x")),
            target,
            met,
        ]
    }

    /// Everything, for a program.
    pub fn json(&self) -> Value {
        let parts = self.floor.iter().map(|part| {
            json!({
                "name": part.name,
                "median": median(&part.samples),
                "samples": part.samples,
            })
        });
        json!({
            "what": self.what,
            "unit": self.unit,
            "median": self.ours(),
            "samples": self.samples,
            "floor": self.floor_total(),
            "floor_parts": parts.collect::<Vec<_>>(),
            "ratio": self.ratio(),
            "bound": self.bound(),
            "met": self.is_met(),
            "notes": self.notes,
        })
    }
}

/// A number with three digits that count, and its unit.
pub fn amount(value: f64, unit: &str) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}").trim_end().to_owned()
}

/// The middle one; between two, their mean.
pub fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (
        sorted.get(sorted.len().saturating_sub(1) / 2),
        sorted.get(sorted.len() / 2),
    ) else {
        return f64::NAN;
    };
    f64::midpoint(*low, *high)
}

/// The sample that so many of a thousand do not exceed.
pub fn permille(samples: &[f64], share: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * share).div_ceil(1000).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Figure, Target, amount, median, permille};

    fn figure(target: Target) -> Figure {
        Figure::new("x", "s", vec![3.0, 1.0, 2.0])
            .floor("a", vec![1.0])
            .floor("b", vec![0.5])
            .target(target)
    }

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[5.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[1.0, 2.0]) - 1.5).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn permilles_are_samples() {
        let samples: Vec<f64> = (1..=100).map(f64::from).collect();
        assert!((permille(&samples, 500) - 50.0).abs() < 1e-9);
        assert!((permille(&samples, 990) - 99.0).abs() < 1e-9);
        assert!((permille(&[7.0], 990) - 7.0).abs() < 1e-9);
    }

    #[test]
    fn targets_are_held_against_the_sum_of_the_floor() {
        let cases = [
            (Target::Times(1.4), true),
            (Target::Times(1.3), false),
            (Target::Plus(0.5), true),
            (Target::Plus(0.4), false),
            (Target::AtMost(2.0), true),
            (Target::AtLeast(2.5), false),
        ];
        for (target, met) in cases {
            assert_eq!(figure(target).is_met(), Some(met), "{target:?}");
        }
        assert_eq!(Figure::new("x", "s", vec![1.0]).is_met(), None);
    }

    #[test]
    fn amounts_have_three_digits() {
        assert_eq!(amount(1234.5, "MB"), "1234 MB");
        assert_eq!(amount(12.345, "ms"), "12.3 ms");
        assert_eq!(amount(1.234, ""), "1.23");
    }
}
