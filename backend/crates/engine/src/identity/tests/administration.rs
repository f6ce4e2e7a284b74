//! What an administrator changes, and what that ends.

use super::*;

#[tokio::test]
async fn a_role_taken_away_leaves_the_token_at_once() {
    let world = world().await;
    let reader = world.tenant("alice", Role::Reader).await;
    let member = RoleAssignment {
        role: Role::Member,
        ..reader
    };
    world.identity.assign(member).await.unwrap();
    let credential = by_password("alice", "alice");
    let token = world.login(credential, Scope::Unsaid).await.unwrap().secret;
    let roles = || async { world.identity.validate(&token).await.unwrap().roles.clone() };
    assert_eq!(roles().await, [Role::Reader, Role::Member]);
    world.identity.unassign(member).await.unwrap();
    assert_eq!(roles().await, [Role::Reader]);
    let admin = RoleAssignment {
        role: Role::Admin,
        ..reader
    };
    world.identity.assign(admin).await.unwrap();
    assert_eq!(
        roles().await,
        [Role::Reader, Role::Member],
        "no more than it was given"
    );
    world.identity.unassign(admin).await.unwrap();
    world.identity.unassign(reader).await.unwrap();
    assert!(!world.is_good(&token).await);
    let again = world.identity.unassign(reader).await;
    assert!(matches!(
        again,
        Err(Error::NotFound {
            what: "role assignment",
            ..
        })
    ));
}

#[tokio::test]
async fn disabling_or_a_new_password_ends_tokens_for_good() {
    let world = world().await;
    let alice = world.tenant("alice", Role::Member).await;
    let login = |password: &'static str| world.login(by_password("alice", password), Scope::Unsaid);
    let enabled = |on: bool| EditUser {
        enabled: Some(on),
        ..EditUser::default()
    };
    let token = login("alice").await.unwrap().secret;
    assert!(world.is_good(&token).await);
    let identity = &world.identity;
    identity
        .user_update(alice.user, enabled(false))
        .await
        .unwrap();
    assert!(!world.is_good(&token).await);
    identity
        .user_update(alice.user, enabled(true))
        .await
        .unwrap();
    assert!(!world.is_good(&token).await);

    let token = login("alice").await.unwrap().secret;
    let change = async |original: &str| {
        let original = Secret::new(original);
        identity
            .password_change(alice.user, &original, Secret::new("new"))
            .await
    };
    assert!(matches!(change("wrong").await, Err(Error::Unauthorized(_))));
    assert!(world.is_good(&token).await);
    change("alice").await.unwrap();
    assert!(!world.is_good(&token).await);
    assert!(login("alice").await.is_err());
    let token = login("new").await.unwrap().secret;
    identity.user_delete(alice.user).await.unwrap();
    assert!(!world.is_good(&token).await);
}

#[tokio::test]
async fn a_disabled_project_pauses_its_tokens() {
    let world = world().await;
    let alice = world.tenant("alice", Role::Member).await;
    let credential = by_password("alice", "alice");
    let token = world.login(credential, Scope::Unsaid).await.unwrap().secret;
    let enabled = |on: bool| EditProject {
        enabled: Some(on),
        ..EditProject::default()
    };
    let identity = &world.identity;
    identity
        .project_update(alice.project, enabled(false))
        .await
        .unwrap();
    assert!(!world.is_good(&token).await);
    identity
        .project_update(alice.project, enabled(true))
        .await
        .unwrap();
    assert!(world.is_good(&token).await);
    identity.project_delete(alice.project).await.unwrap();
    assert!(!world.is_good(&token).await);
}

#[tokio::test]
async fn names_are_unique_in_their_domain_only() {
    let world = world().await;
    let identity = &world.identity;
    world.tenant("alice", Role::Member).await;
    let there = identity.domain_create("there".to_owned()).await.unwrap();
    let new = |domain, name: &str| NewUser {
        domain,
        name: name.to_owned(),
        password: None,
        enabled: true,
    };
    let taken = identity.user_create(new(DEFAULT_DOMAIN, "alice")).await;
    assert_eq!(
        taken.unwrap_err().to_string(),
        "a user named \"alice\" exists already; choose another name"
    );
    let other = identity.user_create(new(there.id, "alice")).await.unwrap();
    let filter = UserFilter {
        domain: Some(there.id),
        name: Some("alice".to_owned()),
    };
    assert_eq!(
        identity.user_list(&filter).await.unwrap(),
        std::slice::from_ref(&other)
    );
    let full = identity.domain_delete(there.id).await;
    assert_eq!(
        full.unwrap_err().to_string(),
        "domain there still has projects or users; delete them first"
    );
    identity.user_delete(other.id).await.unwrap();
    identity.domain_delete(there.id).await.unwrap();
    let gone = identity.user_create(new(there.id, "bob")).await;
    assert!(matches!(gone, Err(Error::NotFound { what: "domain", .. })));
}

#[tokio::test]
async fn bad_names_and_passwords_are_refused_by_field() {
    let world = world().await;
    let field = |error: Error| match error {
        Error::Invalid { field, .. } => field,
        other => panic!("{other}"),
    };
    for name in ["", " alice", "a\nb", &"x".repeat(256)] {
        let refused = world.identity.domain_create(name.to_owned()).await;
        assert_eq!(field(refused.unwrap_err()), "domain.name");
    }
    let empty = EditUser {
        password: Some(Secret::new("")),
        ..EditUser::default()
    };
    let refused = world.identity.user_update(world.admin, empty).await;
    assert_eq!(field(refused.unwrap_err()), "user.password");
    let nobody = UserId(Uuid::from_u128(999));
    let gone = world.identity.user_get(nobody).await;
    assert!(matches!(gone, Err(Error::NotFound { what: "user", .. })));
    let assignment = RoleAssignment {
        user: nobody,
        project: world.admin_project,
        role: Role::Member,
    };
    let gone = world.identity.assign(assignment).await;
    assert!(matches!(gone, Err(Error::NotFound { what: "user", .. })));
}
