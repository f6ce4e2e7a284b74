//! Domains, projects, users, roles, tokens, application credentials.

use uuid::Uuid;
use zun_domain::id::DomainId;
use zun_domain::project::{Domain, Project, Role, User};

use super::database::each;
use super::sample::{at, project, user};
use crate::{ApplicationCredential, Constraint, Error, RoleAssignment, Store, TokenRow, Tx};

fn domain(number: u128) -> Domain {
    Domain {
        id: DomainId(Uuid::from_u128(number)),
        name: format!("domain-{number}"),
    }
}

fn project_row(number: u128) -> Project {
    Project {
        id: project(number),
        domain: domain(1).id,
        name: format!("project-{number}"),
        description: "for tests".to_owned(),
        enabled: true,
    }
}

fn user_row(number: u128) -> User {
    User {
        id: user(number),
        domain: domain(1).id,
        name: format!("user-{number}"),
        enabled: true,
    }
}

fn token_of(number: u128, expires: i64) -> TokenRow {
    TokenRow {
        user: user(number),
        project: Some(project(1)),
        roles: vec![Role::Reader, Role::Member],
        methods: vec!["password".to_owned(), "token".to_owned()],
        audit_id: "a1".to_owned(),
        application_credential: None,
        issued_at: at(0),
        expires_at: at(expires),
    }
}

fn credential() -> ApplicationCredential {
    ApplicationCredential {
        id: Uuid::from_u128(77),
        user: user(1),
        project: project(1),
        name: "ci".to_owned(),
        description: String::new(),
        roles: vec![Role::Member],
        expires_at: None,
        created_at: at(1),
    }
}

async fn filled(store: &Store) -> Tx {
    let mut tx = store.begin().await.unwrap();
    tx.domain_insert(&domain(1)).await.unwrap();
    for number in 1..=2 {
        tx.project_insert(&project_row(number)).await.unwrap();
        tx.user_insert(&user_row(number), Some("$argon2id$hash"))
            .await
            .unwrap();
    }
    tx
}

fn is_conflict(outcome: crate::Result<()>, expected: &Constraint) -> bool {
    matches!(outcome, Err(Error::Conflict { constraint }) if constraint == *expected)
}

#[test]
fn domains_projects_and_users_come_back() {
    each(async |db| {
        let tx = filled(&db.store).await;
        assert_eq!(tx.domain_find(domain(1).id).await.unwrap(), Some(domain(1)));
        assert_eq!(tx.domain_named("domain-1").await.unwrap(), Some(domain(1)));
        assert_eq!(tx.domain_list(None).await.unwrap(), [domain(1)]);
        assert_eq!(tx.domain_list(Some("x")).await.unwrap(), []);
        assert_eq!(
            tx.project_find(project(1)).await.unwrap(),
            Some(project_row(1))
        );
        let named = tx.project_named(domain(1).id, "project-2").await.unwrap();
        assert_eq!(named, Some(project_row(2)));
        assert_eq!(
            tx.project_named(domain(2).id, "project-2").await.unwrap(),
            None
        );
        assert_eq!(
            tx.project_list(None).await.unwrap(),
            [project_row(1), project_row(2)]
        );
        assert_eq!(tx.user_find(user(1)).await.unwrap(), Some(user_row(1)));
        let named = tx.user_named(domain(1).id, "user-2").await.unwrap();
        assert_eq!(named, Some(user_row(2)));
        assert_eq!(tx.user_list(Some("user-1")).await.unwrap(), [user_row(1)]);
        let hash = tx.password_hash_of(user(1)).await.unwrap();
        assert_eq!(hash.as_deref(), Some("$argon2id$hash"));
        assert_eq!(tx.password_hash_of(user(9)).await.unwrap(), None);
    });
}

#[test]
fn changes_and_deletes_of_what_is_there_and_what_is_not() {
    each(async |db| {
        let mut tx = filled(&db.store).await;
        let renamed = Project {
            name: "new".to_owned(),
            enabled: false,
            ..project_row(1)
        };
        tx.project_update(&renamed).await.unwrap();
        assert_eq!(tx.project_find(project(1)).await.unwrap(), Some(renamed));
        let disabled = User {
            enabled: false,
            ..user_row(1)
        };
        tx.user_update(&disabled).await.unwrap();
        tx.user_set_password(user(1), "other").await.unwrap();
        assert_eq!(tx.user_find(user(1)).await.unwrap(), Some(disabled));
        assert_eq!(
            tx.password_hash_of(user(1)).await.unwrap().as_deref(),
            Some("other")
        );
        let other = Domain {
            name: "other".to_owned(),
            ..domain(1)
        };
        tx.domain_update(&other).await.unwrap();
        assert_eq!(tx.domain_named("other").await.unwrap(), Some(other));
        tx.project_delete(project(2)).await.unwrap();
        tx.user_delete(user(2)).await.unwrap();
        for outcome in [
            tx.project_delete(project(2)).await,
            tx.project_update(&project_row(2)).await,
            tx.user_delete(user(2)).await,
            tx.user_update(&user_row(2)).await,
            tx.user_set_password(user(2), "x").await,
            tx.domain_update(&domain(2)).await,
            tx.domain_delete(domain(2).id).await,
        ] {
            assert!(
                matches!(outcome, Err(Error::NotFound { .. })),
                "{outcome:?}"
            );
        }
        let used = tx.domain_delete(domain(1).id).await;
        assert!(is_conflict(used, &Constraint::Reference));
    });
}

#[test]
fn names_are_given_once_in_a_domain() {
    each(async |db| {
        filled(&db.store).await.commit().await.unwrap();
        let taken = |table: &str| Constraint::NameTaken(table.to_owned());
        let mut tx = db.store.begin().await.unwrap();
        let again = Project {
            id: project(3),
            ..project_row(1)
        };
        assert!(is_conflict(
            tx.project_insert(&again).await,
            &taken("projects")
        ));
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        let again = User {
            id: user(3),
            ..user_row(1)
        };
        assert!(is_conflict(
            tx.user_insert(&again, None).await,
            &taken("users")
        ));
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        let again = Domain {
            id: domain(3).id,
            ..domain(1)
        };
        assert!(is_conflict(
            tx.domain_insert(&again).await,
            &taken("domains")
        ));
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        let exists = Constraint::Exists("domains".to_owned());
        let again = Domain {
            name: "fresh".to_owned(),
            ..domain(1)
        };
        assert!(is_conflict(tx.domain_insert(&again).await, &exists));
    });
}

#[test]
fn roles_are_granted_and_revoked() {
    each(async |db| {
        let mut tx = filled(&db.store).await;
        for role in [Role::Member, Role::Admin, Role::Reader, Role::Member] {
            tx.role_grant(user(1), project(1), role).await.unwrap();
        }
        tx.role_grant(user(2), project(1), Role::Reader)
            .await
            .unwrap();
        assert_eq!(tx.roles_of(user(1), project(1)).await.unwrap(), Role::ALL);
        tx.role_revoke(user(1), project(1), Role::Admin)
            .await
            .unwrap();
        tx.role_revoke(user(1), project(1), Role::Admin)
            .await
            .unwrap();
        let left = tx.roles_of(user(1), project(1)).await.unwrap();
        assert_eq!(left, [Role::Reader, Role::Member]);
        assert_eq!(
            tx.role_assignments(None, Some(project(1)))
                .await
                .unwrap()
                .len(),
            3
        );
        let of_two = tx.role_assignments(Some(user(2)), None).await.unwrap();
        let expected = RoleAssignment {
            user: user(2),
            project: project(1),
            role: Role::Reader,
        };
        assert_eq!(of_two, [expected]);
        tx.user_delete(user(1)).await.unwrap();
        assert_eq!(tx.role_assignments(None, None).await.unwrap(), [expected]);
    });
}

#[test]
fn tokens_are_found_by_hash_and_end() {
    each(async |db| {
        let mut tx = filled(&db.store).await;
        let unscoped = TokenRow {
            project: None,
            roles: Vec::new(),
            ..token_of(1, 30)
        };
        for (hash, row) in [
            (1, &token_of(1, 10)),
            (2, &token_of(1, 20)),
            (3, &unscoped),
            (4, &token_of(2, 20)),
        ] {
            tx.token_insert(&[hash; 32], row).await.unwrap();
        }
        assert_eq!(
            tx.token_find(&[1; 32]).await.unwrap(),
            Some(token_of(1, 10))
        );
        assert_eq!(tx.token_find(&[3; 32]).await.unwrap(), Some(unscoped));
        assert_eq!(tx.token_find(&[9; 32]).await.unwrap(), None);
        assert_eq!(tx.tokens_purge(at(10)).await.unwrap(), 1);
        assert_eq!(tx.token_find(&[1; 32]).await.unwrap(), None);
        tx.token_revoke(&[2; 32]).await.unwrap();
        tx.token_revoke(&[2; 32]).await.unwrap();
        assert_eq!(tx.token_find(&[2; 32]).await.unwrap(), None);
        assert_eq!(tx.tokens_revoke_of_user(user(1)).await.unwrap(), 1);
        assert!(tx.token_find(&[4; 32]).await.unwrap().is_some());
    });
}

#[test]
fn tokens_end_with_their_application_credential() {
    each(async |db| {
        let mut tx = filled(&db.store).await;
        let id = credential().id;
        tx.application_credential_insert(&credential(), "$hash")
            .await
            .unwrap();
        let row = TokenRow {
            application_credential: Some(id),
            ..token_of(1, 10)
        };
        tx.token_insert(&[1; 32], &row).await.unwrap();
        assert_eq!(tx.token_find(&[1; 32]).await.unwrap(), Some(row));
        assert_eq!(
            tx.application_credential_find(id).await.unwrap(),
            Some(credential())
        );
        let listed = tx
            .application_credential_list(user(1), Some("ci"))
            .await
            .unwrap();
        assert_eq!(listed, [credential()]);
        assert_eq!(
            tx.application_credential_list(user(2), None).await.unwrap(),
            []
        );
        assert_eq!(
            tx.secret_hash_of(id).await.unwrap().as_deref(),
            Some("$hash")
        );
        tx.application_credential_delete(id).await.unwrap();
        assert_eq!(tx.token_find(&[1; 32]).await.unwrap(), None);
        let absent = tx.application_credential_delete(id).await;
        assert!(matches!(absent, Err(Error::NotFound { .. })));
    });
}
