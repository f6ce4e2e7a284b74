//! What of a network refuses a change, by the names under which Neutron's clients know it.

/// Which rule refused. Each but those that are [`NetworkRule::is_absence`] is a conflict with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkRule {
    /// Ports are in the group.
    SecurityGroupInUse,
    /// The default group stays.
    SecurityGroupCannotRemoveDefault,
    /// The default group keeps its name.
    SecurityGroupCannotUpdateDefault,
    /// The name of the default group is given to no other.
    SecurityGroupDefaultAlreadyExists,
    /// The group has such a rule.
    SecurityGroupRuleExists,
    /// The router has interfaces, or floating IPs need it.
    RouterInUse,
    /// Floating IPs need the router's gateway.
    RouterExternalGatewayInUseByFloatingIp,
    /// Floating IPs need the router's interface.
    RouterInterfaceInUseByFloatingIP,
    /// The port is no interface of the router.
    RouterInterfaceNotFound,
    /// The router has no interface on the subnet.
    RouterInterfaceNotFoundForSubnet,
    /// Port and subnet of an interface do not belong together.
    SubnetMismatchForPort,
    /// Something has the port.
    PortInUse,
    /// Something has the address.
    IpAddressInUse,
    /// No address of the outside is left, or there never was one.
    ExternalIpAddressExhausted,
    /// The address of the port has a floating IP.
    FloatingIPPortAlreadyAssociated,
    /// Nothing leads from the outside to the port.
    ExternalGatewayForFloatingIPNotFound,
}

impl NetworkRule {
    /// Neutron's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecurityGroupInUse => "SecurityGroupInUse",
            Self::SecurityGroupCannotRemoveDefault => "SecurityGroupCannotRemoveDefault",
            Self::SecurityGroupCannotUpdateDefault => "SecurityGroupCannotUpdateDefault",
            Self::SecurityGroupDefaultAlreadyExists => "SecurityGroupDefaultAlreadyExists",
            Self::SecurityGroupRuleExists => "SecurityGroupRuleExists",
            Self::RouterInUse => "RouterInUse",
            Self::RouterExternalGatewayInUseByFloatingIp => {
                "RouterExternalGatewayInUseByFloatingIp"
            }
            Self::RouterInterfaceInUseByFloatingIP => "RouterInterfaceInUseByFloatingIP",
            Self::RouterInterfaceNotFound => "RouterInterfaceNotFound",
            Self::RouterInterfaceNotFoundForSubnet => "RouterInterfaceNotFoundForSubnet",
            Self::SubnetMismatchForPort => "SubnetMismatchForPort",
            Self::PortInUse => "PortInUse",
            Self::IpAddressInUse => "IpAddressInUse",
            Self::ExternalIpAddressExhausted => "ExternalIpAddressExhausted",
            Self::FloatingIPPortAlreadyAssociated => "FloatingIPPortAlreadyAssociated",
            Self::ExternalGatewayForFloatingIPNotFound => "ExternalGatewayForFloatingIPNotFound",
        }
    }

    /// It says that something is not there.
    pub fn is_absence(self) -> bool {
        matches!(
            self,
            Self::RouterInterfaceNotFound
                | Self::RouterInterfaceNotFoundForSubnet
                | Self::ExternalGatewayForFloatingIPNotFound
        )
    }

    /// The refusal with its sentence.
    pub(crate) fn because(self, message: impl Into<String>) -> super::Error {
        super::Error::Network {
            rule: self,
            message: message.into(),
        }
    }
}
