//! From the networks that a container is on to those it should be on, while it runs.

use zun_domain::container::Observed;
use zun_domain::runtime::{Attachment, MakeNetwork, RuntimeName};

use crate::step::{Action, Step};
use crate::update::Change;

/// Connects, then disconnects, so that it is never on no network; only an address that changes on a network takes it
/// off that one first. What a hand has cut is connected again, and stays so whatever else fails.
pub(crate) fn connections(name: RuntimeName, seen: &Observed, change: &Change) -> Vec<Step> {
    let wanted = &change.make.request.attachments;
    let on = |attachment: &&Attachment| seen.networks.contains(&attachment.network);
    let kept = |former: &&Attachment| wanted.iter().any(|wish| same(wish, former));
    let leaving: Vec<&Attachment> = change.former.iter().filter(|f| !kept(f)).collect();
    let mut steps = Vec::new();
    let mut connect = Vec::new();
    for wish in wanted {
        let before = change.former.iter().find(|f| f.network == wish.network);
        let connected = on(&wish);
        if !connected {
            // A hand that cut it off may have removed the network, too.
            steps.extend(ensured(&change.make.networks, wish));
        }
        match before {
            Some(former) if same(wish, former) && connected => {}
            Some(former) if same(wish, former) => {
                let attachment = wish.clone();
                connect.push(Step::plain(Action::Connect { name, attachment }));
            }
            Some(former) => {
                connect.extend(connected.then(|| off(name, former)));
                connect.push(onto(name, wish));
            }
            None => connect.push(onto(name, wish)),
        }
    }
    let gone = |former: &&&Attachment| {
        on(former) && wanted.iter().all(|wish| wish.network != former.network)
    };
    let left: Vec<Step> = leaving
        .iter()
        .filter(gone)
        .map(|former| off(name, former))
        .collect();
    let added = wanted
        .iter()
        .any(|wish| !change.former.iter().any(|f| same(wish, f)));
    if added || change.regrouped {
        steps.push(Step::plain(Action::Guard));
    }
    steps.extend(connect);
    steps.extend(left);
    steps.extend(strangers(name, seen, change));
    steps
}

/// What a hand has connected it to is none of ours to bring back.
fn strangers(name: RuntimeName, seen: &Observed, change: &Change) -> Vec<Step> {
    let wanted = &change.make.request.attachments;
    let ours = |network: &String| {
        let mut all = wanted.iter().chain(&change.former);
        all.any(|attachment| attachment.network == *network)
    };
    let strange = seen.networks.iter().filter(|network| !ours(network));
    let off = |network: &String| {
        let network = network.clone();
        Step::plain(Action::Disconnect { name, network })
    };
    strange.map(off).collect()
}

/// Names apart: they are those of the container's making.
fn same(one: &Attachment, other: &Attachment) -> bool {
    let parts = |attachment: &Attachment| {
        let Attachment {
            network,
            ip,
            ipv6,
            mac,
            aliases: _,
        } = attachment;
        (network.clone(), *ip, *ipv6, mac.clone())
    };
    parts(one) == parts(other)
}

fn ensured(networks: &[MakeNetwork], wish: &Attachment) -> Option<Step> {
    let network = networks
        .iter()
        .find(|network| network.runtime_name() == wish.network)?;
    Some(Step::plain(Action::EnsureNetwork(network.clone())))
}

fn onto(name: RuntimeName, wish: &Attachment) -> Step {
    let (attachment, network) = (wish.clone(), wish.network.clone());
    Step::undone_by(
        Action::Connect { name, attachment },
        vec![Action::Disconnect { name, network }],
    )
}

fn off(name: RuntimeName, former: &Attachment) -> Step {
    let (attachment, network) = (former.clone(), former.network.clone());
    Step::undone_by(
        Action::Disconnect { name, network },
        vec![Action::Connect { name, attachment }],
    )
}

#[cfg(test)]
mod tests;
