//! Images that a caller can see: its project's, and the public ones.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use zun_domain::id::{ImageId, ProjectId};
use zun_domain::image::{Image, ImageLife, Visibility};
use zun_domain::time::Timestamp;

use super::one_of;
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// What images are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageOrder {
    /// Identity.
    Id,
    /// Name.
    Name,
    /// Where it stands, in Glance's words.
    Status,
    /// The wrapping.
    ContainerFormat,
    /// The format inside.
    DiskFormat,
    /// Bytes of its data.
    Size,
    /// When it was created.
    CreatedAt,
    /// When it changed last.
    UpdatedAt,
}

impl ImageOrder {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Id,
        Self::Name,
        Self::Status,
        Self::ContainerFormat,
        Self::DiskFormat,
        Self::Size,
        Self::CreatedAt,
        Self::UpdatedAt,
    ];

    /// The word on the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Status => "status",
            Self::ContainerFormat => "container_format",
            Self::DiskFormat => "disk_format",
            Self::Size => "size",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
        }
    }

    fn compare(self, one: &Image, other: &Image) -> Ordering {
        match self {
            Self::Id => one.id.cmp(&other.id),
            Self::Name => one.name.cmp(&other.name),
            Self::Status => one.life.glance().cmp(other.life.glance()),
            Self::ContainerFormat => one.container_format.cmp(&other.container_format),
            Self::DiskFormat => one.disk_format.cmp(&other.disk_format),
            Self::Size => size(one).cmp(&size(other)),
            Self::CreatedAt => one.created_at.cmp(&other.created_at),
            Self::UpdatedAt => one.updated_at.cmp(&other.updated_at),
        }
    }
}

fn size(image: &Image) -> u64 {
    image.facts.as_ref().map_or(0, |facts| facts.size)
}

/// Which images, in which order, from where on. An empty set asks for nothing.
#[derive(Debug, Clone, Default)]
pub struct ImageFilter {
    /// One of these ids.
    pub ids: BTreeSet<ImageId>,
    /// One of these names.
    pub names: BTreeSet<String>,
    /// One of these statuses, in Glance's words.
    pub statuses: BTreeSet<String>,
    /// One of these wrappings.
    pub container_formats: BTreeSet<String>,
    /// One of these formats.
    pub disk_formats: BTreeSet<String>,
    /// Who may use it.
    pub visibility: Option<Visibility>,
    /// Owner.
    pub owner: Option<ProjectId>,
    /// Tags that it must have, all of them.
    pub tags: BTreeSet<String>,
    /// Protected or not.
    pub protected: Option<bool>,
    /// Those that are left out otherwise, and no others.
    pub hidden: bool,
    /// MD5 of the data.
    pub checksum: Option<String>,
    /// SHA-512 of the data.
    pub hash: Option<String>,
    /// Least bytes.
    pub size_min: Option<u64>,
    /// Most bytes.
    pub size_max: Option<u64>,
    /// Bounds of when it was created: which orderings to it are right.
    pub created_at: Vec<(Timestamp, Vec<Ordering>)>,
    /// Bounds of when it changed.
    pub updated_at: Vec<(Timestamp, Vec<Ordering>)>,
    /// Properties that it must have.
    pub properties: BTreeMap<String, String>,
    /// By what, each with whether it goes down. Equals, and all where none is given: the newest first.
    pub order: Vec<(ImageOrder, bool)>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Those after this one.
    pub marker: Option<ImageId>,
}

fn one_in(all: &BTreeSet<String>, text: Option<&str>) -> bool {
    all.is_empty() || text.is_some_and(|text| all.contains(text))
}

fn within(bounds: &[(Timestamp, Vec<Ordering>)], at: Timestamp) -> bool {
    bounds
        .iter()
        .all(|(bound, right)| right.contains(&at.cmp(bound)))
}

impl ImageFilter {
    fn fits(&self, image: &Image) -> bool {
        self.fits_words(image) && self.fits_facts(image)
    }

    fn fits_words(&self, image: &Image) -> bool {
        let has = |(key, value): (&String, &String)| image.properties.get(key) == Some(value);
        one_in(&self.names, Some(&image.name))
            && one_in(&self.container_formats, image.container_format.as_deref())
            && one_in(&self.disk_formats, image.disk_format.as_deref())
            && self
                .visibility
                .is_none_or(|asked| asked == image.visibility)
            && self.protected.is_none_or(|asked| asked == image.protected)
            && self.hidden == image.hidden
            && self.tags.is_subset(&image.tags)
            && self.properties.iter().all(has)
    }

    fn fits_facts(&self, image: &Image) -> bool {
        let facts = image.facts.as_ref();
        let checksum = facts.map(|facts| facts.md5.as_str());
        let hash = facts.map(|facts| facts.sha512.as_str());
        (self.ids.is_empty() || self.ids.contains(&image.id))
            && one_in(&self.statuses, Some(image.life.glance()))
            && self.owner.is_none_or(|owner| owner == image.project)
            && self
                .checksum
                .as_deref()
                .is_none_or(|asked| Some(asked) == checksum)
            && self.hash.as_deref().is_none_or(|asked| Some(asked) == hash)
            && self.size_min.is_none_or(|least| size(image) >= least)
            && self.size_max.is_none_or(|most| size(image) <= most)
            && within(&self.created_at, image.created_at)
            && within(&self.updated_at, image.updated_at)
    }

    fn compare(&self, one: &Image, other: &Image) -> Ordering {
        let keys = self.order.iter().map(|(key, descending)| {
            let ordering = key.compare(one, other);
            if *descending {
                ordering.reverse()
            } else {
                ordering
            }
        });
        keys.fold(Ordering::Equal, Ordering::then)
    }
}

impl Engine {
    /// An image by uuid or name that the caller may use. One that is being deleted is gone.
    pub async fn image_get(&self, call: &Call, ident: &str) -> Result<Image> {
        let project = call.visible();
        if let Ok(id) = ident.parse::<ImageId>() {
            let found = self.store.image_find(id).await?;
            return found
                .filter(|image| project.is_none_or(|project| image.is_visible_to(project)))
                .filter(|image| image.life != ImageLife::Deleting)
                .ok_or_else(|| Error::not_found("image", ident));
        }
        let mut named = self.store.image_list(project).await?;
        named.retain(|image| image.name == ident && image.life != ImageLife::Deleting);
        one_of(named, "image", ident)
    }

    /// Images that the caller may use.
    pub async fn image_list(&self, call: &Call, filter: &ImageFilter) -> Result<Vec<Image>> {
        let mut all = self.store.image_list(call.visible()).await?;
        all.retain(|image| image.life != ImageLife::Deleting);
        all.reverse();
        all.sort_by(|one, other| filter.compare(one, other));
        let from = match filter.marker {
            None => 0,
            Some(marker) => {
                let at = all.iter().position(|image| image.id == marker);
                at.ok_or_else(|| {
                    Error::invalid(
                        "marker",
                        format!("{marker} is none of these: the id of the last one of the page before is expected"),
                    )
                })? + 1
            }
        };
        let found = all
            .into_iter()
            .skip(from)
            .filter(|image| filter.fits(image));
        Ok(found.take(filter.limit.unwrap_or(usize::MAX)).collect())
    }
}
