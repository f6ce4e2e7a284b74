//! Getting a token, what it says, and how it ends.

use super::*;

#[tokio::test]
async fn the_first_start_happens_once() {
    let world = world().await;
    let again = world.identity.bootstrap(&Secret::new("another")).await;
    assert_eq!(again.unwrap(), None);
    let issued = world.admin_token().await;
    assert_eq!(issued.info.user, world.admin);
    assert_eq!(issued.info.user_domain.name, "Default");
    assert_eq!(issued.info.roles, Role::ALL);
    assert_eq!(issued.info.methods, [Method::Password]);
    let caller = issued.info.caller().unwrap();
    assert_eq!(caller.project, world.admin_project);
    assert!(caller.is_admin());
}

#[tokio::test]
async fn users_and_projects_are_named_by_id_or_name() {
    let world = world().await;
    let named = |user: UserRef| Credential::Password {
        user,
        password: Secret::new(PASSWORD),
    };
    let in_domain = |domain: DomainRef| UserRef::Name {
        name: ADMIN.to_owned(),
        domain,
    };
    let users = [
        UserRef::Id(world.admin.to_string()),
        UserRef::Id(world.admin.0.simple().to_string()),
        in_domain(DomainRef::Id("default".to_owned())),
        in_domain(DomainRef::Id(DEFAULT_DOMAIN.to_string())),
        in_domain(DomainRef::Name("Default".to_owned())),
    ];
    for user in users {
        let scope = Scope::Project(ProjectRef::Id(world.admin_project.0.simple().to_string()));
        let issued = world.login(named(user), scope).await.unwrap();
        assert_eq!(issued.info.user, world.admin);
    }
}

#[tokio::test]
async fn every_wrong_login_gets_the_same_sentence() {
    let world = world().await;
    let gone = world.user("gone", "secret").await;
    let disabled = EditUser {
        enabled: Some(false),
        ..EditUser::default()
    };
    world.identity.user_update(gone, disabled).await.unwrap();
    let nameless = NewUser {
        domain: DEFAULT_DOMAIN,
        name: "robot".to_owned(),
        password: None,
        enabled: true,
    };
    world.identity.user_create(nameless).await.unwrap();
    let elsewhere = Credential::Password {
        user: UserRef::Name {
            name: ADMIN.to_owned(),
            domain: DomainRef::Name("Elsewhere".to_owned()),
        },
        password: Secret::new(PASSWORD),
    };
    let by_id = |id: &str| Credential::Password {
        user: UserRef::Id(id.to_owned()),
        password: Secret::new(PASSWORD),
    };
    let wrong = [
        by_password(ADMIN, "wrong"),
        by_password(ADMIN, ""),
        by_password("nobody", PASSWORD),
        by_password("gone", "secret"),
        by_password("robot", ""),
        by_id("no uuid"),
        by_id(&Uuid::from_u128(999).to_string()),
        elsewhere,
    ];
    for credential in wrong {
        let shown = format!("{credential:?}");
        assert!(!shown.contains(PASSWORD), "{shown}");
        assert_eq!(
            world.refusal(credential, Scope::Unsaid).await,
            "the user, its domain or the password is wrong, or the user is disabled",
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_project_without_a_role_is_refused_like_one_that_is_not_there() {
    let world = world().await;
    world.tenant("alice", Role::Member).await;
    world.tenant("bob", Role::Member).await;
    let closed = world.tenant("carol", Role::Member).await;
    let disabled = EditProject {
        enabled: Some(false),
        ..EditProject::default()
    };
    let updated = world
        .identity
        .project_update(closed.project, disabled)
        .await;
    assert!(!updated.unwrap().enabled);
    let foreign = world
        .refusal(by_password("alice", "alice"), to_project("bob"))
        .await;
    let absent = world
        .refusal(by_password("alice", "alice"), to_project("nowhere"))
        .await;
    assert_eq!(foreign, absent);
    assert_eq!(
        foreign,
        "user alice has no role in this project, or the project does not exist or is disabled; \
         ask for another project or have a role assigned"
    );
    world
        .refusal(by_password("carol", "carol"), to_project("carol"))
        .await;
}

#[tokio::test]
async fn without_a_scope_the_only_project_is_meant() {
    let world = world().await;
    let alice = world.tenant("alice", Role::Reader).await;
    let login = || by_password("alice", "alice");
    let issued = world.login(login(), Scope::Unsaid).await.unwrap();
    assert_eq!(issued.info.caller().unwrap().project, alice.project);
    assert_eq!(issued.info.roles, [Role::Reader]);
    let none = world.login(login(), Scope::Unscoped).await.unwrap();
    assert!(none.info.caller().is_none());

    let second = RoleAssignment {
        project: world.project("second").await,
        role: Role::Member,
        ..alice
    };
    world.identity.assign(second).await.unwrap();
    let ambiguous = world.login(login(), Scope::Unsaid).await.unwrap();
    assert!(ambiguous.info.project.is_none());
    let names: Vec<String> = world
        .identity
        .projects_of(alice.user)
        .await
        .unwrap()
        .into_iter()
        .map(|project| project.name)
        .collect();
    assert_eq!(names, ["alice", "second"]);

    let rescoped = Credential::Token(ambiguous.secret.clone());
    let rescoped = world.login(rescoped, to_project("second")).await.unwrap();
    assert_eq!(rescoped.info.roles, [Role::Reader, Role::Member]);
    assert_eq!(rescoped.info.methods, [Method::Password, Method::Token]);
}

#[tokio::test]
async fn a_token_ends_on_time_and_cannot_prolong_itself() {
    let world = world().await;
    let first = world.admin_token().await;
    world.clock.pass(3000);
    assert!(world.is_good(&first.secret).await);
    let second = world
        .login(Credential::Token(first.secret.clone()), Scope::Unsaid)
        .await
        .unwrap();
    assert_eq!(second.info.expires_at, first.info.expires_at);
    world.clock.pass(599);
    assert!(world.is_good(&second.secret).await);
    world.clock.pass(1);
    assert!(!world.is_good(&first.secret).await);
    assert!(!world.is_good(&second.secret).await);
    assert_eq!(world.identity.purge().await.unwrap(), 2);
    let late = world
        .refusal(Credential::Token(first.secret), Scope::Unsaid)
        .await;
    assert_eq!(
        late,
        "the token is unknown, expired or revoked; log in again"
    );
}

#[tokio::test]
async fn revoking_ends_one_token_at_once() {
    let world = world().await;
    let (one, other) = (world.admin_token().await, world.admin_token().await);
    assert_ne!(one.info.audit_id, other.info.audit_id);
    assert!(world.is_good(&one.secret).await);
    assert!(world.identity.revoke(&one.secret).await.unwrap());
    assert!(!world.is_good(&one.secret).await);
    assert!(world.is_good(&other.secret).await);
    assert!(!world.identity.revoke(&one.secret).await.unwrap());
    assert!(!world.is_good(&Secret::new("made up")).await);
}

#[tokio::test]
async fn another_process_hears_of_it_within_seconds() {
    let world = world().await;
    let token = world.admin_token().await.secret;
    assert!(world.is_good(&token).await);
    assert!(world.elsewhere.revoke(&token).await.unwrap());
    assert!(world.is_good(&token).await, "served from memory");
    world.clock.pass(10);
    assert!(!world.is_good(&token).await);
}

#[tokio::test]
async fn a_look_up_that_began_before_a_change_is_not_remembered() {
    let world = world().await;
    let issued = world.admin_token().await;
    let cache = &world.identity.0.cache;
    let now = world.clock.now();
    let epoch = cache.epoch();
    cache.clear();
    cache.put(issued.secret.fingerprint(), epoch, issued.info.clone(), now);
    assert_eq!(cache.len(), 0);
    for number in 0..5000_u32 {
        let token = Secret::new(number.to_string()).fingerprint();
        cache.put(token, cache.epoch(), issued.info.clone(), now);
    }
    assert!(cache.len() <= 4096, "{}", cache.len());
}
