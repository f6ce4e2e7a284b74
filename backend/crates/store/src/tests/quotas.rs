//! Limits of projects and classes.

use zun_domain::quota::LimitSet;

use super::database::each;
use super::sample::project;

#[test]
fn limits_are_set_replaced_and_deleted() {
    each(async |db| {
        let some = LimitSet {
            cpu: Some(4),
            disk: Some(-1),
            ..LimitSet::default()
        };
        let other = LimitSet {
            memory: Some(1),
            ..LimitSet::default()
        };
        let none = LimitSet::default();
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(tx.quota_find(project(1)).await.unwrap(), none);
        tx.quota_set(project(1), &some).await.unwrap();
        tx.quota_class_set("default", &other).await.unwrap();
        assert_eq!(tx.quota_find(project(1)).await.unwrap(), some);
        assert_eq!(tx.quota_find(project(2)).await.unwrap(), none);
        assert_eq!(tx.quota_class_find("default").await.unwrap(), other);
        for (number, own) in [(1, some), (2, none)] {
            let both = tx.quota_find_with_class(project(number), "default");
            assert_eq!(both.await.unwrap(), (own, other));
        }
        tx.quota_set(project(1), &other).await.unwrap();
        assert_eq!(tx.quota_find(project(1)).await.unwrap(), other);
        tx.quota_set(project(1), &none).await.unwrap();
        assert_eq!(tx.quota_find(project(1)).await.unwrap(), none);
        tx.quota_delete(project(1)).await.unwrap();
        tx.quota_class_delete("default").await.unwrap();
        assert_eq!(tx.quota_class_find("default").await.unwrap(), none);
    });
}
