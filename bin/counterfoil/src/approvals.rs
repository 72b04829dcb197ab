//! For whom a member votes by itself: whose node is at one of these hosts. What a certificate, its key and its possession must be like the
//! ledger has checked before there is a request (DC-06). Used by `speaker`; given as `node --approve-links`.

use contracts::admission::OpenLink;
use eyre::ensure;

/// Hosts of nodes that may join without anybody being asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Approvals(Vec<Hosts>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    Any,
    /// Every name that ends with this, dot included.
    Below(String),
    One(String),
}

impl Approvals {
    /// From NAME, IP address, *.DOMAIN or *.
    pub(crate) fn parse(given: &[String]) -> eyre::Result<Self> {
        given.iter().map(|text| Hosts::parse(text)).collect::<eyre::Result<_>>().map(Self)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this member approves without being asked: never of somebody who would weigh more than itself.
    pub(crate) fn cover(&self, link: &OpenLink) -> bool {
        let host = link.address.rsplit_once(':').map_or("", |(host, _)| host);
        let host = unbracketed(host).to_ascii_lowercase();
        link.weight <= link.voter_weight && self.0.iter().any(|hosts| hosts.hold(&host))
    }
}

impl Hosts {
    fn parse(text: &str) -> eyre::Result<Self> {
        let lower = text.trim().to_ascii_lowercase();
        if lower == "*" {
            return Ok(Self::Any);
        }
        let domain = lower.strip_prefix('*').filter(|domain| domain.starts_with('.'));
        let name = domain.map_or(lower.as_str(), |domain| domain.trim_start_matches('.'));
        let whole = !name.is_empty() && !name.contains('*') && name.matches(':').count() != 1;
        ensure!(whole, "{text:?} is no host of a node: NAME, IP address, *.DOMAIN or *, without a port");
        Ok(domain.map_or_else(|| Self::One(unbracketed(&lower).into()), |domain| Self::Below(domain.into())))
    }

    fn hold(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Below(domain) => host.len() > domain.len() && host.ends_with(domain.as_str()),
            Self::One(name) => host == name,
        }
    }
}

/// An IPv6 address stands in brackets where a port follows.
fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approvals(given: &[&str]) -> eyre::Result<Approvals> {
        Approvals::parse(&given.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    fn at(address: &str) -> OpenLink {
        OpenLink { address: address.into(), weight: 1, voter_weight: 1, ..OpenLink::default() }
    }

    #[test]
    fn a_host_is_approved_by_name_by_domain_or_whatever_it_is() {
        let given = approvals(&["Node.bank.example", "*.union.example", "10.0.0.7", "[fd00::7]"]).unwrap();
        for covered in ["node.BANK.example:1", "a.union.example:1", "b.a.union.example:1", "10.0.0.7:9", "[fd00::7]:1"]
        {
            assert!(given.cover(&at(covered)), "{covered}");
        }
        for other in ["bank.example:1", "union.example:1", "xunion.example:1", "10.0.0.70:9", "[fd00::8]:1", ""] {
            assert!(!given.cover(&at(other)), "{other}");
        }
        assert!(approvals(&["*"]).unwrap().cover(&at("whoever.example:1")));
        assert!(!approvals(&[]).unwrap().cover(&at("whoever.example:1")));
    }

    #[test]
    fn nobody_is_approved_who_would_weigh_more() {
        let heavy = OpenLink { weight: 2, ..at("a.example:1") };
        assert!(!approvals(&["*"]).unwrap().cover(&heavy));
        assert!(approvals(&["*"]).unwrap().cover(&OpenLink { voter_weight: 2, ..heavy }));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for wrong in ["", " ", "*.", "a.*.example", "**", "node.example:30303", "*example"] {
            assert!(approvals(&[wrong]).is_err(), "{wrong:?}");
        }
    }
}
