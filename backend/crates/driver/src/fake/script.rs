//! What the process of a fake container does.

use zun_domain::container::Health;
use zun_domain::unit::MemoryMib;

/// How a process goes on after it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// Runs until a signal asks it to stop, then ends with code 0.
    UntilTerm,
    /// Ignores every signal but KILL.
    UntilKill,
    /// Ends by itself.
    Exits {
        /// With this code.
        code: i64,
        /// So long after its start, in milliseconds; 0 is before the call of `start` returns.
        after_ms: u64,
        /// Because the kernel ended it for lack of memory.
        oom: bool,
    },
    /// Cannot be executed: `start` is refused with this message.
    CannotStart(String),
}

/// A line that a process prints when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// To standard error rather than standard output.
    pub stderr: bool,
    /// The line, without its end.
    pub text: String,
}

/// Something that a process does with a file below one of its mounts, by its path in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileUse {
    /// Writes this text into it, in place of what it held.
    Write {
        /// Which.
        path: String,
        /// The text.
        text: String,
    },
    /// Prints its lines.
    Print {
        /// Which.
        path: String,
    },
}

/// Everything a test may decide about a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// How it goes on.
    pub run: Run,
    /// The verdict of its health check, and so many milliseconds after the start. Read only where the
    /// specification has a health check; `None` leaves it at starting for ever.
    pub health: Option<(Health, u64)>,
    /// What it prints.
    pub output: Vec<Line>,
    /// The memory it uses: a limit below is refused.
    pub memory_used: MemoryMib,
    /// What it does with files below its mounts when it starts, in this order. Where one fails it says why on
    /// standard error and ends with code 1.
    pub files: Vec<FileUse>,
    /// Names it looks up on its networks when it starts. Where one is not found it says so on standard error and ends
    /// with code 1.
    pub names: Vec<String>,
    /// The port it listens on, and what it says to whoever connects.
    pub listens: Option<(u16, String)>,
}

impl Default for Script {
    /// Runs until TERM, healthy at once, silent, using 1 MiB.
    fn default() -> Self {
        Self {
            run: Run::UntilTerm,
            health: Some((Health::Healthy, 0)),
            output: Vec::new(),
            memory_used: MemoryMib(1),
            files: Vec::new(),
            names: Vec::new(),
            listens: None,
        }
    }
}

impl Script {
    /// Ends at once with this code.
    pub fn exits(code: i64) -> Self {
        Self {
            run: Run::Exits {
                code,
                after_ms: 0,
                oom: false,
            },
            ..Self::default()
        }
    }

    /// Cannot be executed, for this reason.
    pub fn cannot_start(message: &str) -> Self {
        Self {
            run: Run::CannotStart(message.to_owned()),
            ..Self::default()
        }
    }

    /// Prints these lines to standard output when it starts.
    #[must_use]
    pub fn prints(mut self, lines: &[&str]) -> Self {
        self.output.extend(lines.iter().map(|text| Line {
            stderr: false,
            text: (*text).to_owned(),
        }));
        self
    }

    /// Writes a file below one of its mounts when it starts.
    #[must_use]
    pub fn writes(mut self, path: &str, text: &str) -> Self {
        let (path, text) = (path.to_owned(), text.to_owned());
        self.files.push(FileUse::Write { path, text });
        self
    }

    /// Prints a file below one of its mounts when it starts.
    #[must_use]
    pub fn reads(mut self, path: &str) -> Self {
        let path = path.to_owned();
        self.files.push(FileUse::Print { path });
        self
    }

    /// Looks a name up on its networks when it starts.
    #[must_use]
    pub fn finds(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// Says this to whoever connects to the port.
    #[must_use]
    pub fn listens(mut self, port: u16, says: &str) -> Self {
        self.listens = Some((port, says.to_owned()));
        self
    }

    /// Gets this verdict so many milliseconds after its start.
    #[must_use]
    pub fn health(mut self, verdict: Health, after_ms: u64) -> Self {
        self.health = Some((verdict, after_ms));
        self
    }
}
