//! What users say about an image, one word at a time.

use std::collections::BTreeSet;

use zun_domain::image::{Image, Visibility};

use crate::error::{Error, Result};

/// Most properties and tags of an image, as in Glance.
const MOST: usize = 128;
/// Most characters of a name, a tag, a property.
const LONGEST: usize = 255;

/// One change of what is said about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageEdit {
    /// Its name; empty for none.
    Name(String),
    /// Who may use it.
    Visibility(Visibility),
    /// Whether it may be deleted.
    Protected(bool),
    /// Whether lists leave it out.
    Hidden(bool),
    /// The wrapping.
    ContainerFormat(Option<String>),
    /// The format inside.
    DiskFormat(Option<String>),
    /// GiB.
    MinDisk(u32),
    /// MiB.
    MinRam(u32),
    /// All of its tags.
    Tags(BTreeSet<String>),
    /// One tag more.
    AddTag(String),
    /// One tag less, which must be there.
    RemoveTag(String),
    /// A property, there or not.
    SetProperty(String, String),
    /// A property that must be there.
    ReplaceProperty(String, String),
    /// A property less, which must be there.
    RemoveProperty(String),
}

impl ImageEdit {
    pub(super) fn apply(self, image: &mut Image) -> Result<()> {
        match self {
            Self::Name(name) => image.name = bounded("name", name)?,
            Self::Visibility(visibility) => image.visibility = visibility,
            Self::Protected(protected) => image.protected = protected,
            Self::Hidden(hidden) => image.hidden = hidden,
            Self::ContainerFormat(format) => image.container_format = format,
            Self::DiskFormat(format) => image.disk_format = format,
            Self::MinDisk(least) => image.min_disk = least,
            Self::MinRam(least) => image.min_ram = least,
            Self::Tags(tags) => {
                let tags = tags.into_iter().map(|tag| bounded("tags", tag));
                image.tags = tags.collect::<Result<_>>()?;
            }
            Self::AddTag(tag) => {
                image.tags.insert(bounded("tags", tag)?);
            }
            Self::RemoveTag(tag) => {
                if !image.tags.remove(&tag) {
                    return Err(Error::not_found("tag", tag));
                }
            }
            Self::SetProperty(name, value) => {
                let name = bounded(&name.clone(), name)?;
                image.properties.insert(name, value);
            }
            Self::ReplaceProperty(name, value) => match image.properties.get_mut(&name) {
                Some(property) => *property = value,
                None => return Err(no_property(&name)),
            },
            Self::RemoveProperty(name) => {
                if image.properties.remove(&name).is_none() {
                    return Err(no_property(&name));
                }
            }
        }
        let (tags, properties) = (image.tags.len(), image.properties.len());
        if tags > MOST || properties > MOST {
            return Err(Error::TooLarge(format!(
                "an image has at most {MOST} tags and {MOST} properties, and this one would have {tags} and {properties}"
            )));
        }
        Ok(())
    }
}

fn no_property(name: &str) -> Error {
    Error::Conflict(format!(
        "the image has no property {name:?}; add it instead of replacing or removing it"
    ))
}

fn bounded(field: &str, text: String) -> Result<String> {
    let length = text.chars().count();
    if length <= LONGEST {
        return Ok(text);
    }
    Err(Error::invalid(
        field,
        format!("has {length} characters; at most {LONGEST} are accepted"),
    ))
}
