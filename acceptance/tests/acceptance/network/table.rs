//! A resource for each attribute, with the attribute before and after its edit, and what the edit has to be.
//! `PREFIX` stands for the first two numbers of addresses, `POOL1` and `POOL2` for the ids of subnet pools.

/// What the others stand on, and the data sources that look at them.
pub(super) const GROUND: &str = include_str!("ground.tf");

/// How far a workspace has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// As it is made.
    Before,
    /// After the edit.
    After,
    /// Without the attribute.
    Without,
}

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    /// Nothing: it is so already, or what was chosen once stays.
    Kept,
    /// In place.
    Live,
    /// Another one with a new id.
    Replace,
}

/// One attribute of one resource.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) noun: &'static str,
    pub(super) attribute: &'static str,
    base: &'static str,
    /// Empty: left out.
    before: &'static str,
    after: &'static str,
    edit: Edit,
    /// What becomes of it when the attribute is taken out; `None` where it has to be given, and stays.
    without: Option<Edit>,
    open: &'static [&'static str],
}

impl Line {
    /// The address of its resource.
    pub(super) fn address(&self) -> String {
        format!("zun_{}.{}", self.noun, self.attribute)
    }

    /// Its resource at a stage.
    pub(super) fn resource(&self, stage: Stage) -> String {
        let own = match stage {
            Stage::Before => self.before,
            Stage::Without if self.without.is_some() => "",
            Stage::After | Stage::Without => self.after,
        };
        let own = match own {
            "" => String::new(),
            value => format!("  {} = {value}\n", self.attribute),
        };
        format!(
            "resource \"zun_{}\" \"{}\" {{\n{}{own}}}\n\n",
            self.noun, self.attribute, self.base
        )
    }

    /// What the step to a stage is.
    pub(super) fn edit(&self, stage: Stage) -> Edit {
        match stage {
            Stage::Before => Edit::Kept,
            Stage::After => self.edit,
            Stage::Without => self.without.unwrap_or(Edit::Kept),
        }
    }

    /// What an edit in place leaves open.
    pub(super) fn open(&self, stage: Stage) -> &'static [&'static str] {
        match stage {
            Stage::After => self.open,
            Stage::Before | Stage::Without => &[],
        }
    }

    fn open_are(mut self, names: &'static [&'static str]) -> Self {
        self.open = names;
        self
    }

    fn stays(mut self) -> Self {
        self.without = Some(Edit::Kept);
        self
    }

    fn required(mut self) -> Self {
        self.without = None;
        self
    }

    fn back(mut self, edit: Edit) -> Self {
        self.without = Some(edit);
        self
    }
}

/// An attribute that can be taken out again, which is an edit like the first.
fn line(
    noun: &'static str,
    attribute: &'static str,
    base: &'static str,
    (before, after): (&'static str, &'static str),
    edit: Edit,
) -> Line {
    Line {
        noun,
        attribute,
        base,
        before,
        after,
        edit,
        without: Some(edit),
        open: &[],
    }
}

const WORDS: (&str, &str) = ("\"one\"", "\"two\"");

fn words(noun: &'static str, base: [&'static str; 2]) -> [Line; 2] {
    [
        line(noun, "name", base[0], WORDS, Edit::Live),
        line(noun, "description", base[1], WORDS, Edit::Live),
    ]
}

/// `true` is what it is when left out.
fn switch(noun: &'static str, base: &'static str) -> Line {
    line(noun, "admin_state_up", base, ("false", "true"), Edit::Live).stays()
}

fn networks() -> Vec<Line> {
    let mut all = words("network", ["", ""]).to_vec();
    all.push(switch("network", ""));
    all.push(line("network", "mtu", "", ("1400", "1300"), Edit::Live).stays());
    all
}

const SUBNET: &str = "subnet";

fn subnets() -> Vec<Line> {
    const NOUN: &str = SUBNET;
    let free = |number: usize| {
        [
            "  network_id = zun_network.free[0].id\n  cidr = \"PREFIX.10.0/24\"\n",
            "  network_id = zun_network.free[1].id\n  cidr = \"PREFIX.11.0/24\"\n",
            "  network_id = zun_network.free[2].id\n  cidr = \"PREFIX.12.0/24\"\n",
            "  network_id = zun_network.free[3].id\n  cidr = \"PREFIX.13.0/24\"\n",
            "  network_id = zun_network.free[4].id\n  cidr = \"PREFIX.14.0/24\"\n",
        ][number]
    };
    let mut all = words(NOUN, [free(0), free(1)]).to_vec();
    all.extend([
        line(
            NOUN,
            "gateway_ip",
            free(2),
            ("\"PREFIX.12.1\"", "\"PREFIX.12.254\""),
            Edit::Replace,
        )
        .stays(),
        line(
            NOUN,
            "allocation_pools",
            free(3),
            (
                "[{ start = \"PREFIX.13.10\", end = \"PREFIX.13.20\" }]",
                "[{ start = \"PREFIX.13.40\", end = \"PREFIX.13.50\" }, { start = \"PREFIX.13.10\", end = \"PREFIX.13.20\" }]",
            ),
            Edit::Live,
        )
        .stays(),
        line(
            NOUN,
            "dns_nameservers",
            free(4),
            ("[\"192.0.2.1\", \"192.0.2.2\"]", "[\"192.0.2.2\"]"),
            Edit::Live,
        ),
    ]);
    all.extend(prefixes());
    all
}

/// Where the addresses of a subnet come from.
fn prefixes() -> [Line; 5] {
    const NOUN: &str = SUBNET;
    [
        line(
            NOUN,
            "cidr",
            "  network_id = zun_network.free[5].id\n",
            ("\"PREFIX.15.0/24\"", "\"PREFIX.16.0/25\""),
            Edit::Replace,
        )
        .required(),
        line(
            NOUN,
            "network_id",
            "  cidr = \"PREFIX.17.0/24\"\n",
            ("zun_network.free[6].id", "zun_network.free[7].id"),
            Edit::Replace,
        )
        .required(),
        line(
            NOUN,
            "subnetpool_id",
            "  network_id = zun_network.free[8].id\n",
            ("\"POOL1\"", "\"POOL2\""),
            Edit::Replace,
        )
        .required(),
        line(
            NOUN,
            "prefix_length",
            "  network_id = zun_network.name.id\n  subnetpool_id = \"POOL1\"\n",
            ("25", "24"),
            Edit::Replace,
        )
        .stays(),
        line(
            NOUN,
            "ip_version",
            "  network_id = zun_network.description.id\n  cidr = \"PREFIX.18.0/24\"\n",
            ("", "4"),
            Edit::Kept,
        ),
    ]
}

fn ports() -> Vec<Line> {
    const NOUN: &str = "port";
    const BASE: &str = "  network_id = zun_subnet.ground.network_id\n";
    let mut all = words(NOUN, [BASE, BASE]).to_vec();
    all.push(switch(NOUN, BASE));
    all.extend([
        line(
            NOUN,
            "network_id",
            "",
            (
                "zun_subnet.ground.network_id",
                "zun_subnet.other.network_id",
            ),
            Edit::Replace,
        )
        .required(),
        line(
            NOUN,
            "fixed_ip",
            BASE,
            (
                "[{ ip_address = \"PREFIX.0.50\" }]",
                "[{ ip_address = \"PREFIX.0.51\" }]",
            ),
            Edit::Live,
        )
        .open_are(&["all_fixed_ips", "mac_address"])
        .stays(),
        line(
            NOUN,
            "mac_address",
            BASE,
            ("\"fa:16:3e:00:00:01\"", "\"fa:16:3e:00:00:02\""),
            Edit::Replace,
        )
        .stays(),
        line(
            NOUN,
            "security_group_ids",
            BASE,
            (
                "[zun_security_group.a.id]",
                "[zun_security_group.b.id, zun_security_group.a.id]",
            ),
            Edit::Live,
        )
        .stays(),
    ]);
    all
}

fn groups() -> Vec<Line> {
    const NOUN: &str = "security_group";
    vec![
        line(NOUN, "name", "", WORDS, Edit::Live).required(),
        line(
            NOUN,
            "description",
            "  name = \"described\"\n",
            WORDS,
            Edit::Live,
        ),
        line(
            NOUN,
            "delete_default_rules",
            "  name = \"bare\"\n",
            ("true", "false"),
            Edit::Replace,
        )
        .back(Edit::Live),
    ]
}

/// Each in a range of ports of its own: a group has no rule twice.
fn rules() -> Vec<Line> {
    const NOUN: &str = "security_group_rule";
    let base = |number: usize| {
        [
            "  direction = \"ingress\"\n  protocol = \"tcp\"\n  port_range_min = 100\n  port_range_max = 199\n",
            "  security_group_id = zun_security_group.a.id\n  protocol = \"tcp\"\n  port_range_min = 200\n  port_range_max = 299\n",
            "  security_group_id = zun_security_group.a.id\n  direction = \"ingress\"\n  protocol = \"tcp\"\n  port_range_min = 300\n  port_range_max = 399\n",
            "  security_group_id = zun_security_group.a.id\n  direction = \"ingress\"\n  port_range_min = 400\n  port_range_max = 499\n",
            "  security_group_id = zun_security_group.a.id\n  direction = \"ingress\"\n  protocol = \"tcp\"\n  port_range_max = 599\n",
            "  security_group_id = zun_security_group.a.id\n  direction = \"ingress\"\n  protocol = \"tcp\"\n  port_range_min = 600\n",
            "  security_group_id = zun_security_group.a.id\n  direction = \"ingress\"\n  protocol = \"tcp\"\n  port_range_min = 700\n  port_range_max = 799\n",
            "  security_group_id = zun_security_group.a.id\n  direction = \"ingress\"\n  protocol = \"tcp\"\n  port_range_min = 800\n  port_range_max = 899\n",
            "  security_group_id = zun_security_group.a.id\n  direction = \"ingress\"\n  protocol = \"tcp\"\n  port_range_min = 900\n  port_range_max = 999\n",
        ][number]
    };
    let of = |attribute, number, values| line(NOUN, attribute, base(number), values, Edit::Replace);
    vec![
        of(
            "security_group_id",
            0,
            ("zun_security_group.a.id", "zun_security_group.b.id"),
        )
        .required(),
        of("direction", 1, ("\"ingress\"", "\"egress\"")).required(),
        of("ethertype", 2, ("\"IPv4\"", "\"IPv6\"")),
        of("protocol", 3, ("\"tcp\"", "\"udp\"")).required(),
        of("port_range_min", 4, ("500", "550")).required(),
        of("port_range_max", 5, ("650", "699")).required(),
        of(
            "remote_ip_prefix",
            6,
            ("\"PREFIX.0.0/24\"", "\"PREFIX.1.0/24\""),
        ),
        of(
            "remote_group_id",
            7,
            ("zun_security_group.a.id", "zun_security_group.b.id"),
        ),
        of("description", 8, WORDS),
    ]
}

fn routers() -> Vec<Line> {
    const NOUN: &str = "router";
    let mut all = words(NOUN, ["", ""]).to_vec();
    all.push(switch(NOUN, ""));
    all.extend([
        line(
            NOUN,
            "subnet_ids",
            "",
            (
                "[zun_subnet.joined[0].id, zun_subnet.joined[1].id]",
                "[zun_subnet.joined[2].id, zun_subnet.joined[1].id]",
            ),
            Edit::Live,
        ),
        line(
            NOUN,
            "external_network_id",
            "",
            ("", "data.zun_network.outside.id"),
            Edit::Live,
        )
        .open_are(&["external_fixed_ip"]),
        // Its networks have the floating IPs below.
        line(
            NOUN,
            "enable_snat",
            "  name = \"ground\"\n  external_network_id = data.zun_network.outside.id\n  subnet_ids = [zun_subnet.ground.id]\n",
            ("true", "false"),
            Edit::Live,
        )
        .stays(),
    ]);
    all
}

fn floating_ips() -> Vec<Line> {
    const NOUN: &str = "floating_ip";
    const LED: &str = "  depends_on = [zun_router.enable_snat]\n";
    vec![
        line(NOUN, "description", "", WORDS, Edit::Live),
        line(
            NOUN,
            "pool",
            "",
            ("", "data.zun_network.outside.name"),
            Edit::Kept,
        ),
        line(
            NOUN,
            "address",
            "",
            (
                "cidrhost(data.zun_subnet.outside.cidr, 6)",
                "cidrhost(data.zun_subnet.outside.cidr, 7)",
            ),
            Edit::Replace,
        )
        .stays(),
        line(
            NOUN,
            "port_id",
            LED,
            ("zun_port.one.id", "zun_port.two.id"),
            Edit::Live,
        )
        .open_are(&["fixed_ip"]),
        line(
            NOUN,
            "fixed_ip",
            "  port_id = zun_port.three.id\n  depends_on = [zun_router.enable_snat]\n",
            ("", "\"PREFIX.0.63\""),
            Edit::Kept,
        ),
    ]
}

/// All of them.
pub(super) fn lines() -> Vec<Line> {
    [
        networks(),
        subnets(),
        ports(),
        groups(),
        rules(),
        routers(),
        floating_ips(),
    ]
    .concat()
}
