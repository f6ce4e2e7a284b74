//! What a fake container understands of a shell: enough to see its files and its shared memory.

use super::script::FileUse;
use super::state::{Key, State};
use zun_domain::container::Phase;

use crate::runtime::{MOST_OUTPUT, Ran, RuntimeName};
use crate::{Class, Error, Result};

/// Where a container sees its shared memory.
const SHARED_MEMORY: &str = "/dev/shm/";
/// A program that no image has.
const NO_PROGRAM: &str = "/no/such/";

impl State {
    /// Runs a command: `sh -c` with statements of `echo … [>file]`, `cat file` and `exit code`, or one of these.
    pub(super) fn exec(&mut self, name: RuntimeName, command: &[String]) -> Result<Ran> {
        let key = self.existing(&name.to_string())?;
        if self.running_record(name)?.phase == Phase::Paused {
            let sentence = format!("container {name} is paused, unpause the container before exec");
            return Err(Error::new(Class::Conflict, sentence));
        }
        let program = command.first().map(String::as_str).unwrap_or_default();
        if program.is_empty() || program.starts_with(NO_PROGRAM) {
            let sentence = format!(
                "cannot run a command in container {name}: exec: {program:?}: no such file or directory"
            );
            return Err(Error::new(Class::Refused, sentence));
        }
        let script = match command {
            [shell, option, script] if shell == "sh" && option == "-c" => script.clone(),
            words => words.join(" "),
        };
        let mut output = String::new();
        let mut exit_code = 0;
        for statement in script.split("; ") {
            if let Some(code) = statement.strip_prefix("exit ") {
                exit_code = code.trim().parse().unwrap_or(2);
                break;
            }
            exit_code = match self.statement(key, statement)? {
                Ok(printed) => {
                    output.push_str(&printed);
                    0
                }
                Err(complaint) => {
                    output.push_str(&complaint);
                    output.push('\n');
                    1
                }
            };
        }
        let cut = output.len() > MOST_OUTPUT;
        let mut output = output.into_bytes();
        output.truncate(MOST_OUTPUT);
        Ok(Ran {
            output,
            cut,
            exit_code,
        })
    }

    fn statement(
        &mut self,
        key: Key,
        statement: &str,
    ) -> Result<std::result::Result<String, String>> {
        let (verb, rest) = statement.split_once(' ').unwrap_or((statement, ""));
        match (verb, rest.split_once(" >")) {
            ("echo", Some((text, path))) => self.write_file(key, path, text),
            ("echo", None) => Ok(Ok(format!("{rest}\n"))),
            ("cat", _) => self.read_file(key, rest),
            _ => Ok(Err(format!("sh: {verb}: not found"))),
        }
    }

    fn write_file(
        &mut self,
        key: Key,
        path: &str,
        text: &str,
    ) -> Result<std::result::Result<String, String>> {
        let text = format!("{text}\n");
        if path.starts_with(SHARED_MEMORY) {
            let memory = self.memory_of(key)?;
            let files = self.memories.entry(memory).or_default();
            files.insert(path.to_owned(), text);
            return Ok(Ok(String::new()));
        }
        let mounts = self.record(key)?.request.mounts.clone();
        let path = path.to_owned();
        Ok(self.use_file(&mounts, &FileUse::Write { path, text }))
    }

    fn read_file(&mut self, key: Key, path: &str) -> Result<std::result::Result<String, String>> {
        if path.starts_with(SHARED_MEMORY) {
            let memory = self.memory_of(key)?;
            let files = self.memories.get(&memory);
            let text = files.and_then(|files| files.get(path)).cloned();
            return Ok(text.ok_or_else(|| format!("{path}: No such file or directory")));
        }
        let mounts = self.record(key)?.request.mounts.clone();
        let path = path.to_owned();
        Ok(self.use_file(&mounts, &FileUse::Print { path }))
    }
}
