//! How a fake container lives: its start with everything that can be in the way, its end, its restarts.

use tokio::time::Instant;
use zun_domain::container::{Health, Phase, RestartPolicyName};
use zun_domain::time::Timestamp;

use super::script::Run;
use super::state::{Key, State};
use crate::{Class, Error, Result};

/// The engine waits so long before it starts a container again, and twice as long each time after.
const RESTART_DELAY_MS: u64 = 100;
/// It never waits longer than this.
const RESTART_DELAY_LIMIT_MS: u64 = 60_000;

/// Exit code the engine writes down for what ran when the machine went down.
pub(super) const POWER_CUT: i64 = 255;

/// Something that happens by itself at its time.
pub(super) struct Due {
    pub(super) key: Key,
    /// The life it belongs to; void in any other.
    pub(super) life: u64,
    pub(super) what: Happens,
}

/// What happens.
pub(super) enum Happens {
    Exit { code: i64, oom: bool },
    Verdict(Health),
    Restart,
}

impl State {
    /// Lets everything happen whose time has come.
    pub(super) fn advance(&mut self) {
        if self.timers.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let due = entry.remove();
            self.happen(&due);
        }
    }

    fn happen(&mut self, due: &Due) {
        let Some(record) = self.containers.get_mut(&due.key) else {
            return;
        };
        if record.life != due.life {
            return;
        }
        match due.what {
            Happens::Exit { code, oom } => self.exit(due.key, code, oom),
            Happens::Verdict(health) => {
                record.health = Some(health);
                self.changed(due.key);
            }
            Happens::Restart => {
                if let Err(error) = self.begin(due.key) {
                    self.start_failed(due.key, &error);
                }
            }
        }
    }

    /// Starts it on somebody's request.
    pub(super) fn start(&mut self, key: Key) -> Result<()> {
        let record = self.record(key)?;
        if record.alive() {
            return Ok(());
        }
        record.restarts = 0;
        record.stopped_on_purpose = false;
        let begun = self.begin(key);
        if let Err(error) = &begun {
            self.start_failed(key, error);
        }
        begun
    }

    fn start_failed(&mut self, key: Key, error: &Error) {
        self.release(key);
        let Ok(record) = self.record(key) else { return };
        record.error = Some(error.message.clone());
        if record.phase == Phase::Restarting {
            record.phase = Phase::Exited;
        }
        self.changed(key);
    }

    fn begin(&mut self, key: Key) -> Result<()> {
        let script = {
            let record = self.record(key)?;
            let (container, image) = (record.request.container, record.image_id.clone());
            let by_container = self.scripts.get(&container).cloned();
            by_container.unwrap_or_else(|| self.images.script(&image))
        };
        let run = script.run.clone();
        self.record(key)?.script = script;
        self.occupy(key)?;
        if let Run::CannotStart(message) = &run {
            return Err(Error::new(Class::Refused, message.clone()));
        }
        self.running(key)?;
        if !self.use_files(key)? || !self.find_names(key)? {
            self.exit(key, 1, false);
            return Ok(());
        }
        if let Run::Exits {
            code,
            after_ms,
            oom,
        } = run
        {
            let life = self.record(key)?.life;
            if after_ms == 0 {
                self.exit(key, code, oom);
            } else {
                self.set_timer(
                    after_ms,
                    Due {
                        key,
                        life,
                        what: Happens::Exit { code, oom },
                    },
                );
            }
        }
        Ok(())
    }

    fn running(&mut self, key: Key) -> Result<()> {
        let now = self.now();
        // No two starts at the same moment, as on a real clock: who was started after whom can be told.
        let now = now.max(a_moment_after(self.latest_start));
        self.latest_start = now;
        if let Some(record) = self.containers.get(&key) {
            let attachments = record.networks.values();
            self.firewall.watch(&record.name, attachments);
        }
        let record = self.record(key)?;
        record.phase = Phase::Running;
        record.life += 1;
        record.exit_code = None;
        record.oom_killed = false;
        record.error = None;
        record.started_at = Some(now);
        let lines = record.script.output.clone();
        record.log.extend(lines.into_iter().map(|line| (now, line)));
        record.health = record
            .request
            .spec
            .healthcheck
            .as_ref()
            .map(|_| Health::Starting);
        let (life, verdict) = (record.life, record.script.health);
        if record.health.is_some()
            && let Some((verdict, after_ms)) = verdict
        {
            self.set_timer(
                after_ms,
                Due {
                    key,
                    life,
                    what: Happens::Verdict(verdict),
                },
            );
        }
        self.changed(key);
        Ok(())
    }

    /// Takes its addresses and host ports, or none of them.
    fn occupy(&mut self, key: Key) -> Result<()> {
        let record = self.record(key)?;
        let (attachments, published, mounts, name) = (
            record.networks.values().cloned().collect::<Vec<_>>(),
            record.request.published.clone(),
            record.request.mounts.clone(),
            record.name.clone(),
        );
        self.volumes.check(&mounts)?;
        self.join(key)?;
        for attachment in &attachments {
            self.networks.occupy(attachment, key)?;
        }
        self.let_stranger_listen(&published);
        for port in &published {
            if self.ports.taken(port.protocol, port.external, port.ip) {
                self.release(key);
                let at = port
                    .ip
                    .map_or_else(|| "0.0.0.0".to_owned(), |ip| ip.to_string());
                return Err(Error::new(
                    Class::Conflict,
                    format!(
                        "cannot start container {name}: bind for {at}:{} failed: port is already allocated",
                        port.external
                    ),
                ));
            }
            self.ports
                .take(port.protocol, port.external, port.ip, Some(key));
        }
        self.volumes.hold(&mounts, key);
        Ok(())
    }

    /// Gives up what only a running container holds: addresses, host ports and volumes.
    pub(super) fn release(&mut self, key: Key) {
        let Some(record) = self.containers.get(&key) else {
            return;
        };
        for port in &record.request.published {
            self.ports.release(port.protocol, port.external, Some(key));
        }
        for attachment in record.networks.values() {
            self.networks.vacate(attachment, key);
        }
        self.volumes.let_go(&record.request.mounts, key);
    }

    /// Its process ended by itself: the restart policy decides.
    pub(super) fn exit(&mut self, key: Key, code: i64, oom: bool) {
        let Ok(record) = self.record(key) else { return };
        let again = record
            .restart_policy
            .is_some_and(|policy| match policy.name {
                RestartPolicyName::No => false,
                RestartPolicyName::Always | RestartPolicyName::UnlessStopped => true,
                RestartPolicyName::OnFailure => {
                    let bound = policy.maximum_retry_count.unwrap_or_default();
                    code != 0 && (bound == 0 || record.restarts < bound)
                }
            });
        self.ended(key, code, oom);
        if again && let Ok(record) = self.record(key) {
            record.phase = Phase::Restarting;
            let delay = RESTART_DELAY_MS
                .saturating_mul(1 << record.restarts.min(16))
                .min(RESTART_DELAY_LIMIT_MS);
            record.restarts = record.restarts.saturating_add(1);
            let life = record.life;
            self.set_timer(
                delay,
                Due {
                    key,
                    life,
                    what: Happens::Restart,
                },
            );
        }
        self.changed(key);
    }

    /// It was stopped or killed on purpose: no restart policy applies.
    pub(super) fn put_to_rest(&mut self, key: Key, code: i64) {
        if let Ok(record) = self.record(key) {
            record.stopped_on_purpose = true;
        }
        self.ended(key, code, false);
        self.changed(key);
    }

    fn ended(&mut self, key: Key, code: i64, oom: bool) {
        let now = self.now();
        self.release(key);
        let Ok(record) = self.record(key) else { return };
        record.phase = Phase::Exited;
        record.life += 1;
        record.exit_code = Some(code);
        record.oom_killed = oom;
        record.finished_at = Some(now);
        if record.health.is_some() {
            record.health = Some(Health::Unhealthy);
        }
    }
}

/// The next moment that can be told from this one.
fn a_moment_after(moment: Timestamp) -> Timestamp {
    Timestamp::from_nanosecond(moment.as_nanosecond() + 1).unwrap_or(moment)
}
