// Who this page is to the gateway, and where the gateway is. A token lives in this tab's session storage and nowhere
// else; a script can set no header on a WebSocket, so there it goes as a subprotocol.

const tokenKey = 'audiocache.token';

// Paths are taken relative to the page, so that it works behind a proxy that serves the gateway under a prefix.
const base = new URL('.', document.baseURI);

/** The address of something that the gateway serves, such as `/metrics`. */
export function address(path) {
    return new URL(path.replace(/^\//, ''), base);
}

/** The address of the WebSocket. */
export function socketAddress() {
    const url = address(document.querySelector('meta[name="audiocache-path"]').content);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url;
}

export function token() {
    return sessionStorage.getItem(tokenKey) ?? '';
}

/** Keeps a token, or forgets it where it is empty. */
export function setToken(text) {
    if (text === '') sessionStorage.removeItem(tokenKey);
    else sessionStorage.setItem(tokenKey, text);
}

/** Whether a text can be sent as a subprotocol (RFC 9110, 5.6.2). */
export function isToken(text) {
    return /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/.test(text);
}

/** The subprotocols to offer. */
export function subprotocols() {
    const mine = token();
    return mine === '' ? [] : ['audiocache', `bearer.${mine}`];
}

/** `fetch` from the gateway, with the token where there is one. */
export function get(path) {
    const mine = token();
    return fetch(address(path), { cache: 'no-store', headers: mine === '' ? {} : { Authorization: `Bearer ${mine}` } });
}

/**
 * Why a WebSocket could not be opened, which a browser tells no page: the same question over plain HTTP is answered
 * with the reason.
 *
 * @returns `{ status, reason }`; status 0 where nobody answers, 426 where a WebSocket would have been let in.
 */
export async function refusal() {
    try {
        const url = socketAddress();
        const response = await get(url.pathname.slice(base.pathname.length - 1));
        return { status: response.status, reason: (await response.text()).trim().slice(0, 300) };
    } catch {
        return { status: 0, reason: 'The gateway does not answer.' };
    }
}
