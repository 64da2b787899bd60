// One upload over a WebSocket of its own: START, binary frames, STOP with the digest. When the connection breaks, the
// stream is suspended at the gateway; it is resumed where that says it is, for as long as it takes.

import { Connection, ConnectionLost, GatewayError } from './connection.js';
import { SHA256 } from './sha256.js';

/** The length of a binary frame. */
const frameLength = 64 * 1024;
/** With more than this unsent, no more is read. */
const mostUnsent = 1 << 20;
/** How many stored bytes apart the gateway says how far it is. */
const ackEvery = 256 * 1024;
/** How much of a suspended stream's beginning, and of its end, is compared before a file is sent after it. */
const compared = [64 * 1024, 512 * 1024];
/** How long a removal is waited for, in milliseconds. */
const patience = 5_000;
/** From the first wait after a broken connection to the longest, in milliseconds. */
const waits = [500, 10_000];

export class Upload {
    /** Called whenever something below has changed. */
    onchange = () => {};

    /** `waiting`, `sending`, `finishing`, `interrupted`, `sealed`, `failed` or `cancelled`. */
    state = 'waiting';
    /** What is to be said of it, beside the numbers. */
    note = '';
    /** Bytes that were sent, and bytes that are stored. */
    sent = 0;
    stored = 0;
    /** Bytes a second, of those that were stored. */
    rate = 0;
    sha256 = null;

    #source;
    #start;
    #connection = null;
    #digest = new SHA256();
    #hasBegun = false;
    /** Whether it is not known yet that what is stored came from this source. */
    #isStranger = false;
    /** Whether a part of it was uploaded by somebody else before, which is not ours to remove. */
    #isContinued = false;
    #isCancelled = false;
    /** What is under way to remove what was stored; before that the connection is not closed. */
    #removal = null;
    #wake = () => {};
    #failure = null;
    #measured = { at: 0, stored: 0 };

    /**
     * @param streamId the id to use; where it is taken, another is made of it
     * @param source a FileSource or a RecordingSource
     * @param options `contentType` and `metadata`; null to go on with the suspended stream of this id
     */
    constructor(streamId, source, options) {
        this.streamId = streamId;
        this.#source = source;
        this.#start = options ?? {};
        this.#hasBegun = options === null;
        this.#isStranger = options === null;
        this.#isContinued = options === null;
    }

    get size() {
        return this.#source.size;
    }

    get isOver() {
        return ['sealed', 'failed', 'cancelled'].includes(this.state);
    }

    /** Does it all; resolves when it is over, with what came of it in `state`. */
    async run() {
        for (let wait = waits[0]; !this.isOver;) {
            try {
                if (this.#isCancelled) throw new ConnectionLost();
                await this.#once(() => { [wait] = waits; });
            } catch (error) {
                if (this.isOver || !this.#mayResume(error)) {
                    if (this.#isCancelled) this.#finish('cancelled', this.#remains);
                    else this.#finish('failed', error.message);
                    return;
                }
                this.#set('interrupted', `${error.message} Trying again in ${(wait / 1000).toFixed(1)} s.`);
                await this.#pause(wait);
                wait = Math.min(wait * 2, waits[1]);
            }
        }
    }

    /** Gives up, and removes what was stored, if all of it was uploaded here. */
    async cancel() {
        if (this.isOver) return;
        this.#isCancelled = true;
        const connection = this.#connection;
        if (connection?.isOpen) {
            if (!this.#isContinued) this.#removal = this.#abort(connection);
            await this.#removal;
            connection.close();
        }
        this.#wake();
    }

    #abort(connection) {
        const removed = connection.request({ type: 'ABORT', streamId: this.streamId })
            .then(() => { this.#hasBegun = false; }, () => {});
        // A network that is dead answers nothing.
        return Promise.race([removed, new Promise((resolve) => { setTimeout(resolve, patience); })]);
    }

    get #remains() {
        return this.#hasBegun ? 'What was stored stays, suspended, until it is deleted.' : '';
    }

    async #once(onProgress) {
        const connection = await Connection.open();
        if (this.#isCancelled) {
            connection.close();
            throw new ConnectionLost();
        }
        this.#connection = connection;
        this.#failure = null;
        connection.onmessage = (message) => this.#told(message, onProgress);
        connection.onclose = () => this.#wake();
        try {
            const offset = await this.#begin(connection);
            if (offset === null) return;
            await this.#sendFrom(offset, connection);
            this.#set('finishing', '');
            const answer = await connection.request({
                type: 'STOP', streamId: this.streamId, sha256: (this.sha256 ??= this.#digest.hex()),
            });
            this.#sealed(answer);
        } finally {
            await this.#removal;
            connection.close();
        }
    }

    /** Opens the stream; answers with where to begin, or with null where it turns out to be complete. */
    async #begin(connection) {
        if (this.#isStranger) await this.#compare(connection);
        for (;;) {
            const message = { type: 'START', streamId: this.streamId, ackEvery, ...this.#start };
            if (this.#hasBegun) message.resume = true;
            else if (this.size !== undefined) message.size = this.size;
            try {
                const { offset } = await connection.request(message);
                this.#hasBegun = true;
                this.stored = offset;
                this.#measured = { at: performance.now(), stored: offset };
                this.#set('sending', '');
                return offset;
            } catch (error) {
                if (!(error instanceof GatewayError) || error.code !== 'stream_exists') throw error;
                if (!this.#hasBegun) {
                    this.streamId = anotherId(this.streamId);
                    continue;
                }
                // Sealed: the answer to STOP was lost with the connection.
                this.#sealed(await connection.request({ type: 'INFO', streamId: this.streamId }));
                return null;
            }
        }
    }

    /** What is stored is to be the source's beginning: other bytes after it would spoil it for good. */
    async #compare(connection) {
        const { state, size } = await connection.request({ type: 'INFO', streamId: this.streamId });
        if (state !== 'suspended') throw new Error(`The stream is ${state}; only a suspended one is gone on with.`);
        const [beginning, end] = compared;
        for (let at = 0; at < size; at = at < beginning ? Math.max(beginning, size - end) : at + frameLength) {
            const stored = await connection.read(this.streamId, at, Math.min(frameLength, size - at));
            const mine = await this.#source.read(at, stored.length);
            if (mine?.length !== stored.length || mine.some((byte, index) => byte !== stored[index])) {
                throw new Error('This file does not begin with what is stored, so it was not sent.');
            }
        }
        this.#isStranger = false;
    }

    async #sendFrom(start, connection) {
        // After a resumption the gateway may be behind what was digested here, or ahead of it.
        await this.#digestUpTo(start);
        for (let offset = start; ;) {
            const bytes = await this.#source.read(offset, frameLength);
            if (bytes === null) return;
            while (connection.backlog > mostUnsent && connection.isOpen && !this.#isCancelled) await this.#pause(20);
            if (this.#isCancelled) throw new ConnectionLost();
            if (this.#failure !== null) throw this.#failure;
            if (offset + bytes.length > this.#digest.length) this.#digest.update(bytes.subarray(this.#digest.length - offset));
            connection.send(bytes);
            offset += bytes.length;
            this.sent = offset;
        }
    }

    async #digestUpTo(end) {
        while (this.#digest.length < end) {
            const bytes = await this.#source.read(this.#digest.length, Math.min(frameLength, end - this.#digest.length));
            if (bytes === null) throw new Error('The stream at the gateway is longer than what is uploaded here.');
            this.#digest.update(bytes);
        }
    }

    #told(message, onProgress) {
        if (message.type === 'ACK') {
            this.stored = message.offset;
            // What a power cut could take back may be asked for once more.
            this.#source.forget(message.durableOffset ?? message.offset);
            onProgress();
            this.#measure();
            this.onchange();
        } else if (message.type === 'ERROR') {
            this.#failure = new GatewayError(message);
            this.#wake();
        }
    }

    #measure() {
        const now = performance.now();
        if (now - this.#measured.at < 300) return;
        this.rate = ((this.stored - this.#measured.stored) * 1000) / (now - this.#measured.at);
        this.#measured = { at: now, stored: this.stored };
    }

    #sealed({ size, sha256 }) {
        const mine = (this.sha256 ??= this.#digest.hex());
        this.stored = size;
        if (size !== this.#digest.length || (sha256 !== undefined && sha256 !== mine)) {
            this.#finish('failed', `The gateway has ${size} bytes with the SHA-256 ${sha256}, which is not what was sent.`);
        } else {
            const isCompared = sha256 !== undefined;
            this.#finish('sealed', isCompared ? 'Stored, and the digest is the same.' : 'Stored; this gateway keeps no digests.');
        }
    }

    /** A broken connection, a gateway that goes down, and what is said to be worth trying again. */
    #mayResume(error) {
        if (this.#isCancelled) return false;
        if (error instanceof GatewayError) return error.isRetryable || error.code === 'shutting_down';
        return error instanceof ConnectionLost;
    }

    #pause(milliseconds) {
        return new Promise((resolve) => {
            const timer = setTimeout(resolve, milliseconds);
            this.#wake = () => {
                clearTimeout(timer);
                resolve();
            };
        });
    }

    #set(state, note) {
        this.state = state;
        this.note = note;
        this.onchange();
    }

    #finish(state, note) {
        this.#connection = null;
        this.#set(state, note);
    }
}

/** An id of the protocol's grammar, from a file's name. */
export function idFrom(name) {
    const plain = name.normalize('NFKD').replace(/[^A-Za-z0-9._-]+/g, '-').replace(/\.{2,}/g, '.').replace(/^[.-]+/, '');
    return plain === '' ? 'upload' : plain.slice(0, 100);
}

/** `hello-k3x9q2.mp3` for `hello.mp3`, and something else every time. */
function anotherId(id) {
    const dot = id.lastIndexOf('.');
    const [stem, extension] = dot > 0 ? [id.slice(0, dot), id.slice(dot)] : [id, ''];
    const random = crypto.getRandomValues(new Uint32Array(1))[0].toString(36).padStart(6, '0').slice(-6);
    return `${stem.replace(/-[0-9a-z]{6}$/, '')}-${random}${extension}`;
}
