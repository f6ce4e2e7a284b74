//! How good a host is, and who wins where two are equally good.
//!
//! A score is a property of the host alone, before the request is added: so the view can keep hosts in
//! their order. It is kept in millionths, because a difference below that is none worth a decision.

use zun_domain::id::HostId;

use crate::policy::Weights;
use crate::view::HostView;

/// How good a host is, in millionths; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(pub i64);

/// The score of a host under these weights.
pub fn score(host: &HostView, weights: &Weights) -> Score {
    let image = if host.has_image { 1.0 } else { 0.0 };
    let failures = f64::from(host.recent_failures);
    let sum = weights.pack_or_spread * fullness(host) + weights.image_local * image
        - weights.failures * (failures / (failures + 1.0));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a weight beyond measure saturates, and one that is no number counts as 0"
    )]
    Score((sum * 1e6).round() as i64)
}

/// How full a host is: the mean of the allocated shares of its cpu and memory, 0 to 1.
fn fullness(host: &HostView) -> f64 {
    let (used, whole) = (host.allocated, host.capacity);
    f64::midpoint(
        share(used.cpu.0, whole.cpu.0),
        share(used.memory.0, whole.memory.0),
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "amounts of one machine are far below 2^52"
)]
fn share(used: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    (used as f64 / whole as f64).min(1.0)
}

/// Where a host stands on the ring on which ties are broken. Of hosts equally good the first one at or
/// after [`start`] wins, so that a tie among thousands is decided without looking at each of them.
pub(crate) fn ring(id: HostId) -> u64 {
    let bits = id.0.as_u128();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves of the uuid, one by one"
    )]
    mix((bits >> 64) as u64 ^ mix(bits as u64))
}

/// Where on the ring the search of a request begins.
pub(crate) fn start(seed: u64) -> u64 {
    mix(seed)
}

/// One round of a 64-bit mixer (multiply and shift, constants of `SplitMix64`): every bit of the input
/// moves every bit of the output.
fn mix(input: u64) -> u64 {
    let mut z = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
