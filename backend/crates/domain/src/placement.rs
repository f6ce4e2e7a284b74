//! The scheduler's answer: a place, or for every host every reason why not.

use serde::{Deserialize, Serialize};

use crate::host::HostPlace;
use crate::name::HostName;

/// The host chosen for a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Where.
    pub place: HostPlace,
}

/// One reason of one filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The filter, by Zun's name, such as `RamFilter`.
    pub filter: String,
    /// The sentence for the user, with what was asked and what there is.
    pub reason: String,
}

/// Every reason one host was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The host.
    pub host: HostName,
    /// Why; never empty.
    pub refusals: Vec<Refusal>,
}

/// No host fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaceable {
    /// One per host, by name; empty where there is no host at all.
    pub rejections: Vec<Rejection>,
    /// The smallest change that would fit, where one is known.
    pub advice: Option<String>,
}

impl std::fmt::Display for Unplaceable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.rejections.is_empty() {
            return f.write_str("there is no host: none has ever reported to this deployment");
        }
        f.write_str("no host fits")?;
        for rejection in &self.rejections {
            let reasons: Vec<String> = rejection
                .refusals
                .iter()
                .map(|r| format!("{} ({})", r.reason, r.filter))
                .collect();
            write!(f, "; {}: {}", rejection.host, reasons.join(", "))?;
        }
        if let Some(advice) = &self.advice {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}
