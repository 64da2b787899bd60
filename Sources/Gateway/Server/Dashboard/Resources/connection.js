// One WebSocket to the gateway, speaking docs/protocol.md: text answers are matched to requests by requestId, binary
// frames to GETs by their order. Nothing is reconnected here; who uses a connection knows what to do when it is gone.

import { refusal, socketAddress, subprotocols } from './access.js';

/** The gateway said no: `code` is one of the table in docs/protocol.md. */
export class GatewayError extends Error {
    constructor(answer) {
        super(answer.message ?? 'The gateway refused.');
        this.code = answer.code;
        this.isRetryable = answer.retryable === true;
        this.answer = answer;
    }
}

/** The connection went away before the answer came. */
export class ConnectionLost extends Error {
    constructor(message = 'The connection to the gateway was lost.') {
        super(message);
    }
}

/** The gateway lets this page not in: 401 without a token that it knows, 403 for what it may not do or be. */
export class Refused extends Error {
    constructor(status, reason) {
        super(reason);
        this.status = status;
    }
}

export class Connection {
    /** Called with what comes unasked: `{ type: 'ACK', … }`, `END`, and errors that answer no request. */
    onmessage = () => {};
    /** Called with the bytes of binary frames that answer no GET: those of a subscription. */
    onbytes = () => {};
    /** Called once, when the connection is gone. */
    onclose = () => {};

    #socket;
    #waiting = new Map();
    #gets = [];
    #lastRequest = 0;

    /** Connects; throws {@link Refused}, or {@link ConnectionLost} where trying again may help. */
    static async open() {
        const connection = new Connection();
        const socket = new WebSocket(socketAddress(), subprotocols());
        socket.binaryType = 'arraybuffer';
        connection.#socket = socket;
        const isOpen = await new Promise((resolve) => {
            socket.onopen = () => resolve(true);
            socket.onclose = () => resolve(false);
        });
        if (!isOpen) {
            const { status, reason } = await refusal();
            if (status === 401 || status === 403) throw new Refused(status, reason);
            throw new ConnectionLost(status === 503 ? reason : 'The gateway could not be reached.');
        }
        socket.onmessage = (event) => connection.#received(event.data);
        socket.onclose = () => connection.#closed();
        return connection;
    }

    get isOpen() {
        return this.#socket.readyState === WebSocket.OPEN;
    }

    /** Bytes that were sent and not yet taken by the network. */
    get backlog() {
        return this.#socket.bufferedAmount;
    }

    /** Sends a message and waits for its answer; throws {@link GatewayError} or {@link ConnectionLost}. */
    request(message) {
        return this.#ask(message, (waiting) => this.#waiting.set(waiting.requestId, waiting));
    }

    /**
     * Reads a range: a Uint8Array of at least one byte, at most `length`. At the end it throws a GatewayError whose
     * code is `end`, `not_yet` or `aborted`.
     */
    read(streamId, offset, length, waitMs) {
        const message = { type: 'GET', streamId, offset, length };
        if (waitMs !== undefined) message.waitMs = waitMs;
        return this.#ask(message, (waiting) => {
            this.#waiting.set(waiting.requestId, waiting);
            this.#gets.push(waiting);
        });
    }

    /** Sends bytes of the open upload. */
    send(bytes) {
        if (!this.isOpen) throw new ConnectionLost();
        this.#socket.send(bytes);
    }

    close() {
        this.#socket.close();
    }

    #ask(message, register) {
        return new Promise((resolve, reject) => {
            if (!this.isOpen) {
                reject(new ConnectionLost());
                return;
            }
            this.#lastRequest += 1;
            register({ requestId: this.#lastRequest, resolve, reject });
            this.#socket.send(JSON.stringify({ ...message, requestId: this.#lastRequest }));
        });
    }

    #received(data) {
        if (data instanceof ArrayBuffer) {
            const get = this.#gets.shift();
            if (get === undefined) {
                this.onbytes(new Uint8Array(data));
            } else {
                this.#waiting.delete(get.requestId);
                get.resolve(new Uint8Array(data));
            }
            return;
        }
        const answer = JSON.parse(data);
        const waiting = this.#waiting.get(answer.requestId);
        if (waiting === undefined) {
            this.onmessage(answer);
            return;
        }
        this.#waiting.delete(answer.requestId);
        this.#gets = this.#gets.filter((get) => get !== waiting);
        if (answer.type === 'ERROR') waiting.reject(new GatewayError(answer));
        else waiting.resolve(answer);
    }

    #closed() {
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        this.#gets = [];
        for (const { reject } of waiting) reject(new ConnectionLost());
        this.onclose();
    }
}
