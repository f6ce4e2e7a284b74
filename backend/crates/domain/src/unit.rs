//! Amounts with their unit in the name; arithmetic that cannot wrap.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why an amount was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a number of cores this product can represent.
    #[error(
        "cpu is {0}, but must be a number of cores of at least 0.001 with at most three decimals, such as 0.5"
    )]
    Cpu(String),
}

/// Processing time, in thousandths of a core. On the wire a number of cores (`0.5`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millicpu(pub u64);

impl Millicpu {
    /// One whole core.
    pub const CORE: Self = Self(1000);

    /// The amount in cores, for bodies that carry a float.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a host has far fewer than 2^52 millicores"
    )]
    pub fn cores(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Parses a number of cores; at most three decimals, so that nothing is rounded silently.
    pub fn from_cores(cores: f64) -> Result<Self, UnitError> {
        let milli = (cores * 1000.0).round();
        let refused = || UnitError::Cpu(cores.to_string());
        if !milli.is_finite()
            || !(1.0..=1e9).contains(&milli)
            || (milli - cores * 1000.0).abs() > 1e-6
        {
            return Err(refused());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "range checked above"
        )]
        Ok(Self(milli as u64))
    }
}

impl FromStr for Millicpu {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let cores: f64 = text
            .trim()
            .parse()
            .map_err(|_| UnitError::Cpu(format!("{text:?}")))?;
        Self::from_cores(cores)
    }
}

impl fmt::Display for Millicpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cores())
    }
}

impl Serialize for Millicpu {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(self.cores())
    }
}

impl<'de> Deserialize<'de> for Millicpu {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let cores = f64::deserialize(d)?;
        Self::from_cores(cores).map_err(serde::de::Error::custom)
    }
}

macro_rules! amounts {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )*};
}

amounts! {
    /// Memory, in MiB.
    MemoryMib,
    /// Disk space, in GiB.
    DiskGib,
}

impl MemoryMib {
    /// The amount in bytes, as engines take it.
    pub fn bytes(self) -> u64 {
        self.0.saturating_mul(1024 * 1024)
    }
}

/// What a container takes of its project's quota and of its host. One value for both, so that
/// the two can never count differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Amounts {
    /// Processing time.
    pub cpu: Millicpu,
    /// Memory.
    pub memory: MemoryMib,
    /// Disk.
    pub disk: DiskGib,
}

impl Amounts {
    /// The larger of both in each part: what is held while one changes into the other.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
            disk: self.disk.max(other.disk),
        }
    }

    /// Sum of both, saturating: an amount beyond `u64` fits nowhere anyway.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            cpu: Millicpu(self.cpu.0.saturating_add(other.cpu.0)),
            memory: MemoryMib(self.memory.0.saturating_add(other.memory.0)),
            disk: DiskGib(self.disk.0.saturating_add(other.disk.0)),
        }
    }

    /// What is left of `self` without `other`; never below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            cpu: Millicpu(self.cpu.0.saturating_sub(other.cpu.0)),
            memory: MemoryMib(self.memory.0.saturating_sub(other.memory.0)),
            disk: DiskGib(self.disk.0.saturating_sub(other.disk.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_exact_to_three_decimals() {
        for (text, milli) in [("0.1", 100), ("1", 1000), ("2.125", 2125), ("0.001", 1)] {
            assert_eq!(text.parse::<Millicpu>().unwrap(), Millicpu(milli), "{text}");
        }
        for text in ["0", "-1", "0.0001", "1e21", "NaN", "inf", "two", ""] {
            assert!(text.parse::<Millicpu>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_wire_form_is_a_number_of_cores() {
        assert_eq!(serde_json::to_string(&Millicpu(500)).unwrap(), "0.5");
        let error = serde_json::from_str::<Millicpu>("0.00001")
            .unwrap_err()
            .to_string();
        assert!(error.contains("at most three decimals"), "{error}");
    }
}
