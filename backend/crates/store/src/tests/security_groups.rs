//! Security groups, their rules, and the records that a firewall is made of.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::container::Protocol;
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote};

use super::database::each;
use super::networks::constraint;
use super::sample::{
    address, at, container_id, fill, group, group_id, host_id, network, port, project, published,
    rule,
};
use crate::{Constraint, Error};

fn full(remote: Remote) -> Allows {
    Allows {
        direction: Direction::Ingress,
        ethertype: EtherType::V6,
        protocol: Some("ipv6-icmp".parse().unwrap()),
        port_min: Some(0),
        port_max: Some(65535),
        remote,
    }
}

#[test]
fn a_group_comes_back_as_it_went() {
    each(async |db| {
        let mut web = group(1, "web");
        let default = group(2, "default");
        let mut tx = db.store.begin().await.unwrap();
        tx.security_group_insert(&web).await.unwrap();
        tx.security_group_insert(&default).await.unwrap();
        let prefix = Remote::Prefix("2001:db8::/32".parse().unwrap());
        for (number, remote) in [(90, prefix), (91, Remote::Group(default.id))] {
            let rule = rule(number, web.id, full(remote));
            tx.security_group_rule_insert(&rule).await.unwrap();
            assert_eq!(
                tx.security_group_rule_find(rule.id).await.unwrap().as_ref(),
                Some(&rule)
            );
            web.rules.push(rule);
        }
        web.name = "front".to_owned();
        web.description = "changed".to_owned();
        web.updated_at = Some(at(4));
        tx.security_group_update(&web).await.unwrap();
        assert_eq!(
            tx.security_group_find(web.id).await.unwrap().as_ref(),
            Some(&web)
        );
        let both = [web.clone(), default.clone()];
        assert_eq!(tx.security_group_list(None).await.unwrap(), both);
        assert_eq!(tx.security_group_list(Some(project(1))).await.unwrap(), []);
        let named = tx.security_groups_named(project(0), "front").await.unwrap();
        assert_eq!(named, std::slice::from_ref(&web));
        let found = tx.security_group_find_default(project(0)).await.unwrap();
        assert_eq!(found.as_ref(), Some(&default));
        let first = web.rules[0].id;
        tx.security_group_rule_delete(first).await.unwrap();
        assert_eq!(tx.security_group_rule_find(first).await.unwrap(), None);
        let absent = tx.security_group_rule_delete(first).await;
        assert!(matches!(absent, Err(Error::NotFound { .. })), "{absent:?}");
    });
}

#[test]
fn a_group_that_goes_takes_the_rules_about_it_along() {
    each(async |db| {
        let (web, gone) = (group(1, "web"), group(2, "gone"));
        let mut tx = db.store.begin().await.unwrap();
        tx.security_group_insert(&web).await.unwrap();
        tx.security_group_insert(&gone).await.unwrap();
        let about = rule(90, web.id, full(Remote::Group(gone.id)));
        tx.security_group_rule_insert(&about).await.unwrap();
        tx.security_group_delete(gone.id).await.unwrap();
        assert_eq!(
            tx.security_group_list(None).await.unwrap(),
            std::slice::from_ref(&web)
        );
        let orphan = rule(91, group_id(9), full(Remote::Any));
        let refused = tx.security_group_rule_insert(&orphan).await;
        assert_eq!(constraint(refused), Constraint::Reference);
    });
}

#[test]
fn a_firewall_knows_bound_ports_and_what_is_published() {
    each(async |db| {
        fill(&db.store, [1, 2]).await;
        let web = group(1, "web");
        let mut tx = db.store.begin().await.unwrap();
        tx.security_group_insert(&web).await.unwrap();
        let mut bound = port(&address(1, 2), container_id(1));
        bound.security_groups = BTreeSet::from([web.id]);
        let mut free = port(&address(2, 3), container_id(1));
        free.container = None;
        tx.port_insert(&bound).await.unwrap();
        tx.port_insert(&free).await.unwrap();
        let twice = [published(8080, None), published(8081, None)];
        tx.host_ports_set(container_id(1), host_id(0), &twice)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let records = db.store.firewall_records().await.unwrap();
        assert_eq!(records.networks, [network(0), network(1)]);
        assert_eq!(records.ports, [bound]);
        assert_eq!(records.groups, [web]);
        let open = BTreeSet::from([(Protocol::Tcp, 80)]);
        assert_eq!(records.published, BTreeMap::from([(container_id(1), open)]));
        assert!(records.routers.is_empty() && records.floating_ips.is_empty());
    });
}
