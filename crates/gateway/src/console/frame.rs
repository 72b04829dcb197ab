//! What all pages have in common: the frame around them, parts of long lists, rows of labels and values.

use askama::Template;
use chain::Chain;

use super::{StatusCode, assets, words};
use crate::pages::Page;

/// The frame: what is said of the chain on every page, and where style sheet and script are.
pub(super) struct Frame {
    pub(super) chain_id: u64,
    pub(super) head: u64,
    pub(super) style: String,
    pub(super) icon: String,
    /// An issuer of cards runs beside the node: there is something to see of it.
    pub(super) has_issuer: bool,
}

impl Frame {
    pub(super) fn of(chain: &Chain, has_issuer: bool) -> Self {
        let [style, icon] = ["console.css", "icon.svg"].map(assets::address);
        Self { chain_id: chain.rules().chain_id, head: chain.head().number(), style, icon, has_issuer }
    }

    /// Where a page finds a script.
    #[expect(clippy::unused_self, reason = "templates call it")]
    pub(super) fn script(&self, name: &str) -> String {
        assets::address(name)
    }
}

/// The answer that shows a template. Writing into memory does not fail, and none of our templates calls what could.
pub(super) fn show(status: StatusCode, template: &impl Template) -> Page {
    let (status, body) = match template.render() {
        Ok(text) => (status, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    Page { status, kind: "text/html; charset=utf-8", cache: "no-store", location: None, body: body.into() }
}

/// One part of a list that may be long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) count: usize,
    /// Items before this part.
    pub(super) skip: usize,
    pub(super) size: usize,
}

impl Part {
    /// Part `number` of `items`; the last one if there are not so many.
    pub(super) fn of(items: usize, number: usize) -> Self {
        Self::sized(items, number, PART_ITEMS)
    }

    /// The same, with `size` items in a part.
    pub(super) fn sized(items: usize, number: usize, size: usize) -> Self {
        let count = items.div_ceil(size).max(1);
        let number = number.clamp(1, count);
        Self { number, count, skip: (number - 1).saturating_mul(size), size }
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.count == 1
    }

    pub(super) fn previous(&self) -> Option<usize> {
        self.number.checked_sub(1).filter(|number| *number > 0)
    }

    pub(super) fn next(&self) -> Option<usize> {
        self.number.checked_add(1).filter(|number| *number <= self.count)
    }
}

/// An account as it is linked: its address, and its name where it is a native contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Party {
    pub(super) address: String,
    pub(super) short: String,
    pub(super) name: Option<String>,
}

/// A value of a native call or log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) text: String,
    /// The page about it.
    pub(super) link: Option<String>,
}

impl Value {
    pub(super) fn new(name: String, text: &str) -> Self {
        let link = words::address(text).map(|_| format!("/account/{text}"));
        Self { name, text: words::shortened(text), link }
    }
}

/// Items of a list on one page.
pub(super) const PART_ITEMS: usize = 50;
