//! Pages, filters and order of the lists of `/volume/v3`.

use serde_json::{Value, json};

use super::{TestApp, Who};

const BASE: &str = "http://zun.test:9517";

fn names(page: &Value, noun: &str) -> Vec<String> {
    let all = page[noun].as_array().unwrap();
    all.iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Three volumes and a snapshot of each, a second apart: c of 1 GiB, a of 3 and b of 2.
async fn three() -> TestApp {
    let app = TestApp::start().await;
    for (name, size) in [("c", 1), ("a", 3), ("b", 2)] {
        let metadata = json!({"stage": if name == "a" { "live" } else { "test" }, "it's": name});
        let id = app
            .volume(json!({"name": name, "size": size, "metadata": metadata}))
            .await;
        app.snapshot(json!({"name": name, "volume_id": id, "metadata": metadata}))
            .await;
        app.clock.advance(1);
    }
    app
}

async fn list(app: &TestApp, noun: &str, query: &str) -> Vec<String> {
    let path = app.block(&format!("{noun}?{query}"));
    names(&app.get(Who::Reader, &path).await.expect(200).json(), noun)
}

#[tokio::test]
async fn every_order() {
    let app = three().await;
    for noun in ["volumes", "snapshots"] {
        for (query, expected) in [
            ("", "bac"),
            ("sort_dir=asc", "cab"),
            ("sort=created_at:asc", "cab"),
            ("sort=name", "cba"),
            ("sort=name:asc", "abc"),
            ("sort_key=name&sort_dir=asc", "abc"),
            ("sort=size:desc", "abc"),
            ("sort_key=size&sort_dir=asc", "cba"),
            ("sort=status:asc,size:asc", "cba"),
            ("sort=status", "bac"),
            ("sort=id:asc", "cab"),
            ("sort=id", "bac"),
        ] {
            let found = list(&app, noun, query).await.concat();
            assert_eq!(found, expected, "{noun}?{query}");
        }
    }
}

#[tokio::test]
async fn every_filter() {
    let app = three().await;
    let shop = app.shop.0.simple();
    for noun in ["volumes", "snapshots"] {
        for (query, expected) in [
            ("name=a", "a"),
            ("name=d", ""),
            ("status=available", "bac"),
            ("status=ERROR", ""),
            ("metadata={'stage':%20'test'}", "bc"),
            ("metadata={%22it's%22:'a','stage':'live'}", "a"),
            ("metadata={}", "bac"),
            ("colour=red", "bac"),
            ("all_tenants=1", "bac"),
            ("with_count=True", "bac"),
            (&format!("project_id={shop}"), "bac"),
            (&format!("user_id={}", app.member), "bac"),
            ("project_id=10000000-0000-4000-8000-00000000ffff", ""),
        ] {
            assert_eq!(
                list(&app, noun, query).await.concat(),
                expected,
                "{noun}?{query}"
            );
        }
    }
    let volumes = app
        .get(Who::Reader, &app.block("volumes?name=a"))
        .await
        .expect(200)
        .json();
    let query = format!(
        "volume_id={}",
        volumes["volumes"][0]["id"].as_str().unwrap()
    );
    assert_eq!(list(&app, "snapshots", &query).await, ["a"]);
}

#[tokio::test]
async fn pages_and_what_is_past_the_end() {
    let app = three().await;
    for noun in ["volumes", "snapshots"] {
        for address in [noun.to_owned(), format!("{noun}/detail")] {
            let path = app.block(&format!("{address}?limit=2&sort=name:asc&status=available"));
            let first = app.get(Who::Reader, &path).await.expect(200).json();
            assert_eq!(names(&first, noun), ["a", "b"]);
            let link = &first[format!("{noun}_links")][0];
            assert_eq!(link["rel"], "next");
            let next = link["href"].as_str().unwrap();
            let here = format!(
                "{BASE}{}?limit=2&sort=name%3Aasc&status=available&marker=",
                app.block(&address)
            );
            assert!(next.starts_with(&here), "{next}");
            let last = app
                .get(Who::Reader, next.trim_start_matches(BASE))
                .await
                .expect(200)
                .json();
            assert_eq!(names(&last, noun), ["c"]);
            assert!(last.get(format!("{noun}_links")).is_none(), "{last}");
        }
        let exact = app
            .get(Who::Reader, &app.block(&format!("{noun}?limit=3")))
            .await
            .expect(200)
            .json();
        assert!(exact.get(format!("{noun}_links")).is_none(), "{exact}");
        let last = exact[noun][2]["id"].as_str().unwrap();
        for (query, expected) in [
            (format!("marker={last}"), ""),
            ("offset=1".to_owned(), "ac"),
            ("offset=7".to_owned(), ""),
            ("limit=0".to_owned(), ""),
            ("limit=99999999".to_owned(), "bac"),
            // The marker's own status or name may have changed since the page before.
            (format!("marker={last}&name=a&sort=created_at:asc"), "a"),
        ] {
            assert_eq!(
                list(&app, noun, &query).await.concat(),
                expected,
                "{noun}?{query}"
            );
        }
    }
}

#[tokio::test]
async fn pages_of_types() {
    let app = TestApp::start().await;
    let types = app
        .get(Who::Reader, &app.block("types?limit=1"))
        .await
        .expect(200)
        .json();
    assert_eq!(names(&types, "volume_types"), ["single"]);
    let next = types["volume_types_links"][0]["href"].as_str().unwrap();
    let rest = app
        .get(Who::Reader, next.trim_start_matches(BASE))
        .await
        .expect(200)
        .json();
    assert_eq!(names(&rest, "volume_types"), ["multiattach"]);
    assert!(rest.get("volume_types_links").is_none());
    let other = app.block("types?marker=10000000-0000-4000-8000-00000000ffff");
    app.get(Who::Reader, &other).await.expect(400);
}

#[tokio::test]
async fn values_that_cannot_be() {
    let app = three().await;
    for noun in ["volumes", "volumes/detail", "snapshots", "snapshots/detail"] {
        for (query, words) in [
            (
                "limit=-1",
                "limit: \"-1\" is not valid: a whole number from 0",
            ),
            ("limit=x", "limit: \"x\" is not valid"),
            ("offset=-1", "offset: \"-1\" is not valid"),
            (
                "marker=x",
                "marker: \"x\" is not valid: the id of the last one",
            ),
            (
                "marker=10000000-0000-4000-8000-00000000ffff",
                "marker: 10000000-0000-4000-8000-00000000ffff is none of these",
            ),
            (
                "status=lost",
                "status: \"lost\" is not valid: one of creating, available, reserved, in-use",
            ),
            (
                "metadata=x",
                "metadata: \"x\" is not valid: a dictionary of texts",
            ),
            (
                "sort=colour",
                "sort: \"colour\" is not valid: one of id, name, size, status, created_at",
            ),
            ("sort=name:up", "sort: \"up\" is not valid: asc or desc"),
            ("sort_key=colour", "sort_key: \"colour\" is not valid"),
            ("sort_dir=up", "sort_dir: \"up\" is not valid: asc or desc"),
            ("sort=name&sort_key=id", "sort: goes without sort_key"),
            ("all_tenants=x", "all_tenants: must be a boolean"),
            (
                "project_id=x",
                "project_id: \"x\" is not valid: the id of a project",
            ),
            ("user_id=x", "user_id: \"x\" is not valid: the id of a user"),
            (
                "volume_id=x",
                "volume_id: \"x\" is not valid: the id of a volume",
            ),
        ] {
            let refused = app
                .get(Who::Reader, &app.block(&format!("{noun}?{query}")))
                .await
                .expect(400);
            assert!(
                refused.detail().contains(words),
                "{noun}?{query}: {}",
                refused.text
            );
        }
    }
}

#[tokio::test]
async fn administrators_see_every_project_where_they_ask_for_it() {
    let app = three().await;
    let own = app.project_of(Who::Admin).await;
    let list = async |noun: &str, query: &str| {
        let path = format!("/volume/v3/{own}/{noun}?{query}");
        names(&app.get(Who::Admin, &path).await.expect(200).json(), noun).concat()
    };
    let shop = format!("all_tenants=True&project_id={}", app.shop.0.simple());
    for noun in ["volumes", "snapshots"] {
        assert_eq!(list(noun, "").await, "");
        assert_eq!(list(noun, "all_tenants=0").await, "");
        assert_eq!(list(noun, "all_tenants=1").await, "bac");
        assert_eq!(list(noun, &shop).await, "bac");
        assert_eq!(
            list(noun, &format!("all_tenants=1&project_id={own}")).await,
            ""
        );
    }
}
