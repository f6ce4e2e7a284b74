//! Numbers with every digit kept.
//!
//! Terraform's numbers are binary floats of 512 bits, so `0.1` of a configuration is neither an
//! integer nor a 64-bit float. It travels as decimal text and must come back as the same number;
//! hence decimals here and no `f64` on the way through.

use std::fmt;
use std::str::FromStr;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, ToPrimitive};

/// More digits before or after the point than this are refused: written out they would only fill
/// memory.
const MOST_DIGITS: i64 = 10_000;

/// A finite number, compared by value: `1` equals `1.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigDecimal);

/// Text or a float that is not a number this crate accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a finite number of at most 10000 digits: {0}")]
pub struct NumberError(String);

impl Number {
    /// The number nearest in meaning to a float: the shortest decimal that reads back as it.
    ///
    /// `Number::from_f64(0.1)` is therefore what a user writes as `0.1`. None for NaN and the
    /// infinities.
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        value.to_string().parse().ok()
    }

    /// The exact value of a float, as it was sent in binary. None for NaN and the infinities.
    pub fn from_f64_exact(value: f64) -> Option<Self> {
        BigDecimal::try_from(value)
            .ok()
            .map(|value| Self(value.normalized()))
    }

    /// The value if it is an integer within range.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.is_integer().then(|| self.0.to_i64()).flatten()
    }

    /// The value if it is an integer within range.
    pub fn as_u64(&self) -> Option<u64> {
        self.0.is_integer().then(|| self.0.to_u64()).flatten()
    }

    /// The nearest float.
    pub fn as_f64(&self) -> f64 {
        self.0.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The float, if it has exactly this value.
    pub fn as_exact_f64(&self) -> Option<f64> {
        let float = self.as_f64();
        let exact = float.is_finite() && Self::from_f64_exact(float).as_ref() == Some(self);
        exact.then_some(float)
    }

    /// Whether there is nothing behind the point.
    pub fn is_integer(&self) -> bool {
        self.0.is_integer()
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let refuse = || NumberError(text.chars().take(60).collect());
        if text.len() > 20_000 || text.contains('_') {
            return Err(refuse());
        }
        let value = BigDecimal::from_str(text).map_err(|_| refuse())?;
        let (_, scale) = value.as_bigint_and_exponent();
        if scale.unsigned_abs() > MOST_DIGITS.unsigned_abs() {
            return Err(refuse());
        }
        Ok(Self(value.normalized()))
    }
}

impl fmt::Display for Number {
    /// Plain decimal, never with an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                Self(BigDecimal::from(BigInt::from(value)))
            }
        }
    )*};
}
from_integer!(i8, i16, i32, i64, u8, u16, u32, u64, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_stay_decimals() {
        let tenth: Number = "0.1".parse().unwrap();
        assert_eq!(tenth.to_string(), "0.1");
        assert_eq!(tenth.as_exact_f64(), None);
        assert_eq!(Number::from_f64(0.1), Some(tenth.clone()));
        assert_ne!(Number::from_f64_exact(0.1), Some(tenth));
        assert_eq!(Number::from_f64_exact(0.5), "0.50".parse().ok());
        assert_eq!("5e-1".parse::<Number>().unwrap().as_exact_f64(), Some(0.5));
    }

    #[test]
    fn integers_have_no_end() {
        let big: Number = "123456789012345678901234567890".parse().unwrap();
        assert_eq!(big.to_string(), "123456789012345678901234567890");
        assert_eq!(big.as_i64(), None);
        assert_eq!("1e3".parse::<Number>().unwrap(), Number::from(1000));
        assert_eq!("1e3".parse::<Number>().unwrap().to_string(), "1000");
        assert_eq!(Number::from(u64::MAX).as_u64(), Some(u64::MAX));
    }

    #[test]
    fn absurd_exponents_are_refused() {
        for text in [
            "1e999999999",
            "1e-999999999",
            "",
            "NaN",
            "inf",
            "1_000",
            "0x10",
        ] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }
}
