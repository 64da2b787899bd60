// The page: what it talks to, and what follows from what. Each of its parts is a module of its own.

import { isToken, setToken, socketAddress, token } from './access.js';
import { Catalogue } from './catalogue.js';
import { Connection, ConnectionLost, GatewayError, Refused } from './connection.js';
import { announce, byId, setText } from './dom.js';
import { HealthView } from './health.js';
import { Inspector } from './inspector.js';
import { ListView } from './list-view.js';
import { UploadView } from './upload-view.js';
import * as words from './words.js';

/** How often the list is read, in milliseconds: at once where something is known to have changed. */
const interval = 2000;
/** After a search that had to look at many streams. */
const longInterval = 15_000;

let connection = null;
let connecting = null;
let wake = () => {};
/** Resolved when a token was given. */
let admitted = () => {};

const catalogue = new Catalogue(ask);
const list = new ListView();
const inspector = new Inspector();
const uploads = new UploadView();
const health = new HealthView();

// --- The gateway

/** Asks the gateway, over the connection that the page keeps; opens it where it is not. */
async function ask(message) {
    connecting ??= connect().finally(() => { connecting = null; });
    return await (await connecting).request(message);
}

async function connect() {
    if (connection?.isOpen) return connection;
    connection = await Connection.open();
    connection.onclose = () => wake();
    const { server, backend } = await connection.request({ type: 'PING' });
    showConnection('open', 'Connected');
    setText(byId('server'), [server?.replace('/', ' '), backend && `${backend} backend`].filter(Boolean).join(' · '));
    return connection;
}

function showConnection(state, text) {
    const node = byId('connection');
    if (node.dataset.state === state) return;
    node.dataset.state = state;
    setText(byId('connection-text'), text);
    announce(text);
}

// --- The list

async function showList() {
    const page = await catalogue.read();
    if (page === null) return null;
    list.show(page, (id) => catalogue.growth(id), inspector.streamId);
    const { query } = catalogue;
    const isSearch = query.text !== '' || query.state !== '';
    byId('table').hidden = page.streams.length === 0;
    byId('empty').hidden = page.streams.length > 0 || isSearch || page.number > 1;
    byId('nothing').hidden = page.streams.length > 0 || !(isSearch || page.number > 1);
    byId('pages').hidden = page.number === 1 && !page.hasNext;
    byId('previous').disabled = page.number === 1;
    byId('next').disabled = !page.hasNext;
    setText(byId('next-name'), page.isCut ? 'Search on' : 'Next');
    setText(byId('page'), `Page ${page.number}`);
    const many = `${words.count(page.streams.length)} ${page.streams.length === 1 ? 'stream' : 'streams'}`;
    const isAll = page.number === 1 && !page.hasNext;
    setText(byId('count'), page.isCut ? `${many} among ${words.count(page.scanned)} looked at` : isAll ? many : '');
    await refreshInspected(page);
    return page;
}

/** The stream that is looked at may be on another page of the list. */
async function refreshInspected(page) {
    const id = inspector.streamId;
    if (id === null) return;
    try {
        const stream = page.streams.find(({ streamId }) => streamId === id) ?? await ask({ type: 'INFO', streamId: id });
        if (inspector.streamId === id) inspector.update({ ...stream, streamId: id });
    } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'stream_not_found') throw error;
        announce(`${id} is gone.`);
        if (inspector.streamId === id) inspector.close();
    }
}

async function run() {
    for (let wait = interval; ;) {
        try {
            if (!document.hidden) {
                const page = await showList();
                wait = page !== null && page.scanned > 1000 ? longInterval : interval;
                showConnection('open', 'Connected');
                byId('trouble').hidden = true;
            }
        } catch (error) {
            connection?.close();
            connection = null;
            if (error instanceof Refused) await lockedOut(error);
            else showTrouble(error);
        }
        await new Promise((resolve) => {
            wake = resolve;
            setTimeout(resolve, wait);
        });
    }
}

function showTrouble(error) {
    showConnection('closed', 'Not connected');
    const isGateways = error instanceof GatewayError || error instanceof ConnectionLost;
    const sentence = isGateways ? `${error.message} Trying again.` : `Something is wrong with this page: ${error.message}`;
    setText(byId('trouble'), sentence);
    byId('trouble').hidden = false;
    // Another token may be allowed more.
    if (error.code === 'unauthorized') byId('token-open').hidden = false;
}

/** A token is asked for, and waited for. */
async function lockedOut({ status, message }) {
    showConnection('closed', 'Not let in');
    const isUnknown = status === 401 && token() !== '';
    const wish = isUnknown ? 'The gateway does not know this token.' : 'This gateway asks for a token.';
    setText(byId('token-reason'), status === 401 ? wish : message);
    byId('token-open').hidden = false;
    await new Promise((resolve) => {
        admitted = resolve;
        if (!byId('token-dialog').open) byId('token-dialog').showModal();
    });
}

// --- What is pressed

function search() {
    catalogue.search({ text: byId('search').value, state: byId('state').value });
    wake();
}

let searching;
byId('search').addEventListener('input', () => {
    clearTimeout(searching);
    searching = setTimeout(search, 200);
});
byId('state').addEventListener('change', search);
byId('search-form').addEventListener('submit', (event) => {
    event.preventDefault();
    search();
});
byId('previous').addEventListener('click', () => {
    catalogue.turnBack();
    wake();
});
byId('next').addEventListener('click', () => {
    catalogue.turnForward();
    wake();
});

list.onopen = (stream, opener) => {
    inspector.open(stream, opener);
    list.select(stream.streamId);
};
list.ondelete = confirmDelete;
inspector.ondelete = confirmDelete;
inspector.onresume = ({ streamId }) => uploads.resume(streamId);
inspector.onclose = () => list.select(null);
uploads.onchange = () => wake();
uploads.onopen = async (id) => {
    try {
        inspector.open({ ...await ask({ type: 'INFO', streamId: id }), streamId: id }, document.activeElement);
        list.select(id);
    } catch (error) {
        announce(error.message);
    }
};
health.growth = () => list.rate;

/** Asks before a stream is removed. */
function confirmDelete(stream) {
    const dialog = byId('delete-dialog');
    setText(byId('delete-id'), stream.streamId);
    setText(byId('delete-facts'), `${stream.state}, ${words.bytes(stream.size)}`);
    setText(byId('delete-error'), '');
    const button = byId('delete-confirm');
    button.onclick = async () => {
        button.disabled = true;
        try {
            await ask({ type: 'DELETE', streamId: stream.streamId });
            announce(`${stream.streamId} was deleted.`);
            if (inspector.streamId === stream.streamId) inspector.close();
            dialog.close();
            wake();
        } catch (error) {
            setText(byId('delete-error'), error.message);
        } finally {
            button.disabled = false;
        }
    };
    dialog.showModal();
    byId('delete-cancel').focus();
}
byId('delete-cancel').addEventListener('click', () => byId('delete-dialog').close());

byId('token-open').addEventListener('click', () => byId('token-dialog').showModal());
byId('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = byId('token').value.trim();
    if (text !== '' && !isToken(text)) {
        setText(byId('token-reason'), 'A token has letters, digits and some signs, and no spaces.');
        return;
    }
    setToken(text);
    health.retry();
    byId('token').value = '';
    connection?.close();
    byId('token-dialog').close();
    admitted();
    wake();
});

document.addEventListener('visibilitychange', () => wake());
document.addEventListener('keydown', (event) => {
    const isTyping = event.target.closest('input, select, textarea, dialog[open]');
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        byId('search').focus();
    } else if (event.key === 'Escape' && !isTyping && inspector.streamId !== null) {
        inspector.close();
    }
});

for (const node of document.querySelectorAll('[data-server]')) {
    setText(node, node.textContent.replace('SERVER', socketAddress().href));
}

run();
health.run();
