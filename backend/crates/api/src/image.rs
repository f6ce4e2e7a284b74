//! The part of Glance that clients use, at `/image/v2`: images are created, described, uploaded, downloaded, listed,
//! deleted. Their data may be any archive that a Docker Engine can be made to load.
//!
//! What is not served is refused by name: visibilities beyond `private` and `public`, members, imports, locations.

pub(crate) mod data;
pub(crate) mod discovery;
pub(crate) mod images;
mod listing;
mod patch;
pub(crate) mod schema;
pub(crate) mod tags;
mod view;
mod words;

use zun_domain::id::ImageId;
use zun_engine::Call;

use crate::admit::Admitted;
use crate::error::{Answer, Problem};

/// The view in which an id is looked up: administrators see every project's.
fn sight(asked: &Admitted) -> Call {
    if asked.is_admin() {
        asked.everywhere()
    } else {
        asked.call.clone()
    }
}

/// An id as an address names it; what is none belongs to nothing.
fn id(text: &str) -> Answer<String> {
    let shown = || text.chars().take(80).collect::<String>();
    let id: ImageId = text
        .parse()
        .map_err(|_| Problem::not_found("image", shown()))?;
    Ok(id.to_string())
}
