//! Copies a volume that is mounted and written to.

use std::ffi::OsStr;
use std::path::Path;

use zun_domain::id::VolumeId;
use zun_driver::Result;

use super::existing;
use super::mounting::{frozen_mark, thaw_if_left};
use crate::command::run;
use crate::durable::write;
use crate::lock::Turn;
use crate::place::Places;

/// Freezes the filesystem `$1`, copies its image `$2` to `$3`, thaws it and removes the mark `$4`.
///
/// One child does all three, in a process group of its own: a zund that is killed meanwhile, even by KILL, does not
/// leave a filesystem behind whose writers wait for ever. The child is ended with it only where a service manager
/// kills everything of the service; TERM and HUP then still thaw, and after a KILL the mark tells the next zund.
const SCRIPT: &str = r#"
frozen=
end() {
    [ -z "$frozen" ] || fsfreeze --unfreeze "$1"
    rm -f -- "$2"
}
trap 'end "$1" "$4"' EXIT
trap 'exit 143' HUP INT TERM
frozen=1
fsfreeze --freeze "$1" || { frozen=; exit 1; }
cp --sparse=always --reflink=auto -- "$2" "$3"
"#;

/// Copies the image of a mounted volume as it is at one moment.
pub(super) fn copy(places: &Places, id: VolumeId, to: &Path, turn: &Turn) -> Result<()> {
    thaw_if_left(places, id, turn)?;
    let image = existing(places, id)?;
    let mark = frozen_mark(places, id)?;
    write(&mark, b"", 0o600)?;
    let point = places.point(id);
    let script = ["-c", SCRIPT, "freeze"].map(OsStr::new);
    let paths = [&*point, &image, to, &mark].map(Path::as_os_str);
    run("sh", script.into_iter().chain(paths), Some(&turn.file))
        .map(|_| ())
        .map_err(|failure| failure.told(&format!("copy volume {id} while it is mounted")))
}
