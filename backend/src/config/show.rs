//! `zund config show`: every setting, as a file that can be edited, with what it means and where its
//! value comes from. Passwords are left out.

use std::fmt::Write;

use super::key::KEYS;
use super::{Loaded, Source};

impl Loaded {
    /// The whole configuration as a commented TOML file.
    pub(crate) fn show(&self) -> String {
        let mut text = match &self.file {
            Some(file) => format!("# read from {}\n", file.display()),
            None => "# no file was read\n".to_owned(),
        };
        let mut section = "";
        for (key, source) in KEYS.iter().zip(&self.sources) {
            let (table, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
            if table != section {
                section = table;
                let _ = write!(text, "\n[{table}]");
            }
            let from = source.word();
            let _ = write!(
                text,
                "\n# {}. Takes {}.\n# {}, --{}\n",
                key.help, key.accepted, key.env, key.flag
            );
            let value = (key.get)(&self.config);
            let _ = match value {
                Some(_) if key.secret && *source != Source::Default => {
                    writeln!(text, "# {name} is set, not shown  # {from}")
                }
                Some(value) => writeln!(text, "{name} = {value}  # {from}"),
                None => writeln!(text, "# {name} =  # not set"),
            };
        }
        text
    }
}
