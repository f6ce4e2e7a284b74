//! The data source.

use tfplugin::{DataSource, Provider, Value};

use super::{Files, TYPE, config, settle, string, words};
use crate::provider::Zun;
use crate::session::Session;
use crate::testing::{Zund, object, refused};

/// What looks for one with these.
fn question(set: &[(&str, Value)]) -> Value {
    let mut all = Zun.data_sources().into_iter();
    let source = all.find(|one| DataSource::<Session>::type_name(&**one) == TYPE);
    object(&source.unwrap().schema(), set)
}

#[tokio::test]
async fn one_is_looked_up_by_all_that_is_asked_of_it() {
    let files = Files::new();
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let of = |tags: &[&str], text: &str| {
        config(&[
            ("local_file_path", files.write("a.tar", text)),
            ("tags", words(tags)),
        ])
    };
    let first = settle(&terraform, None, &of(&["old"], "one")).await;
    let second = settle(&terraform, None, &of(&["new"], "two")).await;
    let id = first.state.get("id").unwrap().clone();
    let app = || ("name", string("app"));
    for (asked, expected) in [
        (vec![("id", id)], &first),
        (vec![("tag", string("old"))], &first),
        (vec![app(), ("tag", string("new"))], &second),
        (vec![app(), ("most_recent", Value::Bool(true))], &second),
    ] {
        let found = terraform.look_up(TYPE, &question(&asked)).await.unwrap();
        for name in ["id", "checksum", "image_id", "tags", "size_bytes", "kind"] {
            assert_eq!(
                found.get(name),
                expected.state.get(name),
                "{asked:?}: {name}"
            );
        }
    }
    for (asked, message) in [
        (
            vec![app()],
            "2 images have the name \"app\", the newest first",
        ),
        (
            vec![app(), ("visibility", string("public"))],
            "no image with the name \"app\" and the visibility \"public\"",
        ),
        (vec![("most_recent", Value::Bool(true))], "has to be set"),
    ] {
        let text = refused(terraform.look_up(TYPE, &question(&asked)).await);
        assert!(text.contains(message), "{text}");
    }
}
