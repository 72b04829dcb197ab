// Keeps one piece of a page at the head: the node makes it, here it is only put in its place. Without this the page shows what it
// was made with.

const piece = document.querySelector('[data-live]');
const live = document.getElementById('live');

const say = (state, words) => {
  live.hidden = false;
  live.dataset.state = state;
  live.textContent = words;
};

const keys = () => new Set([...piece.querySelectorAll('[data-key]')].map(row => row.dataset.key));

// What is new is marked, and a link that had the focus keeps it.
const put = (html) => {
  const before = keys();
  const focused = piece.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  piece.innerHTML = html;
  for (const row of piece.querySelectorAll('[data-key]')) if (!before.has(row.dataset.key)) row.classList.add('new');
  if (focused) [...piece.querySelectorAll('a')].find(link => link.getAttribute('href') === focused)?.focus();
};

say('waiting', 'Connecting');
const source = new EventSource(piece.dataset.live);
source.addEventListener('open', () => say('open', 'Live'));
source.addEventListener('error', () => say('waiting', 'Reconnecting'));
source.addEventListener('piece', event => put(JSON.parse(event.data).html));
source.addEventListener('last', (event) => {
  source.close();
  put(JSON.parse(event.data).html);
  say('over', piece.dataset.over ?? 'Decided');
});
source.addEventListener('problem', (event) => {
  source.close();
  say('waiting', JSON.parse(event.data).problem);
});
