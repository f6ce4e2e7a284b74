//! What is sealed: not to be read in the database, not with another key, not in another place.

use super::database::{Database, KEY, each};
use super::sample::{SECRET, container_id, fill, operation, operation_id};
use crate::sql::Statement;
use crate::vault::{Place, Vault};
use crate::{Error, Store, StoreConfig};

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

async fn planted(db: &Database) {
    fill(&db.store, [1, 2]).await;
    let mut tx = db.store.begin().await.unwrap();
    let plan = format!("{{\"environment\":\"{SECRET}\"}}");
    tx.operation_insert(&operation(1, container_id(1)), &plan, Some(&plan))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let work = db.store.operation_work(operation_id(1)).await.unwrap();
    assert_eq!((work.plan, work.target), (plan.clone(), Some(plan)));
}

#[tokio::test]
async fn the_files_do_not_contain_the_secret() {
    let db = Database::sqlite().await;
    planted(&db).await;
    let folder = db.file().unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!contains(&bytes, SECRET), "{}", path.display());
        assert!(!contains(&bytes, "PASSWORD"), "{}", path.display());
        seen += usize::from(contains(&bytes, "web-1"));
    }
    assert!(
        seen > 0,
        "a name, which is not sealed, would have been found"
    );
}

#[test]
fn the_columns_do_not_contain_the_secret() {
    each(async |db| {
        planted(db).await;
        for (sql, column) in [
            ("SELECT desired AS sealed FROM containers", "desired"),
            ("SELECT plan AS sealed FROM operations", "plan"),
            ("SELECT target AS sealed FROM operations", "target"),
        ] {
            for row in db.store.rows(Statement::new("any", sql)).await.unwrap() {
                let sealed: Vec<u8> = row.get("sealed").unwrap();
                assert!(sealed.len() > 40 && !contains(&sealed, SECRET), "{column}");
            }
        }
    });
}

#[test]
fn another_key_is_refused_with_the_way_out() {
    each(async |db| {
        planted(db).await;
        let config = StoreConfig {
            key: [8; 32],
            ..db.config.clone()
        };
        let error = Store::open(&config).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::WrongKey), "{error:?}");
        assert!(
            error.to_string().contains("restore the key file"),
            "{error}"
        );
    });
}

#[test]
fn a_sealed_value_opens_only_where_it_belongs() {
    each(async |db| {
        planted(db).await;
        let mut tx = db.store.begin().await.unwrap();
        let swap = Statement::new(
            "containers",
            "UPDATE containers SET desired = (SELECT desired FROM containers WHERE id = $1) WHERE id = $2",
        );
        tx.execute(swap.bind(container_id(1)).bind(container_id(2)))
            .await
            .unwrap();
        let error = tx.container_get(container_id(2)).await.unwrap_err();
        let Error::Corrupt { table, row, why } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(
            (*table, row.as_str()),
            ("containers", container_id(2).to_string().as_str())
        );
        assert!(why.contains("desired"), "{why}");
        assert!(tx.container_get(container_id(1)).await.is_ok());
    });
}

#[test]
fn the_vault_notices_every_change() {
    let vault = Vault::new(&KEY);
    let place = |row| Place {
        table: "t",
        column: "c",
        row,
    };
    let sealed = vault.seal(b"text", &place("1")).unwrap();
    assert_ne!(sealed, vault.seal(b"text", &place("1")).unwrap());
    assert_eq!(
        vault.open(&sealed, &place("1")).unwrap().as_slice(),
        b"text"
    );
    assert!(vault.open(&sealed, &place("2")).is_err());
    for index in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[index] ^= 1;
        assert!(vault.open(&changed, &place("1")).is_err(), "{index}");
        assert!(
            vault.open(&sealed[..index], &place("1")).is_err(),
            "{index}"
        );
    }
}

#[test]
fn what_is_printed_holds_no_secret() {
    let config = StoreConfig {
        url: format!("postgres://zun:{SECRET}@localhost/zun"),
        key: *b"thirty-two-bytes-of-a-secret-key",
    };
    let printed = format!("{config:?}");
    assert_eq!(printed, "StoreConfig { scheme: \"postgres\", .. }");
    let vault = Vault::new(&KEY);
    let place = Place {
        table: "t",
        column: "c",
        row: "1",
    };
    let sealed = vault
        .seal(format!("{{\"name\":\"{SECRET}\"").as_bytes(), &place)
        .unwrap();
    let error = vault.open_json::<u64>(&sealed, &place).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
}

#[tokio::test]
async fn a_refused_login_does_not_print_the_password() {
    for url in [
        format!("postgres://zun:{SECRET}@127.0.0.1:1/zun"),
        format!("postgres://zun:{SECRET}@127.0.0.1:notaport/zun"),
        format!("mysql://zun:{SECRET}@127.0.0.1/zun"),
    ] {
        let error = Store::open(&StoreConfig { url, key: KEY })
            .await
            .map(|_| ())
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
}
