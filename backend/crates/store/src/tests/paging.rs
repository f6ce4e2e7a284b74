//! Pages by every key, in both directions, of every size: complete and without repeats.

use zun_domain::container::{Container, Life};
use zun_domain::id::ContainerId;
use zun_domain::unit::MemoryMib;

use super::database::{Database, each};
use super::sample::{address, at, container, container_id, fill, place, port, project, user};
use crate::{ContainerQuery, Error, SortKey};

const COUNT: u8 = 7;

/// Containers with equal and with missing values in every column, inserted in no particular order.
async fn various(db: &Database) -> Vec<Container> {
    fill(&db.store, []).await;
    let mut all = Vec::new();
    let mut tx = db.store.begin().await.unwrap();
    for number in [4_u8, 0, 6, 2, 5, 1, 3] {
        let wide = u128::from(number);
        let mut one = container(wide);
        one.project = project(wide % 2);
        one.user = user(wide % 3);
        one.place = place(wide % 3);
        one.created_at = at(i64::from(number % 4));
        one.updated_at = (number % 3 > 0).then(|| at(i64::from(number % 2)));
        one.desired.name = ["Web", "web", "a-b", "ab"][usize::from(number % 4)]
            .parse()
            .unwrap();
        one.desired.spec.image = ["redis:7", "nginx:1"][usize::from(number % 2)]
            .parse()
            .unwrap();
        one.desired.spec.memory = (number % 2 > 0).then(|| MemoryMib(u64::from(number) % 4 * 100));
        if number.is_multiple_of(2) {
            one.life = Life::Creating;
        }
        one.addresses = vec![
            address(wide * 2, number * 2 + 2),
            address(wide * 2 + 1, number * 2 + 3),
        ];
        tx.container_insert(&one).await.unwrap();
        for address in &one.addresses {
            tx.port_insert(&port(address, one.id)).await.unwrap();
        }
        all.push(one);
    }
    tx.commit().await.unwrap();
    all
}

/// What the order should be, computed from the containers.
fn expected(all: &[Container], key: SortKey, descending: bool) -> Vec<ContainerId> {
    let value = |one: &Container| match key {
        SortKey::Id => String::new(),
        SortKey::Uuid => one.id.to_string(),
        SortKey::Name => one.desired.name.to_string(),
        SortKey::Image => one.desired.spec.image.to_string(),
        SortKey::Status => one.status().to_string(),
        SortKey::Host => one.place.name.to_string(),
        SortKey::Memory => one
            .desired
            .spec
            .memory
            .map_or_else(String::new, |m| format!("{:09}", m.0)),
        SortKey::CreatedAt => one.created_at.to_string(),
        SortKey::UpdatedAt => one.updated_at.map_or_else(String::new, |at| at.to_string()),
        SortKey::ProjectId => one.project.to_string(),
        SortKey::UserId => one.user.to_string(),
    };
    let mut order: Vec<&Container> = all.iter().collect();
    order.sort_by_key(|one| value(one));
    if descending {
        // Equal values are in order of insertion; the other way round, that is reversed too.
        order = all.iter().rev().collect();
        order.sort_by_key(|one| std::cmp::Reverse(value(one)));
    }
    order.into_iter().map(|one| one.id).collect()
}

#[test]
fn pages_are_complete_and_without_repeats() {
    each(async |db| {
        let all = various(db).await;
        for key in SortKey::ALL {
            for (descending, limit) in [false, true]
                .into_iter()
                .flat_map(|d| (1..=COUNT).map(move |l| (d, l)))
            {
                let mut query = ContainerQuery {
                    sort_key: key,
                    descending,
                    limit: limit.into(),
                    ..ContainerQuery::default()
                };
                let mut seen = Vec::new();
                loop {
                    let page = db.store.container_list(&query).await.unwrap();
                    assert!(
                        page.iter()
                            .all(|one| one.addresses.len() == 2 && all.contains(one))
                    );
                    seen.extend(page.iter().map(|one| one.id));
                    query.marker = page.last().map(|one| one.id);
                    if page.len() < usize::from(limit) {
                        break;
                    }
                }
                let name = key.name();
                assert_eq!(
                    seen,
                    expected(&all, key, descending),
                    "{name} {descending} {limit}"
                );
            }
        }
    });
}

#[test]
fn a_marker_is_one_of_the_projects_containers() {
    each(async |db| {
        various(db).await;
        let after = |number, of| ContainerQuery {
            project: Some(project(of)),
            marker: Some(container_id(number)),
            ..ContainerQuery::default()
        };
        let page = db.store.container_list(&after(6, 0)).await.unwrap();
        let ids: Vec<ContainerId> = page.iter().map(|one| one.id).collect();
        assert_eq!(ids, [container_id(2)]);
        for query in [after(5, 0), after(99, 0)] {
            let error = db.store.container_list(&query).await.unwrap_err();
            assert!(
                matches!(error, Error::NotFound { what: "marker", .. }),
                "{error:?}"
            );
        }
    });
}

#[test]
fn every_key_has_its_word() {
    for key in SortKey::ALL {
        assert_eq!(SortKey::named(key.name()), Some(key));
    }
    assert_eq!(SortKey::named("seq"), None);
}
