//! T-19, abuse case 11: what is refused alike costs alike. The operations of keys and vault are written down, and must be the same ones in the
//! same order, whatever is wrong.

use std::{cell::RefCell, rc::Rc};

use alloy_primitives::B256;

use super::{
    ledger::{POOL, PlainSigner},
    tap::{ACQUIRER, Tap},
    world::{PAN_BIN, TOKEN_BIN, World, range},
};
use crate::{
    issuer::{
        Desk, Reply, Settings,
        chip::Chip,
        keys::{Holder, KeyError, Keys, Personalization, SoftKeys, Tokenizer},
        records::{CardReference, MerchantKey, NumberHash, RangeRecord, WrappedKeys},
    },
    message::{Payment, Request, Response, ResponseCode::DoNotHonour, Text, card::IccData},
    number::{Pan, Token, luhn_digit},
    profile::Strategy,
    tlv::{Tag, tag},
};

type Operations = Rc<RefCell<Vec<&'static str>>>;

/// Keys that write down what they are asked.
struct Counted<'a> {
    keys: &'a SoftKeys,
    operations: Operations,
}

struct CountedTokenizer {
    tokenizer: Box<dyn Tokenizer>,
    operations: Operations,
}

impl<'a> Counted<'a> {
    fn note(&self, operation: &'static str) -> &'a SoftKeys {
        self.operations.borrow_mut().push(operation);
        self.keys
    }

    fn counted(&self, tokenizer: Box<dyn Tokenizer>) -> Box<dyn Tokenizer> {
        Box::new(CountedTokenizer { tokenizer, operations: Rc::clone(&self.operations) })
    }
}

impl Keys for Counted<'_> {
    fn wrap_fpe_key(&self, card: &Personalization<'_>) -> Result<WrappedKeys, KeyError> {
        self.note("wrap_fpe_key").wrap_fpe_key(card)
    }

    fn unwrap_fpe_key(&self, card: &CardReference, wrapped: &WrappedKeys) -> Result<Box<dyn Tokenizer>, KeyError> {
        self.note("unwrap_fpe_key").unwrap_fpe_key(card, wrapped).map(|tokenizer| self.counted(tokenizer))
    }

    fn shared_fpe_key(&self, key_set: u8) -> Result<Box<dyn Tokenizer>, KeyError> {
        self.note("shared_fpe_key").shared_fpe_key(key_set).map(|tokenizer| self.counted(tokenizer))
    }

    fn card_of_index(&self, key_set: u8, index: &[u8; 6], tweak: &[u8]) -> Result<CardReference, KeyError> {
        self.note("card_of_index").card_of_index(key_set, index, tweak)
    }

    fn verify_arqc(&self, holder: &Holder<'_>, token: &Token, chip: &Chip<'_>) -> Result<bool, KeyError> {
        self.note("verify_arqc").verify_arqc(holder, token, chip)
    }

    fn arpc(&self, holder: &Holder<'_>, chip: &Chip<'_>, status_update: [u8; 4]) -> Result<[u8; 4], KeyError> {
        self.note("arpc").arpc(holder, chip, status_update)
    }

    fn index_hmac(&self, number: &Pan) -> Result<NumberHash, KeyError> {
        self.note("index_hmac").index_hmac(number)
    }

    fn account_reference(&self, card: &CardReference, merchant: Option<&MerchantKey>) -> Result<B256, KeyError> {
        self.note("account_reference").account_reference(card, merchant)
    }

    fn payment_salt(&self, card: &CardReference, atc: u16, use_number: u32) -> Result<B256, KeyError> {
        self.note("payment_salt").payment_salt(card, atc, use_number)
    }
}

impl Tokenizer for CountedTokenizer {
    fn tokenize(&self, range: &RangeRecord, chip: &Chip<'_>, number: &Pan) -> Result<Token, KeyError> {
        self.operations.borrow_mut().push("tokenize");
        self.tokenizer.tokenize(range, chip, number)
    }

    fn detokenize(&self, range: &RangeRecord, chip: &Chip<'_>, token: &Token) -> Result<Pan, KeyError> {
        self.operations.borrow_mut().push("detokenize");
        self.tokenizer.detokenize(range, chip, token)
    }
}

/// What a refused request costs: operations of the keys, then of the vault.
fn cost(world: &World, message: &Payment) -> (Vec<&'static str>, Vec<&'static str>) {
    let operations = Operations::default();
    let keys = Counted { keys: &world.keys, operations: Rc::clone(&operations) };
    let mut vault = world.vault.clone();
    vault.operations.clear();
    let mut desk = Desk { vault: &mut vault, keys: &keys, signer: &PlainSigner, now_ms: world.now_ms };
    let decision = world.issuer.request(&mut desk, ACQUIRER, &Request::from(message.clone())).unwrap();
    let Reply::Now(bytes) = decision.reply else { panic!("it waits") };
    assert_eq!(Response::parse(&bytes).unwrap().response_code, DoNotHonour);
    let of_keys = operations.borrow().clone();
    (of_keys, vault.operations)
}

fn token(without_check: &str) -> Token {
    Token::parse(&format!("{without_check}{}", char::from(luhn_digit(without_check.as_bytes())))).unwrap()
}

/// Everything that is answered 05, by what is wrong with it.
fn refused(world: &mut World) -> Vec<(&'static str, Payment)> {
    let mut card = world.card(1);
    let paid = card.tap(&Tap::of(1000));
    world.ask(&paid);
    let message = card.tap(&Tap::of(1000).stan(2));
    let mut forged = card.answer(&Tap::of(1000));
    forged.cryptogram[0] ^= 0x80;
    let mut stranger = card.answer(&Tap::of(1000));
    stranger.iad[8] ^= 0x11;
    let tap = Tap::of(1000).stan(2);
    let bin = card.range.token_bin.as_str();
    let of_length = |length: usize| token(&format!("{bin}{:0free$}", 123, free = length - 1 - bin.len()));
    let of_length = |length| Payment { token: of_length(length), ..message.clone() };
    let nobodys = token("888888000000001");
    let number = token(&format!("{PAN_BIN}000000001"));
    let stan = message.stan;
    vec![
        ("wrong merchant", Payment { merchant: Text::new("CAFE-7").unwrap(), ..message.clone() }),
        ("bad cryptogram", tap.message(&forged)),
        ("unknown card", tap.message(&stranger)),
        ("unknown token", of_length(16)),
        ("token of nobody", Payment { token: nobodys, ..message.clone() }),
        ("number as a token", Payment { token: number, ..message.clone() }),
        ("token of 13 digits", of_length(13)),
        ("token of 14 digits", of_length(14)),
        ("token of 19 digits", of_length(19)),
        ("values that are none", Payment { icc_data: Some(meaningless(&message)), ..message.clone() }),
        ("wrong amount", Payment { amount_minor: 1001, ..message.clone() }),
        ("replay", Payment { stan, ..paid }),
        ("old counter", tap.message(&card.answer_at(&tap, 0))),
    ]
}

/// DE 55 with values of which no card would have made a token.
fn meaningless(message: &Payment) -> IccData {
    let mut objects = message.icc_data.as_ref().unwrap().objects().clone();
    let values: [(Tag, &[u8]); 3] =
        [(tag::AMOUNT, &[0x0a; 6]), (tag::DATE, &[0; 3]), (tag::MERCHANT_CATEGORY, &[0; 2])];
    for (tag, value) in values {
        objects.insert(tag, value.to_vec()).unwrap();
    }
    IccData::of(objects)
}

/// Under BINs of six digits, and of eight: there a token of 13 or 14 digits has too few left for FF1.
fn check(profile: &str, strategy: Strategy, of_keys: &[&str]) {
    for (token_bin, pan_bin) in [(TOKEN_BIN, PAN_BIN), ("99999999", "12345678")] {
        let (token_bin, pan_bin) = (token_bin.to_owned(), pan_bin.to_owned());
        let range = RangeRecord { token_bin, pan_bin, ..range(profile, strategy) };
        check_range(&range, of_keys);
    }
}

fn check_range(range: &RangeRecord, of_keys: &[&str]) {
    let which = format!("{}, {:?}, {}", range.profile.name, range.strategy, range.token_bin);
    let mut world = World::with_range(range, Settings::new(31_337, POOL));
    let refused = refused(&mut world);
    let costs: Vec<_> = refused.iter().map(|(_, message)| cost(&world, message)).collect();
    let (first, vault) = costs.first().unwrap();
    assert_eq!(first, of_keys, "{which}");
    assert!(vault.contains(&"add_payment"));
    for ((what, _), cost) in refused.iter().zip(&costs) {
        assert_eq!(cost, &(first.clone(), vault.clone()), "{what}: {which}");
    }
}

/// T-19, T-21: for each strategy.
#[test]
fn unknown_token_wrong_merchant_and_bad_cryptogram_cost_the_same() {
    let reverse = ["card_of_index", "unwrap_fpe_key", "detokenize", "verify_arqc"];
    let rederive = ["card_of_index", "unwrap_fpe_key", "tokenize", "verify_arqc"];
    check("combined", Strategy::Reverse, &reverse);
    check("combined", Strategy::Rederive, &rederive);
    check("merchant", Strategy::Vault, &rederive);
    check("merchant", Strategy::Reverse, &reverse);
    check("merchant", Strategy::Rederive, &rederive);
    check("static-index", Strategy::Reverse, &reverse);
    check("issuer-wide", Strategy::Rederive, &rederive);
    let opened = ["shared_fpe_key", "detokenize", "index_hmac", "verify_arqc"];
    check("issuer-wide", Strategy::Reverse, &opened);
    check("single", Strategy::Reverse, &opened);
    check("listed-two", Strategy::Reverse, &opened);
}
