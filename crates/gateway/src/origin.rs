//! Who may ask: the Host header against DNS rebinding, the Origin header against foreign pages, the content type against
//! forms. Called by `http` before anything is read from a body.
//!
//! A browser sends Origin with every POST and every WebSocket, and asks first (preflight) before it posts JSON across sites.
//! So: foreign pages cannot post what needs no asking (415), are not told that they may (no CORS headers), and get no
//! WebSocket (403). Programs send no Origin and are not concerned. Rules: Fetch standard, RFC 6454, RFC 6455 section 10.2.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// Which hosts and pages are let in, from the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Names or addresses (without brackets or port) under which this node may be reached, besides localhost and the address that it
    /// listens on; `*` is any.
    pub hosts: Vec<String>,
    /// Origins whose pages may read answers, such as `https://app.example`; `*` is any page, which then still may not sign.
    pub origins: Vec<String>,
    /// Lets pages of localhost in, on any port and loopback address. For development.
    pub localhost_origins: bool,
}

/// Where a request comes from, as its browser says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// No browser, or one that sees no other site involved.
    None,
    /// A page of this very host.
    Same,
    /// A page that the configuration names.
    Trusted(HeaderValue),
    /// Any other page, where the configuration says `*`.
    Tolerated(HeaderValue),
    Foreign,
}

impl Access {
    /// The same, with the address that the node listens on among the hosts.
    #[must_use]
    pub(crate) fn listening_on(mut self, address: SocketAddr) -> Self {
        if !address.ip().is_unspecified() {
            self.hosts.push(address.ip().to_string());
        }
        self
    }

    /// Whether the name that the client used for this node is one of its own. A request without any (HTTP/1.0) is no
    /// browser's.
    pub(crate) fn is_own_host(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let host = match (uri.authority(), headers.get(header::HOST)) {
            (Some(authority), _) => authority.as_str(),
            (None, Some(value)) => value.to_str().unwrap_or_default(),
            (None, None) => return true,
        };
        name_in(host).is_some_and(|name| self.is_own_name(name))
    }

    /// Sorts a request by its Origin.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Origin {
        let Some(value) = headers.get(header::ORIGIN) else { return Origin::None };
        let Ok(text) = value.to_str() else { return Origin::Foreign };
        if is_same_host(text, headers) {
            Origin::Same
        } else if self.is_trusted(text) {
            Origin::Trusted(value.clone())
        } else if self.origins.iter().any(|origin| origin == "*") {
            Origin::Tolerated(value.clone())
        } else {
            Origin::Foreign
        }
    }

    fn is_own_name(&self, name: &str) -> bool {
        is_localhost(name) || self.hosts.iter().any(|own| own == "*" || same_name(own, name))
    }

    fn is_trusted(&self, origin: &str) -> bool {
        let listed = || self.origins.iter().any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(origin));
        let local = || self.localhost_origins && authority_of(origin).and_then(name_in).is_some_and(is_localhost);
        local() || listed()
    }
}

impl Origin {
    /// Whether a page of another site asks that nobody vouched for.
    pub(crate) fn is_cross_site(&self) -> bool {
        matches!(self, Self::Tolerated(_) | Self::Foreign)
    }

    /// What the browser is told about who may read the answer.
    pub(crate) fn allowed(&self) -> Option<&HeaderValue> {
        match self {
            Self::Trusted(origin) | Self::Tolerated(origin) => Some(origin),
            Self::None | Self::Same | Self::Foreign => None,
        }
    }
}

/// Whether a body may be read as JSON. Without a content type, only for programs: a page can send such a body to any site.
pub(crate) fn is_json(headers: &HeaderMap, origin: &Origin) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return matches!(origin, Origin::None | Origin::Same) };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    JSON_TYPES.iter().any(|json| essence.eq_ignore_ascii_case(json))
}

fn is_same_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| authority_of(origin).is_some_and(|page| page.eq_ignore_ascii_case(host)))
}

/// `http://localhost:3000` has `localhost:3000`; `null` and other schemes have none.
fn authority_of(origin: &str) -> Option<&str> {
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
}

/// The name or address before the port: `[::1]:8545` is `::1`.
fn name_in(authority: &str) -> Option<&str> {
    let (name, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = port.is_empty() || port.strip_prefix(':')?.bytes().all(|digit| digit.is_ascii_digit());
    is_port.then_some(name)
}

fn is_localhost(name: &str) -> bool {
    same_name(name, "localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn same_name(a: &str, b: &str) -> bool {
    let plain = |name| str::trim_end_matches(name, '.');
    plain(a).eq_ignore_ascii_case(plain(b)) || same_address(a, b).unwrap_or(false)
}

fn same_address(a: &str, b: &str) -> Option<bool> {
    Some(a.parse::<IpAddr>().ok()? == b.parse::<IpAddr>().ok()?)
}

/// The types that geth takes for JSON, too.
const JSON_TYPES: [&str; 3] = ["application/json", "application/json-rpc", "application/jsonrequest"];

#[cfg(test)]
mod tests;
