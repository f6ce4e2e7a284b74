//! Groups: the rules that each begins with.

use tfplugin::Value;

use super::{config, import, settle, string, unknown};
use crate::testing::{Zund, refused};

const TYPE: &str = "zun_security_group";

fn web(bare: Value) -> Value {
    config(
        TYPE,
        &[("name", string("web")), ("delete_default_rules", bare)],
    )
}

fn rules(zund: &Zund) -> usize {
    zund.with(|world| world.networking.count("security-group-rules"))
}

#[tokio::test]
async fn the_rules_of_every_new_group_are_taken_away_where_asked() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let bare = web(Value::Bool(true));
    let stored = settle(&terraform, TYPE, None, &bare).await;
    assert_eq!(rules(&zund), 0);

    let planned = terraform
        .plan(TYPE, Some(&stored), &web(Value::Null))
        .await
        .unwrap();
    assert_eq!(planned.requires_replace.len(), 1);
    let stored = settle(&terraform, TYPE, Some(stored), &web(Value::Null)).await;
    assert_eq!(rules(&zund), 2);
    let same = terraform
        .plan(TYPE, Some(&stored), &web(Value::Bool(false)))
        .await
        .unwrap();
    assert!(same.requires_replace.is_empty(), "false is what it is");
    settle(&terraform, TYPE, Some(stored), &bare).await;
}

/// What no server holds shows as an update that calls nothing.
#[tokio::test]
async fn after_an_import_it_is_only_noted() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let bare = web(Value::Bool(true));
    let stored = settle(&terraform, TYPE, None, &bare).await;
    let imported = import(&terraform, TYPE, &stored).await;
    let planned = terraform.plan(TYPE, Some(&imported), &bare).await.unwrap();
    assert!(planned.requires_replace.is_empty());
    assert_eq!(unknown(&planned.state), [""; 0]);
    let before = zund.with(|world| world.count("PUT") + world.count("DELETE"));
    let stored = settle(&terraform, TYPE, Some(imported), &bare).await;
    let after = zund.with(|world| world.count("PUT") + world.count("DELETE"));
    assert_eq!(before, after, "it calls nothing");
    let planned = terraform
        .plan(TYPE, Some(&stored), &web(Value::Null))
        .await
        .unwrap();
    assert_eq!(planned.requires_replace.len(), 1, "from then on it counts");
}

#[tokio::test]
async fn the_group_of_every_project_cannot_be_made() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let default = config(TYPE, &[("name", string("default"))]);
    let message = refused(terraform.plan(TYPE, None, &default).await);
    assert!(
        message.starts_with("name: ") && message.contains("data \"zun_security_group\""),
        "{message}"
    );
}
