//! A tag that means another image by now.

use tfplugin::Value;

use super::lifecycle::settle;
use super::{TYPE, web};
use crate::testing::{World, Zund, refused};

fn following() -> Value {
    web(&[("image_update", Value::string("digest"))])
}

/// Moves the tag of the only container's image.
fn push(world: &mut World) {
    let seen = world.only().seen.as_mut().unwrap();
    seen.image_digest = Some("sha256:2222".to_owned());
}

#[tokio::test]
async fn a_moved_tag_is_drift_where_that_was_asked_for() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let wished = following();
    let stored = settle(&terraform, None, &wished).await;
    zund.with(push);
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh.state, stored.state, "what it runs has not changed");
    let planned = terraform.plan(TYPE, Some(&fresh), &wished).await.unwrap();
    for open in ["image_digest", "revision"] {
        assert!(planned.state.get(open).unwrap().is_unknown(), "{open}");
    }
    assert!(planned.requires_replace.is_empty());
    let outcome = terraform.apply(TYPE, Some(fresh), &wished).await.unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    let after = outcome.stored.unwrap();
    assert_ne!(
        after.state.get("image_digest"),
        stored.state.get("image_digest")
    );
    let after = settle(&terraform, Some(after), &wished).await;

    // Nobody asks any more.
    zund.with(push);
    let fresh = terraform.refresh(TYPE, &after).await.unwrap().unwrap();
    let planned = terraform.plan(TYPE, Some(&fresh), &web(&[])).await.unwrap();
    let known = planned.state.get("image_digest").unwrap();
    assert!(known.is_known(), "taken out of the configuration");
}

#[tokio::test]
async fn whether_it_has_moved_is_open_until_it_was_asked_for() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &web(&[])).await;
    let planned = terraform.plan(TYPE, Some(&stored), &following()).await;
    let planned = planned.unwrap();
    assert!(planned.state.get("revision").unwrap().is_unknown());
    let stored = settle(&terraform, Some(stored), &following()).await;
    let lists = zund.with(|world| world.count("GET /zund/v1/containers/"));
    terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    let asked = zund.with(|world| world.count("GET /zund/v1/containers/"));
    assert_eq!(asked, lists + 1, "by itself, since lists do not ask");
}

#[tokio::test]
async fn what_never_moves_cannot_be_followed() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    for (name, value, message) in [
        ("image_driver", "glance", "never changes"),
        ("image_pull_policy", "never", "asks the registry"),
        (
            "image",
            "app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "needs an image with a tag",
        ),
    ] {
        let mut config = following();
        config.set(name, value);
        let text = refused(terraform.plan(TYPE, None, &config).await);
        assert!(
            text.contains("image_update: ") && text.contains(message),
            "{text}"
        );
    }
    let both = web(&[
        ("image_driver", Value::string("glance")),
        ("registry", Value::string("shop")),
    ]);
    let text = refused(terraform.plan(TYPE, None, &both).await);
    assert!(
        text.contains("the image service has no registries"),
        "{text}"
    );
}
