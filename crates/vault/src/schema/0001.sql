-- Format 1. Read by database.rs; written and read by unit/.
--
-- No number is in here in the clear: `number_sealed` is AES-256-GCM (seal.rs), `number_hash` a keyed hash, `keys_wrapped` is encrypted by
-- the issuer. Amounts count the currency's smallest unit. Times are milliseconds, days are days, both since 1970 (UTC). Texts have bounds.

CREATE TABLE data_keys (
    id        INTEGER PRIMARY KEY,
    master_id TEXT    NOT NULL CHECK (length(master_id) BETWEEN 1 AND 64),
    wrapped   BLOB    NOT NULL,
    sealed    INTEGER NOT NULL CHECK (sealed >= 0)
) STRICT;

CREATE TABLE ranges (
    token_bin TEXT    PRIMARY KEY CHECK (length(token_bin) BETWEEN 1 AND 19),
    pan_bin   TEXT    NOT NULL CHECK (length(pan_bin) = length(token_bin)),
    key_set   INTEGER NOT NULL CHECK (key_set BETWEEN 0 AND 255),
    profile   TEXT    NOT NULL CHECK (length(profile) <= 65536),
    strategy  TEXT    NOT NULL,
    UNIQUE (pan_bin, key_set)
) STRICT, WITHOUT ROWID;

CREATE TABLE cards (
    reference     INTEGER PRIMARY KEY CHECK (reference BETWEEN 0 AND 999999999999),
    number_sealed BLOB    NOT NULL CHECK (length(number_sealed) <= 256),
    number_hash   BLOB    NOT NULL UNIQUE CHECK (length(number_hash) = 32),
    truncated     TEXT    NOT NULL CHECK (length(truncated) BETWEEN 13 AND 19),
    sequence      INTEGER NOT NULL CHECK (sequence BETWEEN 0 AND 255),
    expiry        TEXT    NOT NULL CHECK (length(expiry) = 4),
    token_expiry  TEXT    NOT NULL CHECK (length(token_expiry) = 4),
    token_bin     TEXT    NOT NULL REFERENCES ranges (token_bin),
    keys_wrapped  BLOB    NOT NULL CHECK (length(keys_wrapped) <= 4096),
    status        TEXT    NOT NULL CHECK (status IN ('active', 'blocked', 'lost', 'stolen')),
    atc_high      INTEGER NOT NULL CHECK (atc_high BETWEEN 0 AND 65535),
    atc_seen      BLOB    NOT NULL CHECK (length(atc_seen) = 32),
    created_ms    INTEGER NOT NULL CHECK (created_ms >= 0)
) STRICT;
CREATE INDEX cards_by_status ON cards (status, reference);
CREATE INDEX cards_by_range ON cards (token_bin);

CREATE TABLE registrations (
    token      TEXT    NOT NULL CHECK (length(token) BETWEEN 13 AND 19),
    card_index BLOB    NOT NULL CHECK (length(card_index) = 6),
    card       INTEGER NOT NULL REFERENCES cards (reference),
    PRIMARY KEY (token, card_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX registrations_by_card ON registrations (card);

CREATE TABLE accounts (
    card                INTEGER NOT NULL REFERENCES cards (reference),
    currency            INTEGER NOT NULL CHECK (currency BETWEEN 0 AND 65535),
    balance_minor       INTEGER NOT NULL CHECK (balance_minor >= 0),
    held_minor          INTEGER NOT NULL CHECK (held_minor BETWEEN 0 AND balance_minor),
    limit_payment_minor INTEGER CHECK (limit_payment_minor >= 0),
    limit_day_minor     INTEGER CHECK (limit_day_minor >= 0),
    spent_day           INTEGER NOT NULL CHECK (spent_day >= 0),
    spent_minor         INTEGER NOT NULL CHECK (spent_minor >= 0),
    PRIMARY KEY (card, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE pools (
    currency          INTEGER PRIMARY KEY CHECK (currency BETWEEN 0 AND 65535),
    unallocated_minor INTEGER NOT NULL CHECK (unallocated_minor >= 0)
) STRICT;

CREATE TABLE merchants (
    acquirer TEXT    NOT NULL CHECK (length(acquirer) <= 64),
    merchant TEXT    NOT NULL CHECK (length(merchant) <= 64),
    currency INTEGER NOT NULL CHECK (currency BETWEEN 0 AND 65535),
    address  BLOB    NOT NULL CHECK (length(address) = 20),
    category INTEGER CHECK (category BETWEEN 0 AND 65535),
    PRIMARY KEY (acquirer, merchant)
) STRICT, WITHOUT ROWID;

CREATE TABLE totals (
    day            INTEGER NOT NULL CHECK (day >= 0),
    acquirer       TEXT    NOT NULL CHECK (length(acquirer) <= 64),
    merchant       TEXT    NOT NULL CHECK (length(merchant) <= 64),
    currency       INTEGER NOT NULL CHECK (currency BETWEEN 0 AND 65535),
    declined_count INTEGER NOT NULL CHECK (declined_count >= 0),
    held_count     INTEGER NOT NULL CHECK (held_count >= 0),
    held_minor     INTEGER NOT NULL CHECK (held_minor >= 0),
    captured_count INTEGER NOT NULL CHECK (captured_count >= 0),
    captured_minor INTEGER NOT NULL CHECK (captured_minor >= 0),
    reversed_count INTEGER NOT NULL CHECK (reversed_count >= 0),
    reversed_minor INTEGER NOT NULL CHECK (reversed_minor >= 0),
    refunded_count INTEGER NOT NULL CHECK (refunded_count >= 0),
    refunded_minor INTEGER NOT NULL CHECK (refunded_minor >= 0),
    PRIMARY KEY (day, acquirer, merchant, currency)
) STRICT, WITHOUT ROWID;

-- `declined_number` counts an acquirer's declined payments: only the newest of them are kept (retention.rs).
CREATE TABLE payments (
    id               INTEGER PRIMARY KEY,
    kind             TEXT    NOT NULL CHECK (kind IN ('authorization', 'purchase', 'inquiry', 'late', 'tombstone')),
    original         INTEGER CHECK ((original IS NULL) = (kind <> 'late')),
    state            TEXT    NOT NULL,
    acquirer         TEXT    NOT NULL CHECK (length(acquirer) <= 64),
    terminal         TEXT    NOT NULL CHECK (length(terminal) <= 64),
    stan             TEXT    NOT NULL CHECK (length(stan) <= 64),
    transmitted      TEXT    NOT NULL CHECK (length(transmitted) <= 64),
    reversal         INTEGER NOT NULL CHECK (reversal IN (0, 1)),
    rrn              TEXT    NOT NULL CHECK (length(rrn) <= 64),
    merchant_acquirer TEXT   NOT NULL CHECK (length(merchant_acquirer) <= 64),
    merchant         TEXT    NOT NULL CHECK (length(merchant) <= 64),
    token            TEXT    NOT NULL CHECK (length(token) BETWEEN 13 AND 19),
    currency         INTEGER NOT NULL CHECK (currency BETWEEN 0 AND 65535),
    requested_minor  INTEGER NOT NULL CHECK (requested_minor >= 0),
    amount_minor     INTEGER NOT NULL CHECK (amount_minor >= 0),
    captured_minor   INTEGER NOT NULL CHECK (captured_minor BETWEEN 0 AND amount_minor),
    refunded_minor   INTEGER NOT NULL CHECK (refunded_minor BETWEEN 0 AND captured_minor),
    card             INTEGER REFERENCES cards (reference),
    atc              INTEGER CHECK (atc BETWEEN 0 AND 65535),
    use_number       INTEGER NOT NULL CHECK (use_number BETWEEN 0 AND 4294967295),
    cryptogram       BLOB    CHECK (length(cryptogram) = 8),
    hold_id          BLOB    UNIQUE CHECK (length(hold_id) = 32),
    hold_salt        BLOB    CHECK (length(hold_salt) = 32),
    hold_from        BLOB    CHECK (length(hold_from) = 20),
    hold_to          BLOB    CHECK (length(hold_to) = 20),
    hold_first_minor INTEGER CHECK (hold_first_minor >= 0),
    hold_expiry_s    INTEGER CHECK (hold_expiry_s >= 0),
    mismatches       TEXT    NOT NULL CHECK (length(mismatches) <= 4096),
    response         TEXT    NOT NULL CHECK (length(response) <= 64),
    approval         TEXT    CHECK (length(approval) <= 64),
    day              INTEGER NOT NULL CHECK (day >= 0),
    decided_ms       INTEGER NOT NULL CHECK (decided_ms >= 0),
    deadline_ms      INTEGER NOT NULL CHECK (deadline_ms >= 0),
    due_ms           INTEGER NOT NULL CHECK (due_ms >= 0),
    changed_ms       INTEGER NOT NULL CHECK (changed_ms >= 0),
    steps            INTEGER NOT NULL CHECK (steps BETWEEN 0 AND 4294967295),
    declined_number  INTEGER,
    CHECK ((hold_id IS NULL) = (hold_salt IS NULL) AND (hold_id IS NULL) = (hold_from IS NULL)
        AND (hold_id IS NULL) = (hold_to IS NULL) AND (hold_id IS NULL) = (hold_first_minor IS NULL)
        AND (hold_id IS NULL) = (hold_expiry_s IS NULL))
) STRICT;
CREATE UNIQUE INDEX payments_by_use ON payments (card, atc, use_number) WHERE card IS NOT NULL;
CREATE UNIQUE INDEX payments_declined ON payments (acquirer, declined_number) WHERE declined_number IS NOT NULL;
CREATE INDEX payments_by_request ON payments (acquirer, stan, transmitted, terminal);
CREATE INDEX payments_by_rrn ON payments (acquirer, rrn);
CREATE INDEX payments_due ON payments (due_ms) WHERE state = 'held';
CREATE INDEX payments_unfinished ON payments (id)
    WHERE state IN ('holding', 'adjusting', 'capturing', 'refunding', 'cancelling', 'releasing', 'voiding');

-- `loose_number` counts an acquirer's requests that made no payment: only the newest of them are kept.
CREATE TABLE exchanges (
    id           INTEGER PRIMARY KEY,
    acquirer     TEXT    NOT NULL CHECK (length(acquirer) <= 64),
    terminal     TEXT    NOT NULL CHECK (length(terminal) <= 64),
    stan         TEXT    NOT NULL CHECK (length(stan) <= 64),
    transmitted  TEXT    NOT NULL CHECK (length(transmitted) <= 64),
    reversal     INTEGER NOT NULL CHECK (reversal IN (0, 1)),
    fingerprint  BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    payment      INTEGER REFERENCES payments (id) ON DELETE CASCADE,
    ready        BLOB    CHECK (length(ready) <= 65536),
    if_done      BLOB    CHECK (length(if_done) <= 65536),
    if_failed    BLOB    CHECK (length(if_failed) <= 65536),
    mismatches   TEXT    NOT NULL CHECK (length(mismatches) <= 4096),
    received_ms  INTEGER NOT NULL CHECK (received_ms >= 0),
    loose_number INTEGER,
    UNIQUE (acquirer, stan, transmitted, terminal, reversal),
    CHECK ((ready IS NULL) = (if_done IS NOT NULL) AND (if_done IS NULL) = (if_failed IS NULL))
) STRICT;
CREATE UNIQUE INDEX exchanges_loose ON exchanges (acquirer, loose_number) WHERE loose_number IS NOT NULL;
CREATE INDEX exchanges_by_payment ON exchanges (payment) WHERE payment IS NOT NULL;
CREATE INDEX exchanges_by_time ON exchanges (received_ms);

CREATE TABLE outbox (
    nonce          INTEGER PRIMARY KEY CHECK (nonce >= 0),
    raw            BLOB    NOT NULL CHECK (length(raw) BETWEEN 1 AND 65536),
    hash           BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    payment        INTEGER NOT NULL REFERENCES payments (id),
    kind           TEXT    NOT NULL CHECK (kind IN ('hold', 'adjust', 'capture', 'release', 'void', 'refund')),
    amount_minor   INTEGER CHECK ((amount_minor IS NULL) = (kind IN ('release', 'void'))),
    previous_minor INTEGER CHECK ((previous_minor IS NULL) = (kind <> 'adjust')),
    expired        INTEGER CHECK ((expired IS NULL) = (kind <> 'release')),
    state          TEXT    NOT NULL CHECK (state IN ('open', 'done', 'failed'))
) STRICT;
CREATE INDEX outbox_by_payment ON outbox (payment);
CREATE INDEX outbox_open ON outbox (nonce) WHERE state = 'open';

-- One row at most: the nonce with which the operator's account began.
CREATE TABLE outbox_start (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    nonce INTEGER NOT NULL CHECK (nonce >= 0)
) STRICT;
