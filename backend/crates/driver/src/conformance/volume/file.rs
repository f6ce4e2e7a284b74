//! Files whose content users gave.

use zun_domain::volume::{FileContent, InjectedFile};

use super::{Shelf, VolumeLab};

fn file(index: u32, content: &[u8]) -> InjectedFile {
    InjectedFile {
        index,
        content: FileContent(content.to_vec()),
    }
}

/// A folder per revision; what is written twice is there once, what is removed is gone.
pub async fn files_are_written_and_removed(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let driver = &shelf.driver;
    let (container, other) = (lab.fresh_container(), lab.fresh_container());
    let first = [file(0, b"one"), file(1, &[0, 255, 10])];
    for _ in 0..2 {
        driver
            .write_files(container, 1, &first)
            .await
            .expect("written");
    }
    driver
        .write_files(container, 2, &[file(0, b"")])
        .await
        .expect("written");
    driver
        .write_files(other, 1, &[file(0, b"other")])
        .await
        .expect("written");
    let held = |container, revision, index| lab.content(&driver.file(container, revision, index));
    assert_eq!(held(container, 1, 0), Some(b"one".to_vec()));
    assert_eq!(held(container, 1, 1), Some(vec![0, 255, 10]));
    assert_eq!(held(container, 2, 0), Some(Vec::new()));

    // Nothing else stays in the folder.
    driver
        .write_files(container, 1, &[file(1, b"new")])
        .await
        .expect("written");
    assert_eq!(held(container, 1, 0), None);
    assert_eq!(held(container, 1, 1), Some(b"new".to_vec()));

    for _ in 0..2 {
        driver
            .remove_files(container, Some(2))
            .await
            .expect("removed");
    }
    assert_eq!(held(container, 1, 1), None);
    assert_eq!(held(container, 2, 0), Some(Vec::new()));
    for _ in 0..2 {
        driver.remove_files(container, None).await.expect("removed");
    }
    assert_eq!(held(container, 2, 0), None);
    assert_eq!(held(other, 1, 0), Some(b"other".to_vec()));
}
