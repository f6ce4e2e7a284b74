//! Sources in their order, and a message for everything that is missing.

use super::*;
use zun_client::{Credentials, Named};

fn config(set: &[(&str, Value)]) -> Value {
    let mut all = Value::object(SETTINGS.iter().map(|setting| (setting.name, Value::Null)));
    all.set("cloud", Value::Null);
    for (name, value) in set {
        all.set(*name, value);
    }
    all
}

const COMPLETE: [(&str, &str); 4] = [
    ("OS_AUTH_URL", "http://h/identity/v3"),
    ("OS_USERNAME", "ann"),
    ("OS_PASSWORD", "hunter2"),
    ("OS_PROJECT_NAME", "shop"),
];

fn messages(config: &Value, environment: &Environment) -> Vec<String> {
    let problems = connection(config, environment, "test".into()).unwrap_err();
    let text = |d: &Diagnostic| {
        let path = d.path.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{path}: {}: {}", d.summary, d.detail)
    };
    problems.iter().map(text).collect()
}

#[test]
fn an_attribute_goes_before_its_variable() {
    let environment = Environment::of(&COMPLETE);
    let found = connection(&config(&[]), &environment, "test".into()).unwrap();
    assert_eq!(found.auth_url.unwrap().as_str(), "http://h/identity/v3");
    assert!(matches!(found.credentials, Credentials::Password { .. }));

    let token = config(&[("token", Value::string("t"))]);
    let found = connection(&token, &environment, "test".into()).unwrap();
    assert!(matches!(found.credentials, Credentials::Token { .. }));
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn a_cloud_goes_before_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clouds.yaml");
    std::fs::write(
        &file,
        "clouds: {dev: {auth: {auth_url: 'http://cloud/v3', username: bob, project_id: p1}, region_name: R, verify: false}}",
    )
    .unwrap();
    let mut variables = COMPLETE.to_vec();
    variables.push(("OS_CLOUD", "dev"));
    variables.push(("OS_CLIENT_CONFIG_FILE", file.to_str().unwrap()));
    let found = connection(&config(&[]), &Environment::of(&variables), "test".into()).unwrap();
    assert_eq!(found.auth_url.unwrap().as_str(), "http://cloud/v3");
    assert_eq!(found.region.as_deref(), Some("R"));
    assert!(found.tls.insecure);
    let Credentials::Password { user, scope, .. } = found.credentials else {
        panic!("a password was meant")
    };
    assert_eq!(user.who, Named::Name("bob".into()));
    assert_eq!(scope.unwrap().which, Named::Id("p1".into()));
}

#[test]
fn everything_that_is_missing_is_named_with_its_variable() {
    let all = messages(&config(&[]), &Environment::default());
    let all = all.join("\n");
    for (attribute, variable) in [
        ("user_name", "OS_USERNAME"),
        ("password", "OS_PASSWORD"),
        ("project_name", "OS_PROJECT_NAME"),
    ] {
        let line = format!("{attribute}: Missing {attribute}: ");
        assert!(all.contains(&line) && all.contains(variable), "{all}");
    }
    let without_url = Environment::of(&COMPLETE[1..]);
    let all = messages(&config(&[]), &without_url).join("\n");
    assert!(
        all.contains("auth_url: Missing auth_url") && all.contains("OS_AUTH_URL"),
        "{all}"
    );
    let secretless = config(&[("application_credential_id", Value::string("c"))]);
    let all = messages(&secretless, &Environment::of(&COMPLETE)).join("\n");
    assert!(all.contains("OS_APPLICATION_CREDENTIAL_SECRET"), "{all}");
}

#[test]
fn wrong_values_are_refused_where_they_stand() {
    let mut variables = COMPLETE.to_vec();
    variables.push(("OS_INSECURE", "perhaps"));
    let bad = config(&[("auth_url", Value::string("h:5000"))]);
    let all = messages(&bad, &Environment::of(&variables)).join("\n");
    assert!(
        all.contains("auth_url: Invalid auth_url") && all.contains("http://"),
        "{all}"
    );
    assert!(
        all.contains("insecure: Invalid insecure") && all.contains("perhaps"),
        "{all}"
    );
    let bad = config(&[("cloud", Value::string("dev"))]);
    let environment = Environment::of(&[("OS_CLIENT_CONFIG_FILE", "/no/such/clouds.yaml")]);
    let all = messages(&bad, &environment).join("\n");
    assert!(all.contains("cloud: Cloud not found"), "{all}");
}

#[test]
fn a_token_and_an_endpoint_need_no_keystone() {
    let bare = config(&[
        ("token", Value::string("t")),
        ("endpoint", Value::string("http://h:9517/v1")),
    ]);
    assert!(connection(&bare, &Environment::default(), "test".into()).is_ok());
}
