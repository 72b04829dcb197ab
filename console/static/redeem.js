// Redemption: delivery details are encrypted here to the issuer's key, their hash goes to the ledger, then the document to the node.
// Used by two pages: the form, and the page of a redemption, which sends again what did not arrive.

import { seal } from './hpke.js';
import { Refusal, act, chosen, prefer, prepare, rpc } from './signer.js';

const FORMAT = 1;
const ID_BYTES = 32;

const toHex = (bytes) => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
const fromHex = (hex) => Uint8Array.from(hex.slice(2).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

// The document is kept until the node has it: it is encrypted, and nobody could make it a second time.
const place = (redemption) => `delivery ${redemption}`;

const deliver = async (redemption) => {
  const document = localStorage.getItem(place(redemption));
  if (!document) return false;
  await rpc('counterfoil_putDelivery', [redemption, document]);
  localStorage.removeItem(place(redemption));
  return true;
};

/** 0x01, the encapsulated key, the ciphertext; bound to the redemption. */
const encrypted = async (key, redemption, details) => {
  const info = new Uint8Array([...new TextEncoder().encode('counterfoil delivery'), ...redemption]);
  const { enc, ciphertext } = await seal(fromHex(key), info, new TextEncoder().encode(JSON.stringify(details)));
  return toHex([FORMAT, ...enc, ...ciphertext]);
};

const detailsOf = (form) => {
  const filled = [...new FormData(form)].filter(([name, value]) => name !== 'amount' && value !== '');
  return Object.fromEntries(filled);
};

/** `details` are read before: a form that is off has none. */
const request = async (form, details, amount, say) => {
  const { chain, token, key } = form.dataset;
  const from = await chosen(chain);
  const id = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  const redemption = toHex(id);
  const document = await encrypted(key, id, details);
  const hash = await rpc('web3_sha3', [document]);
  localStorage.setItem(place(redemption), document);
  try {
    await act([['do', 'redeem'], ['redemption', redemption], ['id', token], ['amount', amount], ['hash', hash]], from, say);
  } catch (error) {
    if (error instanceof Refusal) localStorage.removeItem(place(redemption));
    throw error;
  }
  return redemption;
};

const submit = async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const fields = form.querySelector('fieldset');
  const output = form.querySelector('output');
  const say = (words, state = 'waiting') => {
    output.className = `status ${state}`;
    output.textContent = words;
  };
  const [details, amount] = [detailsOf(form), form.elements.amount?.value ?? '1'];
  fields.disabled = true;
  try {
    // The page of the redemption sends the document.
    window.location.assign(`/token/redemption/${await request(form, details, amount, say)}`);
  } catch (error) {
    say(error.message, 'failed');
    fields.disabled = false;
  }
};

const openForm = async (form) => {
  await prepare();
  const note = document.getElementById('signer-note');
  if (!crypto.subtle) {
    note.textContent = 'Browsers encrypt on secure pages only: open this one by https, or on localhost.';
    return;
  }
  form.addEventListener('submit', submit);
  form.querySelector('fieldset').disabled = false;
  prefer(form.dataset.owner ?? '');
};

const openRedemption = async ({ dataset }) => {
  if ('missing' in dataset && await deliver(dataset.redemption)) window.location.reload();
};

const form = document.getElementById('redeem');
const delivery = document.getElementById('delivery');
if (form) await openForm(form);
if (delivery) await openRedemption(delivery);
