//! How far a pull or a push is: the engine tells of every layer, people want one sum.

use std::collections::HashMap;

use bollard::models::CreateImageInfo;
use zun_domain::image::PullProgress;

/// The layers of a pull, by their id.
#[derive(Default)]
pub(super) struct Layers {
    by_id: HashMap<String, Layer>,
}

#[derive(Default)]
struct Layer {
    done: bool,
    bytes_done: u64,
    bytes: u64,
}

impl Layers {
    /// Takes a message of the engine in; false where it says nothing of a layer.
    pub(super) fn hear(&mut self, message: CreateImageInfo) -> bool {
        let (Some(id), Some(status)) = (message.id, message.status) else {
            return false;
        };
        if status.starts_with("Pulling from") {
            return false;
        }
        let layer = self.by_id.entry(id).or_default();
        let detail = message.progress_detail.unwrap_or_default();
        let count = |number: Option<i64>| {
            number
                .and_then(|n| u64::try_from(n).ok())
                .filter(|n| *n > 0)
        };
        match status.as_str() {
            "Downloading" => {
                layer.bytes = count(detail.total).unwrap_or(layer.bytes);
                layer.bytes_done = count(detail.current).unwrap_or(layer.bytes_done);
            }
            "Download complete" => layer.bytes_done = layer.bytes,
            "Pull complete" | "Already exists" => {
                layer.done = true;
                layer.bytes_done = layer.bytes;
            }
            _ => {}
        }
        true
    }

    pub(super) fn sum(&self) -> PullProgress {
        let mut sum = PullProgress::default();
        for layer in self.by_id.values() {
            sum.layers += 1;
            sum.layers_done += u32::from(layer.done);
            sum.bytes_done += layer.bytes_done;
            sum.bytes += layer.bytes;
        }
        sum
    }
}

/// The layers of a push. The engine's messages about them come without their ids here, so that they can only be counted.
#[derive(Default)]
pub(super) struct Pushes {
    layers: u32,
    done: u32,
}

impl Pushes {
    /// Takes the status of a message in; false where it says nothing new.
    pub(super) fn hear(&mut self, status: &str) -> bool {
        if status == "Preparing" {
            self.layers += 1;
        } else if status == "Pushed"
            || status == "Layer already exists"
            || status.starts_with("Mounted from")
        {
            self.done += 1;
        } else {
            return false;
        }
        true
    }

    pub(super) fn sum(&self) -> PullProgress {
        PullProgress {
            layers_done: self.done.min(self.layers),
            layers: self.layers,
            ..PullProgress::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ProgressDetail;

    fn say(layers: &mut Layers, id: &str, status: &str, bytes: Option<(i64, i64)>) -> bool {
        layers.hear(CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: bytes.map(|(current, total)| ProgressDetail {
                current: Some(current),
                total: Some(total),
            }),
            ..CreateImageInfo::default()
        })
    }

    #[test]
    fn progress_is_summed_over_layers() {
        let mut layers = Layers::default();
        assert!(!say(
            &mut layers,
            "latest",
            "Pulling from library/nginx",
            None
        ));
        say(&mut layers, "a", "Pulling fs layer", None);
        say(&mut layers, "b", "Already exists", None);
        say(&mut layers, "a", "Downloading", Some((10, 100)));
        let half = PullProgress {
            layers_done: 1,
            layers: 2,
            bytes_done: 10,
            bytes: 100,
        };
        assert_eq!(layers.sum(), half);
        say(&mut layers, "a", "Extracting", Some((50, 100)));
        say(&mut layers, "a", "Pull complete", None);
        let whole = PullProgress {
            layers_done: 2,
            layers: 2,
            bytes_done: 100,
            bytes: 100,
        };
        assert_eq!(layers.sum(), whole);
    }

    #[test]
    fn layers_of_a_push_are_counted() {
        let mut pushes = Pushes::default();
        let said = [
            "Preparing",
            "Preparing",
            "Waiting",
            "Pushing",
            "Layer already exists",
        ];
        let new: Vec<bool> = said.iter().map(|status| pushes.hear(status)).collect();
        assert_eq!(new, [true, true, false, false, true]);
        assert_eq!((pushes.sum().layers_done, pushes.sum().layers), (1, 2));
        assert!(pushes.hear("Pushed"));
        assert_eq!(pushes.sum().layers_done, 2);
    }
}
