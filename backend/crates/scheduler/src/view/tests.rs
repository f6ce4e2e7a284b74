//! The index always equals one built anew from the same hosts.

use proptest::prelude::*;
use zun_domain::container::spec::Protocol;

use crate::fixture::{amounts, any_hosts, any_policy, host, id, view};
use crate::view::ClusterView;

fn assert_index_is_right(view: &ClusterView) -> Result<(), TestCaseError> {
    let (policy, hosts, index) = view.parts();
    let rebuilt = ClusterView::new(hosts.to_vec(), policy.clone());
    prop_assert_eq!(index.content(), rebuilt.parts().2.content());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_index_follows_every_change(
        hosts in any_hosts(300),
        policy in any_policy(),
        changes in proptest::collection::vec((0..300_u128, 0..9_u8, 1..2000_u64, 0..8_u16), 0..300),
    ) {
        let mut view = ClusterView::new(hosts, policy);
        for (number, change, size, port) in changes {
            let (id, size) = (id(number), amounts(size, size, size / 300));
            match change {
                0..=3 => view.allocate(id, size),
                4..=5 => view.release(id, size),
                6 => view.take_port(id, (Protocol::Tcp, port)),
                7 => view.free_port(id, (Protocol::Tcp, port)),
                8.. => {
                    let mut other = host(number);
                    other.place.zone = format!("az{port}");
                    other.recent_failures = u32::from(port);
                    view.put(other);
                }
            }
        }
        assert_index_is_right(&view)?;
    }

    #[test]
    fn blocks_are_joined_again(count in 200..600_u128) {
        let mut view = view((0..count).map(host).collect());
        for round in 0..4_u64 {
            for number in 0..count {
                let mix = u64::try_from(number).unwrap() * 37 % 101;
                view.allocate(id(number), amounts(mix + round, mix, 0));
            }
        }
        for number in 0..count {
            let mut gone = host(number);
            gone.down = (number >= 10).then(|| "no answer".to_owned());
            view.put(gone);
        }
        assert_index_is_right(&view)?;
        prop_assert_eq!(view.parts().2.blocks(), 1);
    }
}

#[test]
fn a_change_of_a_host_that_is_not_here_is_none() {
    let mut view = view(vec![host(1)]);
    view.allocate(id(2), amounts(1, 1, 1));
    view.release(id(2), amounts(1, 1, 1));
    view.take_port(id(2), (Protocol::Udp, 53));
    assert_eq!(view.hosts().len(), 1);
    assert_eq!(view.host(id(1)), Some(&host(1)));
    assert_eq!(view.host(id(2)), None);
}

#[test]
fn allocations_count_containers_and_give_back_what_they_took() {
    let mut view = view(vec![host(1)]);
    view.allocate(id(1), amounts(500, 256, 1));
    let now = view.host(id(1)).unwrap();
    assert_eq!((now.allocated, now.containers), (amounts(500, 256, 1), 1));
    view.release(id(1), amounts(500, 256, 1));
    assert_eq!(view.host(id(1)), Some(&host(1)));
}
