//! Application credentials: never more than their user, never longer.

use super::*;

fn new(roles: Option<Vec<Role>>, expires_at: Option<Timestamp>) -> NewApplicationCredential {
    NewApplicationCredential {
        name: "pipeline".to_owned(),
        description: String::new(),
        roles,
        expires_at,
        secret: None,
    }
}

fn proof(id: Uuid, secret: &Secret) -> Credential {
    Credential::ApplicationCredential {
        credential: ApplicationCredentialRef::Id(id.simple().to_string()),
        secret: secret.clone(),
    }
}

async fn alice(world: &World) -> (RoleAssignment, Issued) {
    let alice = world.tenant("alice", Role::Member).await;
    let credential = by_password("alice", "alice");
    let issued = world.login(credential, Scope::Unsaid).await.unwrap();
    (alice, issued)
}

#[tokio::test]
async fn logs_in_with_fewer_roles_to_its_project_only() {
    let world = world().await;
    let (alice, issued) = alice(&world).await;
    let made = world
        .identity
        .application_credential_create(&issued.info, new(Some(vec![Role::Reader]), None))
        .await;
    let (credential, secret) = made.unwrap();
    let by_name = Credential::ApplicationCredential {
        credential: ApplicationCredentialRef::Name {
            name: "pipeline".to_owned(),
            user: UserRef::Id(alice.user.to_string()),
        },
        secret: secret.clone(),
    };
    for login in [proof(credential.id, &secret), by_name] {
        let issued = world.login(login, Scope::Unsaid).await.unwrap();
        assert_eq!(issued.info.roles, [Role::Reader]);
        assert_eq!(issued.info.caller().unwrap().project, alice.project);
        assert_eq!(issued.info.methods, [Method::ApplicationCredential]);
    }
    let second = RoleAssignment {
        project: world.project("second").await,
        ..alice
    };
    world.identity.assign(second).await.unwrap();
    let login = || proof(credential.id, &secret);
    world.refusal(login(), to_project("second")).await;
    world.refusal(login(), Scope::Unscoped).await;
    let narrow = world.login(login(), Scope::Unsaid).await.unwrap();
    let token = || Credential::Token(narrow.secret.clone());
    world.refusal(token(), to_project("second")).await;
    let rescoped = world.login(token(), Scope::Unsaid).await.unwrap();
    assert_eq!(rescoped.info.roles, [Role::Reader], "no way to more");
    let denied = world
        .identity
        .application_credential_create(&rescoped.info, new(None, None))
        .await;
    assert!(matches!(denied, Err(Error::Denied(_))));
}

#[tokio::test]
async fn every_wrong_secret_gets_the_same_sentence() {
    let world = world().await;
    let (alice, issued) = alice(&world).await;
    let soon = world.clock.now() + jiff::SignedDuration::from_secs(60);
    let made = world
        .identity
        .application_credential_create(&issued.info, new(None, Some(soon)))
        .await;
    let (credential, secret) = made.unwrap();
    let good = proof(credential.id, &secret);
    let token = world.login(good, Scope::Unsaid).await.unwrap();
    assert_eq!(token.info.expires_at, soon, "ends with the credential");
    let wrong =
        "the application credential or its secret is wrong or expired, or its user is disabled";
    let other = Secret::new("wrong");
    for bad in [
        proof(credential.id, &other),
        proof(Uuid::from_u128(999), &secret),
    ] {
        assert_eq!(world.refusal(bad, Scope::Unsaid).await, wrong);
    }
    let disabled = EditUser {
        enabled: Some(false),
        ..EditUser::default()
    };
    world
        .identity
        .user_update(alice.user, disabled)
        .await
        .unwrap();
    let login = || proof(credential.id, &secret);
    assert_eq!(world.refusal(login(), Scope::Unsaid).await, wrong);
    let enabled = EditUser {
        enabled: Some(true),
        ..EditUser::default()
    };
    world
        .identity
        .user_update(alice.user, enabled)
        .await
        .unwrap();
    assert!(world.login(login(), Scope::Unsaid).await.is_ok());
    world.clock.pass(60);
    assert_eq!(world.refusal(login(), Scope::Unsaid).await, wrong);
}

#[tokio::test]
async fn shrinks_and_ends_with_its_user() {
    let world = world().await;
    let (alice, issued) = alice(&world).await;
    let identity = &world.identity;
    let made = identity
        .application_credential_create(&issued.info, new(None, None))
        .await;
    let (credential, secret) = made.unwrap();
    assert_eq!(credential.roles, [Role::Reader, Role::Member]);
    let login = || world.login(proof(credential.id, &secret), Scope::Unsaid);
    let token = login().await.unwrap().secret;
    let reader = RoleAssignment {
        role: Role::Reader,
        ..alice
    };
    identity.assign(reader).await.unwrap();
    identity.unassign(alice).await.unwrap();
    let info = identity.validate(&token).await.unwrap();
    assert_eq!(info.roles, [Role::Reader]);
    identity
        .application_credential_delete(alice.user, credential.id)
        .await
        .unwrap();
    assert!(!world.is_good(&token).await);
    assert!(login().await.is_err());
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let world = world().await;
    let (alice, issued) = alice(&world).await;
    let identity = &world.identity;
    let create = |new| identity.application_credential_create(&issued.info, new);
    let past = world.clock.now();
    let too_much = create(new(Some(vec![Role::Admin]), None)).await;
    assert_eq!(
        too_much.unwrap_err().to_string(),
        "application_credential.roles: admin is not a role of user alice in this project"
    );
    for bad in [new(Some(Vec::new()), None), new(None, Some(past))] {
        assert!(matches!(create(bad).await, Err(Error::Invalid { .. })));
    }
    let (made, _) = create(new(None, None)).await.unwrap();
    let twice = create(new(None, None)).await.unwrap_err().to_string();
    assert!(twice.contains("\"pipeline\" exists already"), "{twice}");
    let listed = identity.application_credential_list(alice.user, None).await;
    assert_eq!(listed.unwrap(), std::slice::from_ref(&made));
    let foreign = identity
        .application_credential_get(world.admin, made.id)
        .await;
    assert!(matches!(foreign, Err(Error::NotFound { .. })));
    let foreign = identity
        .application_credential_delete(world.admin, made.id)
        .await;
    assert!(matches!(foreign, Err(Error::NotFound { .. })));
}
