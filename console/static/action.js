// Signs the actions of a page: each form names one, the node says which calls it needs, a wallet signs them.

import { act, chosen, prefer, prepare } from './signer.js';

const { chain } = document.querySelector('.actions').dataset;
const forms = [...document.querySelectorAll('form.act')];

const submit = async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector('button');
  const output = form.querySelector('output');
  const say = (words, state = 'waiting') => {
    output.className = `status ${state}`;
    output.textContent = words;
  };
  button.disabled = true;
  try {
    await act(new FormData(form), await chosen(chain), say);
    say('done', 'done');
    window.location.reload();
  } catch (error) {
    say(error.message, 'failed');
    button.disabled = false;
  }
};

// Whose turn it is, as the page knows it, is preferred when a form is opened.
const open = (event) => {
  if (event.target.open) prefer(event.target.querySelector('[name=from]').value);
};

await prepare();
for (const form of forms) {
  const from = form.querySelector('[name=from]');
  from.required = false;
  from.closest('label').hidden = true;
  form.addEventListener('submit', submit);
}
for (const details of document.querySelectorAll('.actions details')) details.addEventListener('toggle', open);
prefer(document.querySelector('.actions details [name=from]')?.value ?? '');
document.querySelector('.actions').dataset.ready = '';
