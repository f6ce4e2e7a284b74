//! Subnet pools: made, described, deleted, and prefixes cut from them.

use ipnet::IpNet;
use zun_domain::id::{ProjectId, SubnetPoolId};
use zun_domain::network::{SubnetPool, free_prefix, overlaps};
use zun_store::Tx;

use super::prefix::lengths;
use super::subnet::CreateSubnet;
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, NetworkRule, Result};

/// A subnet pool to be made.
#[derive(Debug, Clone)]
pub struct CreateSubnetPool {
    /// Its owner.
    pub project: ProjectId,
    /// Name; not unique.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// What it consists of.
    pub prefixes: Vec<IpNet>,
    /// Length of a subnet's prefix where none is asked for; the shortest where none is given.
    pub default_prefixlen: Option<u8>,
    /// The shortest; /16, or /64 in IPv6, where none is given.
    pub min_prefixlen: Option<u8>,
    /// The longest; as long as a subnet may have, where none is given.
    pub max_prefixlen: Option<u8>,
    /// Every project may use it.
    pub shared: bool,
}

/// What changes about a pool. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct UpdateSubnetPool {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New prefixes, which hold those that are there.
    pub prefixes: Option<Vec<IpNet>>,
    /// New length where none is asked for.
    pub default_prefixlen: Option<u8>,
    /// New shortest.
    pub min_prefixlen: Option<u8>,
    /// New longest.
    pub max_prefixlen: Option<u8>,
}

/// The shortest IPv6 prefix of a pool that says nothing about it, as in Neutron.
const MIN_V6: u8 = 64;

impl Engine {
    /// Makes a pool.
    pub async fn subnet_pool_create(&self, ask: CreateSubnetPool) -> Result<SubnetPool> {
        let prefixes = tidy(&ask.prefixes)?;
        let v4 = is_v4(&prefixes);
        let lengths = lengths(v4);
        let min = ask
            .min_prefixlen
            .unwrap_or(if v4 { *lengths.start() } else { MIN_V6 });
        let pool = SubnetPool {
            id: SubnetPoolId(self.ids.uuid()),
            project: ask.project,
            name: ask.name,
            description: ask.description,
            prefixes,
            default_prefixlen: ask.default_prefixlen.unwrap_or(min),
            min_prefixlen: min,
            max_prefixlen: ask.max_prefixlen.unwrap_or(*lengths.end()),
            shared: ask.shared,
            created_at: self.clock.now(),
            updated_at: None,
        };
        check_lengths(&pool)?;
        let mut tx = self.store.begin().await?;
        tx.subnet_pool_insert(&pool).await?;
        tx.commit().await?;
        Ok(pool)
    }

    /// Changes a pool. Subnets that were cut from it stay as they are.
    pub async fn subnet_pool_update(
        &self,
        call: &Call,
        id: SubnetPoolId,
        ask: UpdateSubnetPool,
    ) -> Result<SubnetPool> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut pool = own_pool(&tx, call, id).await?;
        if let Some(name) = ask.name {
            pool.name = name;
        }
        if let Some(description) = ask.description {
            pool.description = description;
        }
        if let Some(prefixes) = ask.prefixes {
            pool.prefixes = wider(&pool, &prefixes)?;
        }
        pool.min_prefixlen = ask.min_prefixlen.unwrap_or(pool.min_prefixlen);
        pool.max_prefixlen = ask.max_prefixlen.unwrap_or(pool.max_prefixlen);
        pool.default_prefixlen = ask.default_prefixlen.unwrap_or(pool.default_prefixlen);
        check_lengths(&pool)?;
        pool.updated_at = Some(self.clock.now());
        tx.subnet_pool_update(&pool).await?;
        tx.commit().await?;
        Ok(pool)
    }

    /// Deletes a pool that no subnet is cut from.
    pub async fn subnet_pool_delete(&self, call: &Call, id: SubnetPoolId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let pool = own_pool(&tx, call, id).await?;
        let subnets = tx.subnet_list(None).await?;
        let cut = subnets.iter().filter(|subnet| subnet.pool == Some(id));
        let count = cut.count();
        if count > 0 {
            return Err(NetworkRule::SubnetPoolDeleteError.because(format!(
                "subnet pool {id} is in use: {count} subnets are cut from it; delete them first"
            )));
        }
        tx.subnet_pool_delete(pool.id).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// A pool that the caller may change. One that is only shared with it is somebody else's.
async fn own_pool(tx: &Tx, call: &Call, id: SubnetPoolId) -> Result<SubnetPool> {
    let pool = call.subnet_pool(tx, id).await?;
    if call.sees(pool.project) {
        return Ok(pool);
    }
    Err(Error::Conflict(format!(
        "subnet pool {id} belongs to another project, which shares it: subnets can be cut from it, but it cannot be changed"
    )))
}

fn is_v4(prefixes: &[IpNet]) -> bool {
    prefixes.iter().all(|prefix| prefix.addr().is_ipv4())
}

/// Prefixes of one family, without host bits, in order, none inside of another.
fn tidy(prefixes: &[IpNet]) -> Result<Vec<IpNet>> {
    const FIELD: &str = "prefixes";
    if prefixes.is_empty() {
        return Err(Error::invalid(
            FIELD,
            "is empty: at least one prefix is expected, such as 10.64.0.0/12",
        ));
    }
    let v4 = prefixes[0].addr().is_ipv4();
    if let Some(other) = prefixes.iter().find(|net| net.addr().is_ipv4() != v4) {
        return Err(Error::invalid(
            FIELD,
            format!(
                "{} and {other} are of two families; a pool has one, so make another for the other",
                prefixes[0]
            ),
        ));
    }
    let plain: Vec<IpNet> = prefixes.iter().map(IpNet::trunc).collect();
    for (index, one) in plain.iter().enumerate() {
        if let Some(other) = plain
            .iter()
            .skip(index + 1)
            .find(|other| overlaps(one, other))
        {
            return Err(Error::invalid(
                FIELD,
                format!("{one} and {other} overlap; give each address once"),
            ));
        }
    }
    let mut plain = plain;
    plain.sort();
    Ok(plain)
}

/// The new prefixes of a pool, which may only become more.
fn wider(pool: &SubnetPool, asked: &[IpNet]) -> Result<Vec<IpNet>> {
    let prefixes = tidy(asked)?;
    let held = |former: &&IpNet| !prefixes.iter().any(|net| net.contains(*former));
    match pool.prefixes.iter().find(held) {
        None => Ok(prefixes),
        Some(former) => Err(Error::invalid(
            "prefixes",
            format!(
                "{former} is missing: subnets may be cut from it, so prefixes can be added or widened, not taken away"
            ),
        )),
    }
}

fn check_lengths(pool: &SubnetPool) -> Result<()> {
    let lengths = lengths(is_v4(&pool.prefixes));
    let (min, default, max) = (
        pool.min_prefixlen,
        pool.default_prefixlen,
        pool.max_prefixlen,
    );
    for (field, length) in [
        ("min_prefixlen", min),
        ("default_prefixlen", default),
        ("max_prefixlen", max),
    ] {
        if !lengths.contains(&length) {
            return Err(Error::invalid(
                field,
                format!(
                    "{length} is no length of a subnet's prefix: {} to {} are accepted",
                    lengths.start(),
                    lengths.end()
                ),
            ));
        }
    }
    if min <= default && default <= max {
        return Ok(());
    }
    let field = if min > max {
        "min_prefixlen"
    } else {
        "default_prefixlen"
    };
    Err(Error::invalid(
        field,
        format!(
            "min_prefixlen ({min}), default_prefixlen ({default}) and max_prefixlen ({max}) are expected in this order"
        ),
    ))
}

/// A free prefix of the pool, or the one that is asked for.
pub(super) async fn cut(
    tx: &Tx,
    pool: &SubnetPool,
    ask: &CreateSubnet,
    in_use: &[IpNet],
) -> Result<IpNet> {
    if is_v4(&pool.prefixes) != ask.v4 {
        let (of_pool, asked) = if ask.v4 { (6, 4) } else { (4, 6) };
        return Err(Error::invalid(
            "ip_version",
            format!(
                "{asked} cannot be cut from subnet pool {}, which is of IPv{of_pool}",
                pool.id
            ),
        ));
    }
    let length = match ask.cidr {
        Some(cidr) => cidr.prefix_len(),
        None => ask.prefixlen.unwrap_or(pool.default_prefixlen),
    };
    let (min, max) = (pool.min_prefixlen, pool.max_prefixlen);
    if !(min..=max).contains(&length) {
        let field = if ask.cidr.is_some() {
            "cidr"
        } else {
            "prefixlen"
        };
        return Err(Error::invalid(
            field,
            format!(
                "/{length} cannot be cut from subnet pool {}: /{min} to /{max} are accepted",
                pool.id
            ),
        ));
    }
    if let Some(cidr) = ask.cidr {
        return held(pool, cidr);
    }
    let mut taken = tx.subnets_taken().await?;
    taken.extend(in_use);
    let free = pool
        .prefixes
        .iter()
        .find_map(|prefix| free_prefix(*prefix, length, &taken));
    free.ok_or_else(|| {
        NetworkRule::SubnetAllocationError.because(format!(
            "no free /{length} is left in subnet pool {} ({}); ask for a longer prefixlen, or add prefixes to the pool",
            pool.id,
            written(&pool.prefixes)
        ))
    })
}

/// The prefix that is asked for, which has to be in the pool.
fn held(pool: &SubnetPool, cidr: IpNet) -> Result<IpNet> {
    if pool.prefixes.iter().any(|prefix| prefix.contains(&cidr)) {
        return Ok(cidr);
    }
    Err(Error::invalid(
        "cidr",
        format!(
            "{cidr} is not in subnet pool {}: {}; leave cidr out to have one cut",
            pool.id,
            written(&pool.prefixes)
        ),
    ))
}

fn written(prefixes: &[IpNet]) -> String {
    let texts: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
