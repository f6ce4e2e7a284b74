//! The first start, the second, and the ones that a crash interrupted.

use std::os::unix::fs::PermissionsExt as _;

use zun_engine::identity::{Credential, DomainRef, LoginRequest, Scope, UserRef};

use super::*;
use crate::compose;
use crate::config::{self, Surroundings};

struct World {
    dir: tempfile::TempDir,
    place: Place,
    config: Config,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::ensure(&dir.path().join("data")).unwrap();
    let around = Surroundings {
        root: false,
        home: Some(dir.path().to_path_buf()),
        state_home: None,
        config_home: None,
        host_name: "box".to_owned(),
    };
    let args = config::args().into_iter().map(|arg| arg.env(None));
    let matches = clap::Command::new("zund")
        .args(args)
        .get_matches_from(["zund"]);
    let config = config::load(&matches, None, &around).ok().unwrap().config;
    World { dir, place, config }
}

impl World {
    async fn identity(&self) -> Identity {
        let key = key(&self.place, &self.config).unwrap();
        let store = compose::store(&self.config, &self.place, key)
            .await
            .unwrap();
        compose::identity(&self.config, &store)
    }

    async fn start(&self, url: &str) -> bool {
        let identity = self.identity().await;
        administrator(&self.place, &identity, url, "RegionOne")
            .await
            .unwrap()
    }

    fn text(&self, name: &str) -> String {
        self.place.read_text(name).unwrap().unwrap_or_default()
    }

    /// Logs in with what the file says.
    async fn log_in(&self) -> bool {
        let password = password_in(&self.text(OPENRC)).unwrap();
        let user = UserRef::Name {
            name: ADMIN.to_owned(),
            domain: DomainRef::Id("default".to_owned()),
        };
        let credential = Credential::Password { user, password };
        let request = LoginRequest {
            credential,
            scope: Scope::Unsaid,
        };
        self.identity().await.login(request).await.is_ok()
    }
}

#[tokio::test]
async fn the_second_start_changes_nothing_but_the_address() {
    let world = world();
    assert!(world.start("http://127.0.0.1:1").await);
    assert!(world.log_in().await);
    let (openrc, clouds) = (world.text(OPENRC), world.text(CLOUDS));
    for name in [KEY, OPENRC, CLOUDS, DATABASE] {
        let mode = world
            .place
            .file(name)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let mode = world
        .dir
        .path()
        .join("data")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);

    assert!(!world.start("http://127.0.0.1:1").await);
    assert_eq!(
        (openrc.clone(), clouds.clone()),
        (world.text(OPENRC), world.text(CLOUDS))
    );
    assert!(!world.start("http://127.0.0.1:22").await);
    let moved = |text: &str| text.replace("127.0.0.1:1/", "127.0.0.1:22/");
    assert_eq!(world.text(OPENRC), moved(&openrc));
    assert_eq!(world.text(CLOUDS), moved(&clouds));
    assert!(world.log_in().await);
}

#[tokio::test]
async fn a_crash_before_the_database_is_mended() {
    for missing in [OPENRC, CLOUDS, ""] {
        let world = world();
        let password = Secret::random();
        let auth_url = "http://127.0.0.1:1/identity/v3";
        world
            .place
            .write(CLOUDS, clouds(auth_url, "R", &password).as_bytes())
            .unwrap();
        world
            .place
            .write(OPENRC, openrc(auth_url, "R", &password).as_bytes())
            .unwrap();
        world.place.remove(missing);
        assert!(world.start("http://127.0.0.1:2").await, "{missing}");
        assert!(world.log_in().await, "{missing}");
        let password = password_in(&world.text(OPENRC)).unwrap();
        assert!(world.text(CLOUDS).contains(password.expose()), "{missing}");
        assert!(
            world.text(CLOUDS).contains("127.0.0.1:2/identity"),
            "{missing}"
        );
    }
}

#[test]
fn ids_and_keys_last() {
    let world = world();
    let ids = compose::ids();
    let deployment_of = || deployment(&world.place, ids.as_ref()).unwrap();
    assert_eq!(deployment_of(), deployment_of());
    let first = key(&world.place, &world.config).unwrap();
    assert_eq!(first, key(&world.place, &world.config).unwrap());
    assert_ne!(first, [0; 32]);
}

#[tokio::test]
async fn a_database_without_its_key_is_not_begun_anew() {
    let world = world();
    world.start("http://127.0.0.1:1").await;
    world.place.remove(KEY);
    let message = key(&world.place, &world.config).unwrap_err().to_string();
    assert!(message.contains("secret.key is missing"), "{message}");
    world.place.write(KEY, b"short").unwrap();
    let message = key(&world.place, &world.config).unwrap_err().to_string();
    assert!(message.contains("has 5 bytes instead of 32"), "{message}");
    world.place.write(KEY, &[9; 32]).unwrap();
    let key = key(&world.place, &world.config).unwrap();
    let refused = compose::store(&world.config, &world.place, key)
        .await
        .err()
        .unwrap();
    assert!(
        format!("{refused:#}").contains("the encryption key does not fit"),
        "{refused:#}"
    );
}
