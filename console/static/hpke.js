// HPKE (RFC 9180), base mode, one message: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Only what a sender needs, on WebCrypto.

const KEM_ID = [0x00, 0x10];
const KDF_ID = [0x00, 0x01];
const AEAD_ID = [0x00, 0x02];
const HASH_BYTES = 32;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const CURVE = { name: 'ECDH', namedCurve: 'P-256' };

const text = (words) => new TextEncoder().encode(words);
const KEM_SUITE = Uint8Array.of(...text('KEM'), ...KEM_ID);
const SUITE = Uint8Array.of(...text('HPKE'), ...KEM_ID, ...KDF_ID, ...AEAD_ID);
const NOTHING = new Uint8Array();

const joined = (...parts) => {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

const hmac = async (key, message) => {
  // An empty key is one of zeros to HMAC, and none to WebCrypto.
  const bytes = key.length > 0 ? key : new Uint8Array(HASH_BYTES);
  const imported = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message));
};

const labeledExtract = (suite, salt, label, material) => hmac(salt, joined(text('HPKE-v1'), suite, text(label), material));

// Nothing that is asked for here is longer than one hash, so that the first round of HKDF-Expand is enough.
const labeledExpand = async (suite, secret, label, info, length) => {
  const labeled = joined(Uint8Array.of(0, length), text('HPKE-v1'), suite, text(label), info);
  return (await hmac(secret, joined(labeled, Uint8Array.of(1)))).slice(0, length);
};

const encapsulate = async (recipientBytes) => {
  const pair = await crypto.subtle.generateKey(CURVE, false, ['deriveBits']);
  const recipient = await crypto.subtle.importKey('raw', recipientBytes, CURVE, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: recipient }, pair.privateKey, 8 * HASH_BYTES));
  const enc = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const extracted = await labeledExtract(KEM_SUITE, NOTHING, 'eae_prk', shared);
  const secret = await labeledExpand(KEM_SUITE, extracted, 'shared_secret', joined(enc, recipientBytes), HASH_BYTES);
  return { enc, secret };
};

const schedule = async (shared, info) => {
  const identity = await labeledExtract(SUITE, NOTHING, 'psk_id_hash', NOTHING);
  const infoHash = await labeledExtract(SUITE, NOTHING, 'info_hash', info);
  const context = joined(Uint8Array.of(0), identity, infoHash);
  const secret = await labeledExtract(SUITE, shared, 'secret', NOTHING);
  return {
    key: await labeledExpand(SUITE, secret, 'key', context, KEY_BYTES),
    nonce: await labeledExpand(SUITE, secret, 'base_nonce', context, NONCE_BYTES),
  };
};

/** Encrypts one message to a P-256 key of 65 bytes: the encapsulated key (65 bytes) and the ciphertext with its tag. */
export const seal = async (recipientBytes, info, message) => {
  const { enc, secret } = await encapsulate(recipientBytes);
  const { key, nonce } = await schedule(secret, info);
  const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, imported, message));
  return { enc, ciphertext };
};
