//! What others do to the rules, and what the driver does about it.

use std::collections::BTreeSet;

use ipnet::IpNet;
use zun_domain::firewall::Ruleset;
use zun_domain::network::Remote;

use super::yard::{LONG_ENOUGH, PATIENCE, Yard, open, out, probe, v4, wide_open};
use super::{FirewallLab, Place, Probe, Traffic};
use Place::Machine;
use Traffic::Tcp;

/// Machine 2 may reach port 80 of machine 3, in force.
async fn applied<L: FirewallLab>(lab: &L) -> (Yard<'_, L>, Probe, Probe) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2]).await;
    yard.group(1, out());
    yard.group(2, open("tcp 80", Remote::Any));
    yard.apply().await;
    let (allowed, forbidden) = (
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 3), Tcp(81)),
    );
    yard.check(&[allowed], &[forbidden]).await;
    (yard, allowed, forbidden)
}

/// Flushed rules are in force again after a look, and after a change without a look.
pub async fn what_is_flushed_is_mended(lab: &impl FirewallLab) {
    let (mut yard, allowed, forbidden) = applied(lab).await;
    let driver = lab.driver();
    for _ in 0..2 {
        lab.flush_by_hand().await;
        yard.check(&[forbidden], &[]).await;
        assert_eq!(driver.mend().await, Ok(true));
        yard.check(&[allowed], &[forbidden]).await;
        assert_eq!(driver.mend().await, Ok(false));
    }
    lab.flush_by_hand().await;
    yard.group(2, open("tcp 90", Remote::Any));
    yard.apply().await;
    yard.check(
        &[probe(Machine(2), v4(1, 3), Tcp(90))],
        &[allowed, forbidden],
    )
    .await;
}

/// What another deployment guards is told, and nothing of what we guard.
pub async fn what_others_guard_is_told(lab: &impl FirewallLab) {
    let driver = lab.driver();
    assert_eq!(driver.foreign_guards().await, Ok(Vec::new()));
    applied(lab).await;
    assert_eq!(driver.foreign_guards().await, Ok(Vec::new()));
    let theirs: [IpNet; 2] = ["10.79.1.0/24", "fd79::/64"].map(|net| net.parse().expect("a net"));
    for subnet in theirs {
        lab.guard_as_another(subnet).await;
    }
    let guards = driver.foreign_guards().await.expect("guards");
    let subnets: BTreeSet<IpNet> = guards.iter().map(|guard| guard.subnet).collect();
    assert_eq!(subnets, BTreeSet::from(theirs));
    assert!(guards.iter().all(|guard| guard.table.starts_with("zun_")));
}

/// A rule that a stranger put into ours is taken out.
pub async fn what_is_opened_is_closed(lab: &impl FirewallLab) {
    let (mut yard, allowed, forbidden) = applied(lab).await;
    let driver = lab.driver();
    // Right after a change, and after a look that found nothing.
    for look in [false, true] {
        yard.group(3, if look { out() } else { wide_open() });
        yard.apply().await;
        if look {
            assert_eq!(driver.mend().await, Ok(false));
        }
        lab.open_by_hand().await;
        yard.check(&[forbidden], &[]).await;
        assert_eq!(driver.mend().await, Ok(true));
        yard.check(&[allowed], &[forbidden]).await;
    }
}

/// The same ruleset twice leaves connections alone, and is no change to a look.
pub async fn the_same_again_changes_nothing(lab: &impl FirewallLab) {
    let (yard, allowed, forbidden) = applied(lab).await;
    let driver = lab.driver();
    let mut talk = lab
        .converse(&allowed, PATIENCE)
        .await
        .expect("a connection");
    for _ in 0..2 {
        yard.apply().await;
        assert_eq!(driver.mend().await, Ok(false));
        assert!(talk.goes_on(PATIENCE).await);
    }
    yard.check(&[allowed], &[forbidden]).await;
}

/// What a ruleset does not name any more is not in force any more.
pub async fn what_is_not_named_is_gone(lab: &impl FirewallLab) {
    let (mut yard, allowed, forbidden) = applied(lab).await;
    let mut talk = lab
        .converse(&allowed, PATIENCE)
        .await
        .expect("a connection");
    yard.forget(3);
    yard.apply().await;
    assert!(!talk.goes_on(LONG_ENOUGH).await, "the port is nobody's now");
    yard.check(&[], &[allowed, forbidden]).await;
    // Without the bridge its packets are nobody's business.
    yard.rules = Ruleset::default();
    yard.apply().await;
    yard.check(&[allowed, forbidden], &[]).await;
}

/// Nothing is left to guard, and nothing to mend.
pub async fn what_is_cleared_is_not_guarded(lab: &impl FirewallLab) {
    let driver = lab.driver();
    driver.clear().await.expect("there is nothing");
    assert_eq!(driver.mend().await, Ok(false));
    let (yard, allowed, forbidden) = applied(lab).await;
    for _ in 0..2 {
        driver.clear().await.expect("cleared");
        yard.check(&[allowed, forbidden], &[]).await;
        assert_eq!(driver.mend().await, Ok(false));
    }
    yard.apply().await;
    yard.check(&[allowed], &[forbidden]).await;
}
